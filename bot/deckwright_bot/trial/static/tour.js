// The tour: five steps, each done by using what it is about, or left out.
import { byId, element, say } from "./dom.js";
import { keep, kept } from "./keeping.js";

// `text` says what to do; `after`, where there is something to look at once it is done, what one sees.
const STEPS = [
  { name: "Set it up", text: "The bot has just joined and asks for four things. Press “Set up” in its message, or let it be done for you.", help: () => "Set it up for me", todo: "set-up" },
  { name: "Answer", text: "Press a letter under the question. The group never sees what you choose.", todo: "answered" },
  { name: "Only you see your result", text: "Your result stands below the question. Be somebody else at the top and look for it.", help: (name) => `Be ${name}`, todo: "looked",
    after: (name) => `To ${name} the result is not shown: only who answered sees it. ${name} can answer too.` },
  { name: "Move the clock", text: "While time passes, the others answer by themselves. Move to the close.", help: () => "To the close", todo: "closed",
    after: () => "The question is closed: everybody sees the key, the reasons and how many chose what." },
  { name: "Streak and board", text: "Type /leaderboard or /streak show and press Enter. A week shows freezes; two weeks bring the Friday rematch.", help: () => "Type /leaderboard", todo: "stood" },
];

// `here` tells what was done already and whom one could be, and helps with a step; see app.js.
export function tour(here) {
  const box = byId("tour"), before = kept("tour", {}), done = new Set(before.done || []);
  let at = before.at || 0, open = before.open !== false, shown = before.shown || null;

  function remember() { keep("tour", { at, open, shown, done: [...done] }); }

  function draw() {
    const hadFocus = box.contains(document.activeElement), step = STEPS[at];
    document.body.classList.toggle("touring", open);
    byId("show-tour").setAttribute("aria-expanded", String(open));
    box.hidden = !open;
    if (!open) { return; }
    const words = !step ? [element("strong", { text: "That is all." }), " Try /quiz solo, or a week, or be Olga at the top and try /settings; the panel shows what happens behind it."]
      : [element("span", { class: "count", text: `${at + 1} of ${STEPS.length}` }), " ", element("strong", { text: step.name }), ` ${shown ? step.after(shown) : step.text}`];
    box.replaceChildren(
      element("p", { class: "step" }, words),
      element("div", { class: "row" }, [
        step && step.help && !shown ? element("button", { type: "button", class: "press primary", text: step.help(here.another()), onclick: (event) => help(event.currentTarget, step) }) : "",
        step ? element("button", { type: "button", class: shown ? "press primary" : "press secondary", text: "Next step", onclick: () => go(at + 1) }) : "",
        element("button", { type: "button", class: "press secondary", text: step ? "Skip tour" : "Close", onclick: skip }),
      ]),
    );
    if (hadFocus) { (box.querySelector("button") || byId("write")).focus(); }
  }

  // Pressed twice it is done once.
  async function help(button, step) {
    button.disabled = true;
    await here.help(step.todo);
    button.disabled = false;
  }

  function go(next) {
    at = next;
    shown = null;
    while (at < STEPS.length && done.has(STEPS[at].todo)) { at += 1; }
    remember();
    draw();
    if (open) { say(at < STEPS.length ? `Tour, step ${at + 1} of ${STEPS.length}: ${STEPS[at].name}` : "The tour is done"); }
  }

  function skip() {
    open = false;
    remember();
    draw();
    byId("write").focus();
  }

  // Something was done, by whatever way; `name` is who one was by then.
  function did(what, name = "") {
    if (done.has(what)) { return; }
    done.add(what);
    const step = STEPS[at];
    if (!step || step.todo !== what) { remember(); return; }
    if (!step.after) { go(at + 1); return; }
    shown = name || "you";
    remember();
    draw();
    say(step.after(shown));
  }

  draw();
  return {
    did,
    // One became somebody else: after an answer that shows whose result is seen by whom.
    looked(one) { if (here.done().answered) { did("looked", one.name); } draw(); },
    toggle() {
      if (open) { skip(); return; }
      open = true;
      done.clear();
      here.progress();
      go(0);
      (box.querySelector("button") || box).focus();
    },
  };
}
