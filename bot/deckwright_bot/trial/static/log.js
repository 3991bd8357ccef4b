// The messages of a channel: drawn where they changed, and scrolled for new ones only.
import { arrange, byId, element } from "./dom.js";
import { inParts, written } from "./markdown.js";
import { lockButtons, message } from "./messages.js";
import { asks, buttons, channel, clock, colour, messages, names, now, part, view } from "./told.js";

const log = byId("log");
const NEAR = 40, END = { end: true };
const drawn = new Map(), dismissed = new Set(), known = new Set(), waiting = new Set();

// Where the page keeps the view: at the end, at a message, or (null) wherever its reader has scrolled to.
let aim = END, asked = false;
// A private message whose button was pressed: what comes of it is often the same message, changed.
let pressed = "";
let own = { top: 0, height: 0, whole: 0 };

export const shownIn = (id) => messages(id).filter((each) => !dismissed.has(each.id));

// `act` does what a button is for; see app.js.
export function makeLog(act) {
  const about = {
    get names() { return names(); },
    get person() { return view.person; },
    get bot() { return part("group", { bot: { id: "" } }).bot.id; },
    now, colour,
    dismiss(shown) { dismissed.add(shown.id); draw(); byId("write").focus(); },
    // One click at a time: while a message's button waits, its others do nothing.
    async act(button, shown, what) {
      if (waiting.has(shown.id)) { return; }
      waiting.add(shown.id);
      asked = false;
      pressed = shown.private ? shown.id : "";
      refuse(shown.id, "");
      lockButtons(byId(`m-${shown.id}`), button);
      const answer = await act(what);
      waiting.delete(shown.id);
      lockButtons(byId(`m-${shown.id}`), null);
      if (answer.refused) { refuse(shown.id, answer.refused); }
    },
  };

  function refuse(id, words) {
    const place = document.querySelector(`[data-refused="${id}"]`);
    if (place) { place.textContent = words; }
  }

  function node(key, text, make) {
    const before = drawn.get(key);
    if (before && before.text === text) { return before.node; }
    const made = make();
    drawn.set(key, { text, node: made });
    for (const image of made.querySelectorAll("img")) { image.addEventListener("load", settle); }
    return made;
  }

  function nodes(shown) {
    const found = [];
    let day = "";
    for (const each of shown) {
      const date = written(each.at, "D", now()), weekday = inParts(each.at, { weekday: "long" });
      if (date !== day) {
        found.push(node(`day:${view.channel}:${date}`, date, () => element("p", { class: "day" }, [element("span", { text: `${weekday} ${date}` })])));
        day = date;
      }
      found.push(node(each.id, JSON.stringify(each), () => message(each, about)));
      if (waiting.has(each.id)) { lockButtons(found[found.length - 1], null, true); }
    }
    return found.length ? found : [node(`empty:${view.channel}`, "", () => element("p", { class: "empty", text: "Nothing here yet." }))];
  }

  function draw() {
    if (!channel()) { return; }
    const shown = shownIn(view.channel), begun = known.size > 0, atEnd = isAtEnd(), anchor = topmost(), back = focusInside();
    const fresh = shown.filter((each) => !each.thinking && !known.has(each.id));
    // What the bot has thought about for long stands further up: it takes nobody away from what came last.
    const below = fresh.filter((each) => shown.indexOf(each) > shown.findLastIndex((other) => known.has(other.id)));
    const answer = shown.find((each) => each.id === pressed && drawn.has(pressed) && drawn.get(pressed).text !== JSON.stringify(each));
    arrange(log, nodes(shown));
    giveBack(back);
    if (answer) { aim = { id: pressed }; pressed = ""; }
    for (const each of shown) { if (!each.thinking) { known.add(each.id); } }
    byId("show-pins").hidden = !shown.some((each) => each.pinned);
    if (begun && (fresh.some(mine) || (fresh.length && atEnd))) { follow(below.length ? below : fresh); }
    else if (aim) { settle(); }
    else { hold(anchor); }
  }

  return {
    draw,
    // Names changed, so every message may read differently.
    redraw() { drawn.clear(); draw(); },
    // Another channel, or somebody else's eyes: begin at the end.
    begin() { known.clear(); aim = END; asked = false; log.replaceChildren(); },
    // Whoever lets time pass wants to see what comes.
    toEnd() { aim = END; asked = false; settle(); },
    // Keep the answer buttons in view that setting up brings, whatever else is told about it.
    keepQuestion() { asked = true; settle(); },
    forgetQuestion() { asked = false; },
    // A message by its id; false where it is not shown.
    show(id) {
      const found = byId(`m-${id}`);
      if (!found) { return false; }
      aim = null;
      put(found.offsetTop - Math.max(6, (log.clientHeight - found.offsetHeight) / 2));
      found.focus({ preventScroll: true });
      return true;
    },
    // The newest question that is closed: after a move to the close it is what one wants to see.
    showClosed() {
      const found = shownIn(view.channel).filter((each) => !each.private && buttons(each, "mine").length && !asks(each)).pop();
      if (found) { aim = { id: found.id, top: true }; settle(); }
    },
  };
}

// ---------------------------------------------------------------- where the view is

const mine = (each) => each.private || each.author === view.person || Boolean(each.used && each.used.who === view.person);
const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;

function put(top) {
  log.scrollTop = top;
  own = { top: log.scrollTop, height: log.clientHeight, whole: log.scrollHeight };
}

function follow(fresh) {
  const one = fresh.filter(asks).pop() || fresh.find(mine) || (fresh.length === 1 ? fresh[0] : null);
  aim = one && !clock().moving ? { id: one.id } : END;
  settle();
}

// Bring the view where it is to be kept; what is longer than the window is read from its beginning.
function settle() {
  if (!aim) { return; }
  const question = asked ? shownIn(view.channel).filter(asks).pop() : null;
  const found = byId(`m-${question ? question.id : aim.id}`), end = log.scrollHeight - log.clientHeight;
  if (question && found) {
    const rows = found.querySelector(".row");
    const below = found.offsetTop + found.offsetHeight - log.clientHeight;
    put(rows && rows.getBoundingClientRect().top - log.getBoundingClientRect().top + log.scrollTop < end ? below : end);
  } else if (found && (aim.top || found.offsetTop < end)) { put(found.offsetTop - 6); }
  else { put(end); }
}

// The message at the top of the window, and how far from it; whatever changes above it, it stays.
function topmost() {
  const found = [...log.querySelectorAll("article")].find((each) => each.offsetTop + each.offsetHeight > log.scrollTop);
  return found ? { id: found.id, from: log.scrollTop - found.offsetTop } : null;
}

function hold(anchor) {
  const found = anchor && byId(anchor.id);
  if (found) { put(found.offsetTop + anchor.from); }
}

log.addEventListener("scroll", () => {
  if (Math.abs(log.scrollTop - own.top) < 2) { return; }
  // A window that grew, or a text that shrank, pushes the view back to the end, and that is no wish of its reader's.
  const changed = log.clientHeight !== own.height || log.scrollHeight !== own.whole;
  if (aim && changed && log.scrollTop < own.top && log.scrollHeight - log.scrollTop - log.clientHeight < 2) { settle(); return; }
  asked = false;
  pressed = "";
  aim = isAtEnd() ? END : null;
});
new ResizeObserver(settle).observe(log);

// ---------------------------------------------------------------- the focus, where a message is drawn anew

function focusInside() {
  const inside = log.contains(document.activeElement) ? document.activeElement : null, article = inside && inside.closest("article");
  return article ? { inside, id: article.id, component: inside.dataset.component } : null;
}

function giveBack(back) {
  if (!back || back.inside.isConnected) { return; }
  const article = byId(back.id);
  const button = article && back.component ? article.querySelector(`[data-component="${CSS.escape(back.component)}"]:not(:disabled)`) : null;
  if (button || article) { (button || article).focus({ preventScroll: true }); }
}
