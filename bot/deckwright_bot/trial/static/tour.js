// The tour: five steps, each done by using what it is about, or left out.
import { byId, element, say } from "./dom.js";

const STEPS = [
  { name: "Set it up", text: "The bot has just joined and asks for four things. Press “Set up” in its message, or let it be done for you.", help: "Set it up for me", todo: "set-up" },
  { name: "Answer", text: "The first question is there. Press a letter under it; nobody sees what you choose.", todo: "answered" },
  { name: "Only you see your result", text: "Below the question stands your result. Be somebody else at the top: it is not there for them, and they can answer too.", help: "Be Ada", todo: "looked" },
  { name: "Move the clock", text: "The others answer by themselves while time passes. At the close everybody sees the key, the reasons and the counts.", help: "To the close", todo: "closed" },
  { name: "Streak and board", text: "Type /leaderboard or /streak show and press Enter. “One week” shows freezes; two weeks bring the Friday rematch.", help: "Type /leaderboard", todo: "stood" },
];

export function tour(here) {
  const box = byId("tour"), done = new Set();
  let at = 0, open = read() !== "over";

  function read() { try { return sessionStorage.getItem("tour"); } catch { return null; } }
  function keep(value) { try { sessionStorage.setItem("tour", value); } catch { /* a browser that keeps nothing */ } }

  function draw() {
    const hadFocus = box.contains(document.activeElement), step = STEPS[at];
    box.hidden = !open;
    if (!open) { return; }
    const end = at >= STEPS.length;
    box.replaceChildren(
      element("p", { class: "step" }, end
        ? [element("strong", { text: "That is all." }), " Try /quiz solo, /settings as Olga, or a week; the panel shows what happens behind it."]
        : [element("span", { class: "count", text: `${at + 1} of ${STEPS.length}` }), " ", element("strong", { text: step.name }), ` ${step.text}`]),
      element("div", { class: "row" }, [
        !end && step.help ? element("button", { type: "button", class: "press primary", text: step.help, onclick: () => here.help(step.todo) }) : "",
        !end ? element("button", { type: "button", class: "press secondary", text: "Next step", onclick: () => go(at + 1) }) : "",
        element("button", { type: "button", class: "press secondary", text: end ? "Close" : "Skip tour", onclick: skip }),
      ]),
    );
    if (hadFocus) { (box.querySelector("button") || byId("write")).focus(); }
  }

  function go(next) {
    at = next;
    while (at < STEPS.length && done.has(STEPS[at].todo)) { at += 1; }
    draw();
    if (open) { say(at < STEPS.length ? `Tour, step ${at + 1} of ${STEPS.length}: ${STEPS[at].name}` : "The tour is done"); }
  }

  function skip() {
    open = false;
    keep("over");
    draw();
    byId("write").focus();
  }

  draw();
  return {
    // Something was done, by whatever way.
    did(what) {
      if (done.has(what)) { return; }
      done.add(what);
      if (at < STEPS.length && STEPS[at].todo === what) { go(at + 1); }
    },
    again() {
      open = true;
      done.clear();
      keep("on");
      at = 0;
      here.progress();
      go(0);
      (box.querySelector("button") || box).focus();
    },
  };
}
