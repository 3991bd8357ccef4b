"""Words that people use when they speak of the same thing: fields, much looser than the near-synonyms.

"Hog", "swamp" and "dominate" share a field, so do "sick", "severe" and "prognosis". A field tells what is spoken of,
never which way: "rich" and "poor" may share one. So it may only hint at the one key point of a card that speaks of that thing
(`leaning.py`); it never makes a phrase, a denial or a red flag.
"""

from __future__ import annotations

from collections import defaultdict

from deckwright.study.words import stem_of

# Fields end with a semicolon; a word may stand in several.
FIELDS = """
afford budget money cost expensive pricey bill spend pay cheap price dollar euro;
money revenue income earnings profit sales turnover cash margin;
salary income earner wage pay rich poor wealthy affluent;
customer client buyer shopper consumer user subscriber visitor;
company firm business organisation employer enterprise corporate;
worker employee staff engineer developer colleague teammate;
boss manager lead supervisor director executive leadership;
stakeholder sponsor management product executive requester; interviewer recruiter panel hire candidate;
blame excuse finger scapegoat accuse fault; responsible accountable ownership own myself admit;
honest truthful candid open admit bluff pretend lie fake; humble modest admit;
assume estimate suppose hunch speculate ballpark hypothesis conjecture;
check verify confirm validate test inspect audit sanity probe look;
investigate debug diagnose trace dig root analyse explore;
alarm alert page pager notify notification wake ping oncall;
monitor watch track observe dashboard telemetry log metric;
act action respond intervene react fix remedy mitigate lever;
incident outage downtime failure crash breakage down postmortem;
postmortem retrospective review lesson learned;
prevent avoid guard safeguard guardrail block stop gate protect; recur recurrence again repeat reoccur;
urgent immediately instantly now pressing asap;
wait later defer postpone tomorrow morning queue hold patience;
deadline timeout cutoff limit budget latency due;
slow latency lag delay sluggish bottleneck seconds wait tail;
fast quick speedy snappy instant milliseconds rapid;
server machine box node host instance replica worker pod;
cluster distributed sharded nodes replicas partition;
database db table store storage disk postgres sql warehouse; cache redis memcached memory memoize;
memory ram gb gigabyte oom heap; storage disk persistent durable saved;
queue kafka broker message buffer backlog topic rabbitmq; stream realtime live online event;
batch nightly cron scheduled offline daily job;
concurrent parallel simultaneous thread async together race; lock mutex semaphore exclusive single atomic;
transaction atomic commit rollback tx; duplicate twice double repeat again copy dedupe idempotent;
idempotent duplicate once retry repeat; key id identifier token uuid hash;
unique distinct single own separate; retry resend repeat attempt again;
expire ttl stale old outdated invalidate evict gone; fresh recent current latest updated new;
fallback default backup substitute plan degrade last;
fail failure break crash die dead down gone unavailable;
survive recover resilient tolerate robust continue; allow permit accept admit through open;
deny reject block refuse forbid throttle closed; throttle limit rate quota cap bucket;
burst spike surge peak rush flood stampede herd; scale grow expand capacity horizontal add;
load traffic requests volume qps; gradual canary rollout staged ramp percent stepwise;
rollback revert undo restore previous; release deploy launch ship live serve rollout;
version release build revision; experiment test trial ab split;
control baseline comparison placebo holdout untreated; treatment intervention exposed variant drug;
randomise assign lottery coin; confounder lurking third common background driver;
cause causal lead drive effect because reason; correlation association related linked together dependent;
selection biased skewed unrepresentative nonrandom self survivor;
representative fair typical unbiased picture population;
sick ill severe serious bad prognosis disease patient; severe serious grave extreme harsh bad heavy;
patient person case subject individual;
group subgroup segment stratum strata stratify cohort bucket category; within inside same each;
compare comparison versus against contrast relative; pool aggregate combined overall total whole;
chance luck random coincidence accident fluke noise; probability chance odds likelihood risk percent;
prior belief beforehand plausible base; posterior updated belief after; null h0 effect;
extreme unusual surprising rare wild weird big tail outlying; significant p alpha;
rare seldom uncommon infrequent scarce few minority imbalance;
common frequent usual prevalent majority typical; prevalence base rate frequency mix share proportion;
class label category target; fraction share percentage proportion percent ratio part;
uncertain unsure doubt confidence error interval; interval range band bounds width;
wide broad loose spread; narrow tight smaller shrink; mean average expectation centre;
median middle half 50th quantile percentile; outlier extreme anomalous crazy weird unusual odd abnormal;
skew tail lopsided asymmetric heavy;
variance spread scatter fluctuate variability wobble jump jumpy unstable vary noisy jitter;
stable steady constant robust consistent; bias systematic offset skew off;
biased skewed tilted unfair distorted slanted; fair equal equitable balanced;
error mistake wrong residual loss miss; residual error leftover remaining mistake;
loss objective cost penalty; penalise punish penalty fine discourage; overfit memorise overlearn noise;
underfit simple bias rigid; generalise unseen new transfer; unseen new novel fresh heldout future;
leak leakage sneak peek contaminate future cheat spill; future later tomorrow after afterwards ahead;
past history historical previous earlier before; know available knowable seen;
hidden unknown unobserved latent missing; missing blank null gap empty absent nan unknown hole;
impute fill replace estimate substitute; indicator flag marker column mark bucket;
drop remove discard delete throw exclude omit lose skip; keep retain preserve stay hold survive;
sample subset draw data rows; row record observation example sample case instance;
feature column variable input predictor attribute field;
important relevant matter signal key informative predictive top; irrelevant useless noise junk unimportant;
importance attribution shap contribution ablation; train learn fit; tune hyperparameter search optimise;
split fold partition holdout divide separate; validation holdout heldout dev val;
test evaluation benchmark assess; label annotate tag ground truth; truth actual real correct ground true;
human person people manual reviewer annotator expert; review moderator human manual;
automatic automated auto machine; remove takedown delete ban block;
harm damage hurt danger injury suffer victim; fraud fraudulent scam dispute chargeback stolen;
legit legitimate honest genuine good innocent; spam junk unwanted abuse;
threshold cutoff limit bar cut level; strict cautious certain sure high conservative;
lenient loose low lax permissive generous; catch detect find flag discover identify spot;
miss overlook escape undetected slip; precision purity wrongly false;
recall coverage sensitivity catch miss; alarm false positive;
calibrate probability trustworthy reliable literal;
recalibrate adjust correct platt isotonic shift rescale; rank order sort above;
score prediction output probability; confident sure certain overconfident;
multiply product times factor scale; add sum addition plus total accumulate;
subtract minus difference less; divide ratio normalise over; square quadratic power;
exponential doubling geometric; linear straight proportional line; logarithm log;
vanish shrink fade decay die disappear zero; explode blow diverge huge infinite inf overflow nan;
saturate flat plateau level peaked; dominate swamp overwhelm hog control drown decide govern;
ignore neglect disregard overlook unaffected; count tally number total;
round circle circular spherical sphere ball blob; shape form geometry elongated cigar ellipse;
cluster group blob centroid segment; centre centroid middle mean;
distance euclidean far close metric apart; near close nearby adjacent neighbouring similar related;
similar alike resemble comparable related analogous; different distinct other unlike vary;
opposite contrary reverse inverse; scale unit range magnitude size standardise normalise;
standardise normalise scale rescale zscore; unit measurement cm metre kg;
dimension axis direction coordinate component; project map reduce; matrix array tensor table grid;
intermediate temporary temp buffer; copy duplicate materialise allocate; vectorise loop python numpy;
index lookup position slot bucket address; search lookup find scan; tree branch node leaf split;
forest bagging ensemble trees; ensemble combine average committee vote; vote majority poll;
boost sequential successive correct; bootstrap resample replacement; depend rely hinge count lean;
independent separate unrelated uncorrelated; correlated dependent related together alike;
gradient derivative slope descent backprop; step learning update move; converge settle minimum reach;
minimum optimum valley bottom lowest; start initial seed init begin; initialisation seed start random;
layer depth deep stacked; unit neuron node hidden; weight coefficient parameter;
activation output nonlinearity relu; dropout drop mask zero off thinned;
regularise shrink penalty constrain; constrain restrict bound limit;
shortcut skip residual connection highway; attention weight focus attend; query key value;
token word subword piece; embedding vector representation encode; sequence text sentence series;
context window surrounding; parallelise simultaneous gpu once; recurrent rnn lstm sequential step;
memory state cell remember; forget lose fade; pretrain transfer foundation bert gpt masked;
finetune adapt specialise; hallucinate invent fabricate; retrieve fetch search lookup ann candidates;
candidate shortlist few hundred retrieval; relevant useful appropriate; recommend suggestion;
click engagement watch interact tap; engagement clicks attention watch;
satisfaction happy retention longterm; popular trending hit; diverse variety varied; explore new bandit;
exploit best known; position rank slot top; impression shown exposure display view;
ad advertiser auction bid campaign; bid auction price; conversion purchase sale buy;
churn leave cancel quit unsubscribe; retain stay loyal; cold new start;
seasonal holiday weekday christmas weekly; trend drift shift change evolve moving;
drift shift change distribution moved different; stationary constant unchanged stable;
forecast predict horizon future; lag delay past previous; refresh update retrain renew recompute rebuild;
recompute recalculate rebuild refresh regenerate; monitoring drift alert; feedback loop self reinforcing;
proxy surrogate standin; metric measure kpi number; goal objective aim target purpose;
guardrail constraint safety; simple basic easy plain baseline minimal;
complex complicated flexible fancy heavy big; baseline dummy simple benchmark;
explain interpret understand reason why; transparent interpretable explainable;
blackbox opaque uninterpretable; trust credible confidence;
evidence proof data number show prove measured result; result outcome impact effect number;
quantify number measure metric figure; impact effect influence result difference;
decide decision choose choice pick; tradeoff balance compromise versus price;
priority prioritise important first order; scope cut reduce smaller; negotiate push discuss agree;
disagree argue conflict object dispute; listen hear understand ask; ask question clarify clarification;
agree align consensus commit; convince persuade evidence argue; conclusion outcome end result;
story example situation anecdote experience; specific concrete detail precise particular;
vague general abstract handwavy; learn lesson improve grow study read;
learn study read course paper docs tutorial; improve better gain increase lift;
worsen worse hurt degrade drop; increase rise grow more up bigger higher;
decrease fall drop less down smaller lower; large big huge giant enormous many;
small tiny little few minor; first before initially beginning; last final end; once single only;
always every forever constantly; always guarantee certain surely; sometimes occasionally;
often frequently usually mostly; enough sufficient plenty adequate; missing shortage insufficient few;
excessive over; exact precise accurate; approximate rough estimate; share common joint mutual global;
local separate own individual; central global shared common single;
client app caller frontend phone browser; request call query api;
response answer reply result receipt return; send deliver transmit post; receive obtain;
store save record persist write remember keep; read load fetch; write save insert; delete purge erase;
encrypt secure protect private; privacy personal sensitive pii; permission access consent;
law legal regulation gdpr compliance; policy rule guideline; attack malicious adversary abuse hacker;
infinite endless unbounded; window sliding rolling period interval; minute second hour time;
time moment timestamp date when; day daily week month; function method procedure call;
object instance mutable reference; list array collection; argument parameter input; define definition def;
evaluate compute execute run; error exception raise; type class kind;
precision rounding float decimal binary; binary bit two base; equal same identical match;
tolerance epsilon close approximately; overflow underflow limit; recursion base;
complexity linear constant time; collision clash same; start begin kick initiate first launch;
finish end complete conclude wrap; continue proceed carry go resume keep; pause halt stop freeze suspend;
try attempt effort experiment; plan roadmap schedule strategy; step stage phase round iteration;
order sequence succession chain series; repeat iterate cycle loop again;
swap switch exchange trade replace flip interchange; replace substitute swap instead;
mix blend combine merge mixture; join merge combine connect link attach; split separate cut divide break;
choose select pick prefer favour opt; need require want demand must necessary; want wish desire request;
help support assist aid; hurt harm damage worse; solve fix resolve repair cure remedy;
problem issue trouble difficulty challenge bug; bug defect fault mistake error;
reason cause why because explanation motive; explain describe tell clarify teach walk;
show display reveal demonstrate present visible; hide mask conceal cover obscure invisible;
see look view observe watch notice; consider reckon suppose; understand grasp know comprehend realise;
remember recall memory memorise; forget ignore drop lose; teach teacher train coach mentor instruct;
know familiar experience expertise knowledge; tell say report inform communicate mention;
write document note record log; talk speak discuss conversation chat meeting; meeting call sync discussion;
email mail message letter; promise commit guarantee contract; agree deal contract accept offer;
offer propose suggest; sign signature written paper; spoken oral verbal handshake word;
law legal court judge enforce binding; crime criminal guilty theft steal; pay payment charge bill fee;
refund return money back; trade exchange market sell buy; supply offer produce available;
demand want buy need; tax duty levy tariff; inflation price rise; debt loan credit borrow lend owe;
bank credit loan money; insurance risk cover premium; risk danger hazard threat;
safe safety secure protect; threat attack danger; win success succeed gain victory; lose loss fail defeat;
compete rival competitor competition; team group together colleagues; alone single solo individual self;
self own; other another different else; same identical unchanged equal; exact identical precisely;
change alter differ vary modify shift; move shift travel go transfer; push force drive press pressure;
pull attract draw drag tug; force pressure power strength; strong powerful intense heavy;
weak feeble faint soft; heavy weight mass big expensive; light weightless small cheap;
hot heat warm temperature; cold cool freeze ice; heat warm thermal temperature energy; energy power fuel;
light sun ray shine bright; water liquid fluid wet rain; ice freeze frozen solid; gas air oxygen;
air atmosphere wind gas; earth planet ground soil; moon orbit planet; tilt angle lean slope axis;
season summer winter; plant leaf tree crop; animal species creature; species population breed evolve;
survive live persist last; die death dead kill; kill destroy wipe eliminate;
born birth reproduce breed offspring; gene dna inherit mutation; mutation change variant random;
resist immune survive; immune antibody defend vaccine; vaccine shot jab inject immune;
virus germ infection; infection disease spread; spread contagious transmit infect; heart blood pump;
blood vessel flow; brain nerve neuron; muscle move force; bone skeleton; food eat diet nutrition;
sugar glucose sweet; protein enzyme molecule; enzyme catalyst reaction protein; reaction react chemical;
molecule atom particle; bind attach stick; fit match suit; key lock fit; acid ph sour; salt sodium;
float density buoyant; dense density heavy packed; speed velocity fast rate; accelerate speed faster;
wave oscillate frequency; sound noise loud hear; colour red blue light; war battle fight conflict;
government state country nation; vote election ballot; king queen ruler; power control authority;
control govern steer regulate; revolution revolt uprise; free freedom independent liberty;
poor poverty hunger; rich wealth money; city town urban; worker labour factory; machine engine device;
tool instrument utility; device phone machine sensor; sensor measure device reading;
measure reading gauge record; count number many total; number figure amount quantity value;
amount quantity volume much; half 50 middle two; double twice two 2x; quarter 25 fourth; third three 33;
tenth 10; whole full complete entire all total; part piece portion section component bit;
piece chunk part fragment slice; chunk piece block split; extra additional more spare another surplus;
spare extra reserve free unused; unused idle spare wasted; waste useless lost; useful valuable worth;
useless worthless meaningless pointless; meaning interpretation sense; sense meaning logic;
nonsense meaningless senseless; correct right true accurate proper; wrong false incorrect mistaken;
true real actual fact; false fake wrong untrue; real actual true genuine production;
fake synthetic artificial simulated generated; simulate synthetic mimic pretend;
imitate mimic copy simulate; copy clone replica duplicate mirror; original source first;
source origin upstream input; upstream source producer provider; downstream consumer later next;
producer publisher sender writer; consumer subscriber reader receiver; reader consumer read;
writer author producer; input feed enter given; output produce result emit;
produce generate create make yield; create make build construct new; build construct assemble make;
design architecture structure plan; structure layout organisation form;
schema contract structure type column; contract schema agreement interface; interface api contract;
rule condition criterion constraint; condition requirement given; given assuming condition;
assume suppose imagine pretend given; imagine picture suppose; world reality real;
case situation scenario circumstance; situation context circumstance; context background situation;
background context history; history past log record; event action occurrence happen; happen occur event;
occur happen arise appear; appear show arise emerge; arise emerge come; disappear gone vanish;
present available exist; available accessible ready exist; prepare ready setup; setup configure install;
configure setting parameter option; option choice alternative possibility;
alternative other option instead; impossible infeasible; feasible practical possible doable;
practical realistic feasible; theory theoretical formal; formal mathematical proof; proof derive evidence;
derive compute obtain; formula equation expression; equation formula solve; solve equation solution closed;
closed analytic exact; iterative repeated step loop; random stochastic sampled noisy;
deterministic fixed reproducible same; reproduce repeat seed same; seed fixed reproducible random;
version git commit tracking; track record log version follow; follow obey comply; obey follow respect;
ignore bypass skip; skip jump omit pass; pass through forward give; forward pass send;
backward reverse back; reverse backward opposite invert flip; sign positive negative plus minus;
negative minus below; positive plus above; above over higher exceed; below under lower beneath;
exceed over above beyond; beyond outside past; outside external out beyond; inside internal within;
edge border boundary margin limit; boundary border line separate; margin gap distance slack;
gap difference distance space; difference gap change delta; space room area region; area region space zone;
region area country place; place location position site spot; location place geography address;
country region market nation; language english word translate; translate language convert;
convert transform turn change; transform map convert function; map projection transform;
function relation mapping; relation relationship connection link; link connection tie;
network graph connection net; graph network node edge; path route way trace; route path direct;
direct straight immediate; indirect through roundabout; side effect consequence;
consequence result effect outcome; effect impact consequence influence; cost downside price disadvantage;
benefit advantage gain upside value; advantage benefit plus better;
disadvantage drawback downside cost weakness; weakness flaw limitation drawback;
limitation restriction weakness; strength advantage strong; quality good standard;
standard norm usual convention; norm magnitude length size; length size long norm; short brief small quick;
long lengthy extended; shallow flat; flat level constant; steep sharp slope;
sharp peaked narrow spiky steep; smooth gradual soft continuous; continuous smooth real numeric;
discrete categorical integer step; categorical category discrete level; category class type group bucket;
numeric number continuous value; integer whole number; text string word document;
image picture photo pixel; video movie film; audio sound speech; speech voice audio spoken;
user person member people customer; person human somebody individual; child kid minor young;
young age child; old age stale previous; age year old; gender sex men women male female;
race ethnic group protected; protected sensitive fairness; fairness bias equal discrimination;
discrimination unfair bias; team people staff; manual hand human; automate automatic script pipeline;
script code program; code program software implementation; pipeline workflow job process;
process procedure workflow; workflow process steps; task job work problem; work function run operate;
run execute operate; idle wait sleep; busy load overload full; overload busy flood overwhelmed;
full complete saturated; few handful little; several many multiple; many lots most numerous;
most majority mainly largest; least minimum smallest; best optimum top ideal; worst bottom bad;
top best first head; bottom last lowest tail; head top front; tail end rare extreme; front first head;
back return behind; behind late after; ahead before early advance; early soon before; late delayed after;
soon quickly early; now current today present; tomorrow next future; next following after;
previous last former earlier; same constant equal; everyone everybody all people; anyone anybody;
everywhere global; nearby local near; far distant; remote distant network;
network remote connection traffic; connection network link; packet message data; data information record;
information data knowledge content; content information text; summary aggregate digest brief;
detail specific information; report document dashboard; dashboard chart plot report;
chart plot graph figure; plot chart draw curve; curve line plot; straight direct line; corner edge kink;
diamond corner square; square box second; box square container; container docker image;
bucket bin container; bin bucket histogram interval; histogram distribution bins;
distribution spread shape; shape curve; normal gaussian bell; uniform equal flat; poisson count rate;
binomial coin count; coin toss flip heads tails; dice roll; card deck draw; draw sample pick;
replacement repeated; bayes posterior prior; likelihood probability data fit; evidence data marginal;
entropy information uncertainty disorder; information bits entropy; surprise unlikely information;
kl divergence distance; divergence distance difference; cosine angle similarity direction;
similarity cosine closeness distance; neighbour near nearest closest; vote neighbour majority;
kernel similarity function; margin boundary svm; support vector margin; hyperplane boundary line;
logit log odds score; odds ratio probability; sigmoid logistic squash;
softmax normalise probability exponential; temperature sharp softmax random; relu activation positive;
convolution filter kernel local; filter kernel pattern; pooling aggregate max; stride step; padding zero;
batch group chunk mini; epoch pass round; learning rate step; momentum velocity average;
adam adaptive optimiser; optimiser descent adam sgd; schedule decay warmup; warmup slow start;
clip cap limit bound; checkpoint save snapshot; snapshot copy state moment; gpu hardware accelerator;
hardware chip gpu machine; quantise precision compress bits; compress smaller shrink quantise distil;
distil teacher student compress; prune remove sparse cut; sparse zero few empty; dense full;
latency delay response time; throughput volume rate requests; percentile p99 p95 tail quantile;
availability uptime; consistency agree same; eventual later lag; replica copy follower;
leader primary master; primary main leader key; shard partition key split; index lookup pointer;
join combine key table; table row column; row record line; aggregate group sum;
window partition over frame; filter where condition; duplicate repeated rows; subquery nested; view table;
query question request; question ask query; reply answer respond; feedback response signal comment;
comment opinion feedback review; opinion view belief; criticism feedback complain; praise credit thank;
credit praise recognition share; thank grateful; sorry apologise; admit own acknowledge;
acknowledge admit accept; accept agree admit take; reject deny refuse decline; decline fall refuse;
promote raise; career job growth; growth increase; motivate excite interest; interest curious excite;
curious curiosity learn interest; passion love enjoy; pressure stress deadline; conflict clash tension;
compromise middle tradeoff; delegate assign hand; assign allocate give; allocate assign budget;
prioritise rank first; focus concentrate attention
"""


def _by_stem() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for number, field in enumerate(FIELDS.split(";")):
        for word in field.split():
            # No stem begins with a digit and a colon, so that a field's name is never a word.
            found[stem_of(word)].add(f"{number}:")
    return {stem: frozenset(names) for stem, names in found.items()}


_FIELDS_OF = _by_stem()


def fields_of(stem: str) -> frozenset[str]:
    """The names of the fields that a stem belongs to."""
    return _FIELDS_OF.get(stem, frozenset())
