// The page, put together: what the server tells is drawn where it changed, what people do is sent.
import { byId, say, walkWithArrows } from "./dom.js";
import { act, listen } from "./wire.js";
import { refreshTimes, useZone, written } from "./markdown.js";
import { keep, kept } from "./keeping.js";
import { buttons, channel, channels, clock, entries, forgetMessages, messages, names, now, part, people, take, view } from "./told.js";
import { makeLog, shownIn } from "./log.js";
import { drawChannels, drawHead, drawPeople } from "./places.js";
import { makeClock } from "./clock.js";
import { lost, shut } from "./frame.js";
import { openForm, openPins } from "./dialogs.js";
import { composer } from "./composer.js";
import { showDecks, showEntries } from "./behind.js";
import { tour } from "./tour.js";

const TOUCH = window.matchMedia("(pointer: coarse)");

// ---------------------------------------------------------------- hearing

function hear(patch, fresh) {
  const kinds = take(patch, fresh), any = (...some) => some.some((each) => kinds.has(each));
  if (view.person === "owner") { view.person = (people().find((each) => each.owner) || { id: "owner" }).id; }
  if (!channel()) { view.channel = (channels()[0] || { id: "" }).id; log.begin(); }
  if (any("group", "people", "names")) { drawPeople(be); }
  if (any("decks")) { showDecks(part("decks", [])); }
  const moved = any("clock") && useZone(clock().zone);
  if (any("clock")) { watch.draw(); }
  if (any("b", "group", "clock")) { showEntries(entries(), part("group", { rules: {} }).rules, now()); }
  if (moved || any("m", "names", "channels")) { drawHere(moved || any("names")); }
  if (any("steps")) { progress(); }
  refreshTimes(document, now());
}

function drawHere(renamed = false) {
  drawHead();
  if (channel()) { line.place(channel()); }
  if (renamed) { log.redraw(); } else { log.draw(); }
  drawChannels();
}

// ---------------------------------------------------------------- who and where

function watchAs(id) {
  view.person = id;
  forgetMessages();
  log.begin();
  listen(id, hear, lost);
}

function be(one) {
  keep("person", one.id);
  watchAs(one.id);
  steps.looked(one);
  say(`You are ${one.name}`);
}

function enter(id, messageId = null) {
  if (!channel(id)) { refuse("You do not have access to that channel."); return; }
  refuse("");
  if (id !== view.channel) {
    view.channel = id;
    keep("channel", id);
    log.begin();
    drawHere();
  }
  shut("channels");
  if (messageId) { if (!log.show(messageId)) { refuse("That message is not shown here."); } }
  // Where a keyboard would rise over half of the screen, nobody has asked for it yet.
  else { byId(TOUCH.matches ? "channel-name" : "write").focus(); }
}

function refuse(words) { byId("refused").textContent = words; }

// ---------------------------------------------------------------- doing

async function doing(what) {
  const answer = await act(view.person, what);
  came(answer);
  return answer;
}

function came(answer, command = null) {
  if (answer.form) {
    const form = answer.form, whose = view.person, first = !part("steps", {})["set-up"];
    openForm(form, names(), now(), async (fields) => {
      const told = await act(whose, { do: "submit", form: form.name, fields });
      if (!told.refused) { came(told); }
      if (!told.refused && first) { log.keepQuestion(); }
      return told;
    });
  }
  if (command && /^(streak show|leaderboard)$/.test(command.name)) { steps.did("stood"); }
}

// ---------------------------------------------------------------- the tour

function progress() {
  const done = part("steps", {});
  document.body.classList.toggle("begun", Boolean(done["set-up"]));
  for (const each of ["set-up", "answered", "closed"]) { if (done[each]) { steps.did(each); } }
}

// Whom the tour makes of one, to see that a result is not there for others.
const another = () => people().find((each) => each.id !== view.person && !each.owner) || { id: "", name: "somebody else" };

async function help(what) {
  if (what === "set-up") { await setUp(); }
  if (what === "looked") { document.querySelector(`#people input[value="${another().id}"]`).click(); }
  if (what === "closed") { await watch.move("close"); }
  if (what === "stood") { line.put("/leaderboard "); }
}

// What a person does who sets the bot up: press its button, fill in its form.
async function setUp() {
  const owner = people().find((each) => each.owner), hello = messages().find((each) => buttons(each, "begin").length);
  if (!owner || !hello) { byId("clock-refused").textContent = owner && owner.id !== view.person ? `${owner.name} sees the button; be ${owner.name}.` : "The bot has not introduced itself yet."; return; }
  const opened = await act(owner.id, { do: "click", channel: hello.channel, message: hello.id, component: buttons(hello, "begin")[0].custom_id });
  if (!opened.form) { byId("clock-refused").textContent = opened.refused || ""; return; }
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "Europe/Berlin";
  log.keepQuestion();
  const told = await act(owner.id, { do: "submit", form: opened.form.name, fields: { channel: [hello.channel], time: "09:00", zone, level: ["medium"] } });
  if (told.refused) { byId("clock-refused").textContent = told.refused; }
}

// ---------------------------------------------------------------- put together

const log = makeLog(doing);
const watch = makeClock({ begin: () => log.toEnd(), closed: () => log.showClosed() });
const line = composer({
  commands: () => { const found = part("commands", { server: [], direct: [] }); return (channel() || {}).kind === "direct" ? found.direct : found.server; },
  names, who: () => (people().find((each) => each.id === view.person) || { name: "you" }).name, channel: () => view.channel, came, send: (what) => { log.forgetQuestion(); return act(view.person, what); },
});
const steps = tour({ help, progress, another: () => another().name, done: () => part("steps", {}) });

byId("show-tour").addEventListener("click", () => steps.toggle());
byId("show-pins").addEventListener("click", () => openPins(
  shownIn(view.channel).filter((each) => each.pinned).reverse()
    .map((each) => ({ id: each.id, title: (each.embeds[0] && each.embeds[0].title) || each.content.slice(0, 60) || "A message", at: written(each.at, "f", now()) })),
  (id) => log.show(id),
));
byId("to-question").addEventListener("click", () => {
  const thread = channel(), asked = messages(thread.parent).find((each) => each.thread === thread.id && each.kind !== "THREAD_CREATED");
  enter(thread.parent, asked ? asked.id : null);
});

// Places in texts, channels in the list: whatever names a channel or a message leads there.
document.addEventListener("click", (event) => {
  const jump = event.target.closest("[data-channel], .jump[data-message]");
  if (jump) { enter(jump.dataset.channel || view.channel, jump.dataset.message || null); }
});
walkWithArrows(byId("log"), () => [...byId("log").querySelectorAll("article")], ["ArrowUp", "ArrowDown"]);
walkWithArrows(byId("channel-list"), () => [...byId("channel-list").querySelectorAll("button")], ["ArrowUp", "ArrowDown"]);
window.setInterval(() => { watch.tick(); refreshTimes(document, now()); }, 1000);

view.channel = kept("channel", "");
watchAs(kept("person", "owner"));
