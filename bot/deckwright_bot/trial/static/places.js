// Who one is and where: the people at the top, and the channels with what is unread in them.
import { byId, element } from "./dom.js";
import { keep, kept } from "./keeping.js";
import { shownIn } from "./log.js";
import { avatar } from "./messages.js";
import { channel, channels, colour, names, part, people, view } from "./told.js";

const MARKS = { direct: "@", thread: "↳", text: "#" };

export const titled = (one) => `${one.kind === "thread" ? "↳ " : MARKS[one.kind]}${one.name}`;

// ---------------------------------------------------------------- people

export function drawPeople(be) {
  const box = byId("people"), all = people();
  byId("server").textContent = part("group", { name: "" }).name;
  if (box.children.length === all.length) { return; }
  box.replaceChildren(...all.map((each) => element("label", { class: "person" }, [
    element("input", { type: "radio", name: "person", value: each.id, checked: each.id === view.person, onchange: () => be(each) }),
    avatar(colour(each.id), each.name), element("span", { class: "person-name", text: each.name }), each.owner ? element("span", { class: "aside", text: " (the owner)" }) : "",
  ])));
}

// ---------------------------------------------------------------- channels

// The newest message that each person has seen, by person and channel.
const seen = new Map(Object.entries(kept("seen", {})).map(([id, read]) => [id, new Map(Object.entries(read))]));

// Whoever looks for the first time finds the channels read; a direct message waits until it was looked at.
function isUnread(one, last, read, first) {
  if (one.id === view.channel || !last || last.author === view.person) { return false; }
  return read.has(one.id) ? read.get(one.id) !== last.id : one.kind === "direct" || !first;
}

export function drawChannels() {
  const read = seen.get(view.person) || seen.set(view.person, new Map()).get(view.person), first = read.size === 0;
  let waiting = false;
  const nodes = channels().filter((each) => each.listed || each.id === view.channel).map((each) => {
    const last = shownIn(each.id).pop(), unread = isUnread(each, last, read, first);
    if (each.id === view.channel || (first && each.kind !== "direct")) { read.set(each.id, last ? last.id : ""); }
    waiting = waiting || unread;
    return entry(each, unread);
  });
  keep("seen", Object.fromEntries([...seen].map(([id, each]) => [id, Object.fromEntries(each)])));
  byId("open-channels").classList.toggle("unread", waiting);
  byId("open-channels").setAttribute("aria-label", waiting ? "Channels, something is unread" : "Channels");
  const list = byId("channel-list"), focused = list.contains(document.activeElement) ? document.activeElement.dataset.channel : null;
  const text = nodes.map((each) => each.outerHTML).join("");
  if (list.dataset.text === text) { return; }
  list.dataset.text = text;
  list.replaceChildren(...nodes);
  if (focused) { const again = list.querySelector(`[data-channel="${focused}"]`); if (again) { again.focus(); } }
}

function entry(one, unread) {
  const about = `${one.kind === "direct" ? "Direct messages with " : ""}${one.name}${one.kind === "thread" ? ", thread" : ""}${one.private ? ", for the owner only" : ""}${unread ? ", unread" : ""}`;
  return element("li", { class: `in-${one.kind}` }, [
    element("button", { type: "button", class: unread ? "channel unread" : "channel", "data-channel": one.id, "aria-current": one.id === view.channel ? "page" : null, "aria-label": about }, [
      element("span", { class: "mark", "aria-hidden": "true", text: MARKS[one.kind] }), element("span", { text: one.name }), one.private ? element("span", { class: "at", text: "private" }) : "",
    ]),
  ]);
}

// ---------------------------------------------------------------- the head of the channel

export function drawHead() {
  const here = channel();
  if (!here) { return; }
  if (byId("channel-name").textContent !== titled(here)) { byId("channel-name").textContent = titled(here); }
  byId("to-question").hidden = here.kind !== "thread" || !names().channels[here.parent];
}
