// The page: what the server tells is kept in parts, and drawn where it changed.
import { arrange, byId, element, say, walkWithArrows } from "./dom.js";
import { act, listen, time } from "./wire.js";
import { refreshTimes, written } from "./markdown.js";
import { avatar, message } from "./messages.js";
import { openForm, openPins } from "./dialogs.js";
import { composer } from "./composer.js";
import { showDecks, showEntries } from "./behind.js";
import { tour } from "./tour.js";

const parts = new Map();
const drawn = new Map();
const dismissed = new Set();
const seen = new Map();
const entries = new Map();
let person = "", channel = "", goal = "", stay = true, reading = false, lost = false;

const part = (name, otherwise) => (parts.has(name) ? parts.get(name) : otherwise);
const names = () => part("names", { users: {}, channels: {}, texts: {}, roles: {} });
const channels = () => part("channels", []);
const now = () => Date.now() + part("clock", { ahead: 0 }).ahead;
const log = byId("log");
const NARROW = window.matchMedia("(max-width: 48rem)");

// ---------------------------------------------------------------- hearing

function hear(patch, fresh) {
  if (fresh) { parts.clear(); drawn.clear(); entries.clear(); log.replaceChildren(); }
  const known = new Set();
  for (const name of patch.drop) { parts.delete(name); known.add(name.split(":")[0]); if (name.startsWith("b:")) { entries.delete(name); } }
  for (const [name, value] of Object.entries(patch.set)) {
    parts.set(name, value);
    known.add(name.split(":")[0]);
    if (name.startsWith("b:")) { entries.set(name, value); }
  }
  if (person === "owner") { person = (part("people", []).find((each) => each.owner) || { id: "owner" }).id; }
  if (!channels().some((each) => each.id === channel)) { channel = (channels()[0] || { id: "" }).id; stay = true; }
  if (known.has("group") || known.has("people") || known.has("names")) { drawPeople(); }
  if (known.has("names")) { drawn.clear(); }
  if (known.has("decks")) { showDecks(part("decks", [])); }
  if (known.has("clock")) { drawClock(); }
  if (known.has("b") || known.has("group")) { showEntries(entries, part("group", { rules: {} }).rules); }
  if (known.has("m") || known.has("names") || known.has("channels")) { drawMessages(); drawChannels(); }
  if (known.has("steps")) { progress(); }
  refreshTimes(document, now());
}

// ---------------------------------------------------------------- who and where

// Everybody has a colour by their place in the list of people.
const colour = (id) => Object.keys(names().users).indexOf(id);

function be(id) {
  person = id;
  // What one person sees is gone before the next one's is here.
  for (const name of [...parts.keys()]) { if (name.startsWith("m:")) { parts.delete(name); } }
  log.replaceChildren();
  stay = true;
  listen(person, hear, (gone) => {
    if (gone && !lost) { say("The trial does not answer. Is it still running in its terminal?"); }
    lost = gone;
    document.body.classList.toggle("lost", gone);
  });
}

function drawPeople() {
  const box = byId("people"), people = part("people", []);
  byId("server").textContent = part("group", { name: "" }).name;
  if (box.children.length === people.length) { return; }
  box.replaceChildren(...people.map((each) => element("label", { class: "person" }, [
    element("input", { type: "radio", name: "person", value: each.id, checked: each.id === person, onchange: () => { be(each.id); looked(); say(`You are ${each.name}`); } }),
    avatar(colour(each.id), each.name), element("span", { class: "person-name", text: each.name }), each.owner ? element("span", { class: "aside", text: " (the owner)" }) : "",
  ])));
}

function drawChannels() {
  const kept = seen.get(person) || seen.set(person, new Map()).get(person);
  const nodes = channels().filter((each) => each.listed || each.id === channel).map((each) => {
    const last = newest(each.id), unread = each.id !== channel && last && last.id !== kept.get(each.id) && kept.has(each.id);
    if (each.id === channel && last) { kept.set(each.id, last.id); }
    if (!kept.has(each.id)) { kept.set(each.id, last ? last.id : ""); }
    const mark = each.kind === "direct" ? "@" : each.kind === "thread" ? "↳" : "#";
    const about = `${each.kind === "direct" ? "Direct messages with " : ""}${each.name}${each.kind === "thread" ? ", thread" : ""}${each.private ? ", for the owner only" : ""}${unread ? ", unread" : ""}`;
    return element("li", { class: each.kind }, [
      element("button", { type: "button", class: unread ? "channel unread" : "channel", "data-channel": each.id, "aria-current": each.id === channel ? "page" : null, "aria-label": about }, [
        element("span", { class: "mark", "aria-hidden": "true", text: mark }), element("span", { text: each.name }), each.private ? element("span", { class: "at", text: "private" }) : "",
      ]),
    ]);
  });
  const focused = document.activeElement && document.activeElement.closest("#channel-list") ? document.activeElement.dataset.channel : null;
  const text = nodes.map((each) => each.outerHTML).join("");
  if (byId("channel-list").dataset.text === text) { return; }
  byId("channel-list").dataset.text = text;
  byId("channel-list").replaceChildren(...nodes);
  if (focused) { const again = document.querySelector(`#channel-list [data-channel="${focused}"]`); if (again) { again.focus(); } }
}

function enter(id, messageId = null) {
  if (!channels().some((each) => each.id === id)) { say("You do not see that channel"); return; }
  if (id !== channel) {
    channel = id;
    stay = true;
    log.replaceChildren();
    drawMessages();
    drawChannels();
    byId("refused").textContent = "";
  }
  shut("channels");
  if (messageId) { showMessage(messageId); } else { byId("write").focus(); }
}

function showMessage(id) {
  const found = byId(`m-${id}`);
  if (!found) { say("That message is not shown here"); return; }
  stay = false;
  found.scrollIntoView({ block: "center" });
  found.focus();
}

// ---------------------------------------------------------------- messages

function shownIn(id) {
  const found = [];
  for (const [name, value] of parts) { if (name.startsWith(`m:${id}:`) && !dismissed.has(value.id)) { found.push(value); } }
  return found.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
}

function newest(id) { return shownIn(id).pop(); }

function drawMessages() {
  const here = channels().find((each) => each.id === channel);
  if (!here) { return; }
  const title = `${here.kind === "direct" ? "@" : "#"}${here.name}`;
  if (byId("channel-name").textContent !== title) { byId("channel-name").textContent = title; }
  line.place(here);
  const focused = document.activeElement, inside = log.contains(focused) ? focused : null;
  const back = inside && inside.closest("article") ? { id: inside.closest("article").id, component: inside.dataset.component, whole: inside.matches("article") } : null;
  const nodes = [];
  let day = "";
  for (const each of shownIn(channel)) {
    const date = written(each.at, "D", now()), weekday = new Date(each.at).toLocaleDateString("en-GB", { weekday: "long" });
    if (date !== day) {
      nodes.push(kept(`day:${channel}:${date}`, date, () => element("p", { class: "day" }, [element("span", { text: `${weekday} ${date}` })])));
      day = date;
    }
    nodes.push(kept(each.id, JSON.stringify(each), () => message(each, about)));
  }
  const before = new Set(log.children), moving = part("clock", {}).moving;
  arrange(log, nodes);
  byId("show-pins").hidden = !shownIn(channel).some((each) => each.pinned);
  if (back && !inside.isConnected) {
    const article = byId(back.id), button = article && back.component ? article.querySelector(`[data-component="${CSS.escape(back.component)}"]:not(:disabled)`) : null;
    if (button || article) { (button || article).focus({ preventScroll: true }); }
  }
  if (!stay) { return; }
  // One new message that is longer than the window is read from its beginning.
  const fresh = nodes.filter((each) => !before.has(each) && each.matches("article"));
  if (reading && !fresh.length) { return; }
  reading = !moving && fresh.length === 1 && log.scrollHeight - fresh[0].offsetTop > log.clientHeight;
  if (reading) { put(fresh[0].offsetTop - 6); } else { toEnd(); }
}

// Where the page itself has scrolled to is no wish of its reader's.
let own = -1;

function put(top) { log.scrollTop = top; own = log.scrollTop; }

function toEnd() { if (stay && !reading) { put(log.scrollHeight); } }

// Where the newest question that is closed stands; after a move to the close it is what one wants to see.
function showClosed() {
  const has = (each, action) => each.components.some((row) => (row.components || []).some((one) => (one.custom_id || "").startsWith(`dw:${action}:`)));
  const closed = shownIn(channel).filter((each) => !each.private && has(each, "mine") && !has(each, "pick") && !has(each, "open")).pop();
  const found = closed && byId(`m-${closed.id}`);
  if (found) { stay = false; reading = false; log.scrollTop = found.offsetTop - 6; }
}

function kept(key, text, make) {
  const before = drawn.get(key);
  if (before && before.text === text) { return before.node; }
  const node = make();
  drawn.set(key, { text, node });
  for (const image of node.querySelectorAll("img")) { image.addEventListener("load", toEnd); }
  return node;
}

const about = {
  get names() { return names(); },
  get person() { return person; },
  get bot() { return part("group", { bot: { id: "" } }).bot.id; },
  now,
  colour,
  dismiss(shown) { dismissed.add(shown.id); drawMessages(); byId("write").focus(); },
  async act(button, shown, what) {
    const place = document.querySelector(`[data-refused="${shown.id}"]`);
    if (place) { place.textContent = ""; }
    stay = true;
    button.setAttribute("aria-busy", "true");
    const answer = await act(person, what);
    button.removeAttribute("aria-busy");
    const still = document.querySelector(`[data-refused="${shown.id}"]`);
    if (answer.refused && still) { still.textContent = answer.refused; }
    came(answer);
  },
};

function came(answer, command = null) {
  stay = stay || Boolean(answer.message);
  if (answer.form) {
    const form = answer.form, whose = person;
    openForm(form, names(), now(), async (fields) => {
      const told = await act(whose, { do: "submit", form: form.name, fields });
      if (!told.refused) { came(told); }
      return told;
    });
  }
  if (command && /^(streak show|leaderboard)$/.test(command.name)) { steps.did("stood"); }
}

// ---------------------------------------------------------------- the clock

function drawClock() {
  const clock = part("clock", { moving: null, next: null });
  tick();
  if (goal === "close" && !clock.moving) { window.setTimeout(showClosed, 50); }
  goal = clock.moving ? clock.moving.goal : "";
  byId("moving").hidden = !clock.moving;
  if (clock.moving) { byId("progress").value = clock.moving.done; }
  for (const each of document.querySelectorAll("[data-goal]")) {
    each.setAttribute("aria-disabled", String(Boolean(clock.moving)));
    each.setAttribute("aria-pressed", String(Boolean(clock.moving && clock.moving.goal === each.dataset.goal)));
  }
}

function tick() {
  const clock = part("clock", { next: null }), at = now();
  const length = NARROW.matches ? "short" : "long";
  const words = `${new Date(at).toLocaleDateString("en-GB", { weekday: length, day: "numeric", month: length })}, ${written(at, "t", at)}`;
  if (byId("now").textContent !== words) { byId("now").textContent = words; }
  const next = clock.next ? `next post ${written(clock.next, "R", at)}` : "no post is due yet";
  if (byId("next").textContent !== next) { byId("next").textContent = next; }
}

async function move(wanted) {
  byId("clock-refused").textContent = "";
  if (part("clock", { moving: null }).moving) { return; }
  stay = true;
  const answer = await time({ goal: wanted, answering: byId("answering").checked });
  if (answer.refused) { byId("clock-refused").textContent = answer.refused; } else { say("The clock is moving"); }
}

// ---------------------------------------------------------------- the tour

function progress() {
  const done = part("steps", {});
  if (done["set-up"]) { steps.did("set-up"); }
  if (done.answered) { steps.did("answered"); }
  if (done.closed) { steps.did("closed"); }
}

function looked() { if (part("steps", {}).answered) { steps.did("looked"); } }

async function help(what) {
  if (what === "set-up") { await setUp(); }
  if (what === "looked") {
    const other = part("people", []).find((each) => each.id !== person && !each.owner);
    const radio = document.querySelector(`#people input[value="${other.id}"]`);
    radio.checked = true;
    radio.dispatchEvent(new Event("change"));
  }
  if (what === "closed") { move("close"); }
  if (what === "stood") { line.put("/leaderboard "); }
}

// What a person does who sets the bot up: press its button, fill in its form.
async function setUp() {
  stay = true;
  const owner = part("people", []).find((each) => each.owner);
  const hello = [...parts].filter(([name]) => name.startsWith("m:")).map(([, value]) => value)
    .find((each) => each.components.some((row) => (row.components || []).some((one) => /^dw:begin/.test(one.custom_id || ""))));
  if (!owner || !hello) { say("The bot has not introduced itself yet"); return; }
  const button = hello.components.flatMap((row) => row.components).find((one) => /^dw:begin/.test(one.custom_id));
  const opened = await act(owner.id, { do: "click", channel: hello.channel, message: hello.id, component: button.custom_id });
  if (!opened.form) { byId("clock-refused").textContent = opened.refused || ""; return; }
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone || "Europe/Berlin";
  const fields = { channel: [hello.channel], time: "09:00", zone: here, level: ["medium"] };
  const told = await act(owner.id, { do: "submit", form: opened.form.name, fields });
  if (told.refused) { byId("clock-refused").textContent = told.refused; }
}

// ---------------------------------------------------------------- drawers, looks and keys

function shut(which) {
  document.body.classList.remove(`open-${which}`);
  byId(`open-${which}`).setAttribute("aria-expanded", "false");
}

for (const which of ["channels", "behind"]) {
  byId(`open-${which}`).addEventListener("click", () => {
    const open = document.body.classList.toggle(`open-${which}`);
    byId(`open-${which}`).setAttribute("aria-expanded", String(open));
    if (open) { shut(which === "channels" ? "behind" : "channels"); byId(which).querySelector("button:not([hidden])").focus(); }
  });
}
for (const each of document.querySelectorAll("[data-shut]")) {
  each.addEventListener("click", () => { shut(each.dataset.shut); byId(`open-${each.dataset.shut}`).focus(); });
}
document.querySelector("main").addEventListener("click", () => { shut("channels"); shut("behind"); });
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") { return; }
  for (const which of ["channels", "behind"]) {
    if (document.body.classList.contains(`open-${which}`)) { shut(which); byId(`open-${which}`).focus(); }
  }
});

function look(wanted = null) {
  const root = document.documentElement, dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  if (wanted) { root.dataset.look = wanted; try { localStorage.setItem("look", wanted); } catch { /* not kept */ } }
  const current = root.dataset.look || (dark ? "dark" : "light");
  byId("look").textContent = current === "dark" ? "Light" : "Dark";
  byId("look").setAttribute("aria-label", current === "dark" ? "Light colours" : "Dark colours");
  return current;
}

try { const wanted = localStorage.getItem("look"); if (wanted === "dark" || wanted === "light") { document.documentElement.dataset.look = wanted; } } catch { /* none kept */ }
byId("look").addEventListener("click", () => look(look() === "dark" ? "light" : "dark"));
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => look());
byId("show-tour").addEventListener("click", () => steps.again());
byId("show-pins").addEventListener("click", () => openPins(
  shownIn(channel).filter((each) => each.pinned).reverse().map((each) => ({ id: each.id, title: (each.embeds[0] && each.embeds[0].title) || each.content.slice(0, 60) || "A message", at: written(each.at, "f", now()) })), showMessage,
));
byId("stop").addEventListener("click", () => time({ stop: true }));
for (const each of document.querySelectorAll("[data-goal]")) { each.addEventListener("click", () => move(each.dataset.goal)); }

// Places in texts, channels in the list: whatever names a channel or a message leads there.
document.addEventListener("click", (event) => {
  const jump = event.target.closest("[data-channel], .jump[data-message]");
  if (!jump) { return; }
  const where = jump.dataset.channel || channel;
  enter(where, jump.dataset.message || null);
});
log.addEventListener("scroll", () => {
  if (Math.abs(log.scrollTop - own) < 2) { return; }
  own = -1;
  reading = false;
  stay = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
});
new ResizeObserver(toEnd).observe(log);
walkWithArrows(log, () => [...log.querySelectorAll("article")], ["ArrowUp", "ArrowDown"]);
walkWithArrows(byId("channel-list"), () => [...byId("channel-list").querySelectorAll("button")], ["ArrowUp", "ArrowDown"]);

const line = composer({
  commands: () => { const found = part("commands", { server: [], direct: [] }); return (channels().find((each) => each.id === channel) || {}).kind === "direct" ? found.direct : found.server; },
  names, channel: () => channel, send: (what) => act(person, what), came,
});
const steps = tour({ help, progress });
look();
window.setInterval(() => { tick(); refreshTimes(document, now()); }, 1000);
be("owner");
