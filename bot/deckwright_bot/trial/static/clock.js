// The clock: what it shows, in which zone, and the buttons that move it.
import { byId, say } from "./dom.js";
import { inParts, written, zones } from "./markdown.js";
import { clock, now } from "./told.js";
import { time } from "./wire.js";

const NARROW = window.matchMedia("(max-width: 48rem)");

// `begin` is called when time begins to pass, `closed` when a move to the close has ended.
export function makeClock({ begin, closed }) {
  let goal = "", open = false, asking = false;

  function show(id, words) { if (byId(id).textContent !== words) { byId(id).textContent = words; } }

  function tick() {
    const { moving, next } = clock(), at = now(), length = NARROW.matches ? "short" : "long";
    show("now", `${inParts(at, { weekday: length, day: "numeric", month: length })}, ${written(at, "t", at)}`);
    show("zone", zoned(at));
    show("next", moving ? "time is passing" : next ? `next post ${written(next, "R", at)}` : "no post is due yet");
  }

  function draw() {
    const { moving, open: questions } = clock();
    tick();
    if (goal === "close" && !moving) { window.setTimeout(closed, 50); }
    goal = moving ? moving.goal : "";
    // What was refused because no question was open is no longer so.
    if (moving || questions !== open) { byId("clock-refused").textContent = ""; }
    open = questions;
    byId("moving").hidden = !moving;
    if (moving) { byId("progress").value = moving.done; }
    for (const each of document.querySelectorAll("[data-goal]")) {
      each.setAttribute("aria-disabled", String(Boolean(moving)));
      each.setAttribute("aria-pressed", String(Boolean(moving && moving.goal === each.dataset.goal)));
    }
  }

  async function move(wanted) {
    if (clock().moving || asking) { return; }
    asking = true;
    byId("clock-refused").textContent = "";
    begin();
    const answer = await time({ goal: wanted, answering: byId("answering").checked });
    asking = false;
    if (answer.refused) { byId("clock-refused").textContent = answer.refused; return; }
    // A short move may be over before it was ever told.
    goal = goal || wanted;
    say("The clock is moving");
  }

  byId("stop").addEventListener("click", () => time({ stop: true }));
  for (const each of document.querySelectorAll("[data-goal]")) { each.addEventListener("click", () => move(each.dataset.goal)); }
  return { draw, tick, move };
}

// Which zone the page's times are in, and what the reader's own clock would show where that is another time.
function zoned(at) {
  const { shown, own } = zones(), parts = { weekday: "short", hour: "2-digit", minute: "2-digit" };
  const yours = inParts(at, parts, own);
  return inParts(at, parts) === yours ? shown : `${shown} · ${yours.split(" ").pop()} for you (${own})`;
}
