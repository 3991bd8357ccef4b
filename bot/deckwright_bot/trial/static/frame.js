// What stands around: drawers on narrow screens, light and dark, and the banner when nobody answers.
import { byId } from "./dom.js";

const DRAWERS = ["channels", "behind"];

export function shut(which) {
  document.body.classList.remove(`open-${which}`);
  byId(`open-${which}`).setAttribute("aria-expanded", "false");
}

const isOpen = (which) => document.body.classList.contains(`open-${which}`);

for (const which of DRAWERS) {
  byId(`open-${which}`).addEventListener("click", () => {
    const open = document.body.classList.toggle(`open-${which}`);
    byId(`open-${which}`).setAttribute("aria-expanded", String(open));
    if (open) { shut(DRAWERS.find((each) => each !== which)); byId(which).querySelector("button:not([hidden])").focus(); }
  });
}
for (const each of document.querySelectorAll("[data-shut]")) {
  each.addEventListener("click", () => { shut(each.dataset.shut); byId(`open-${each.dataset.shut}`).focus(); });
}
document.querySelector("main").addEventListener("click", () => DRAWERS.forEach(shut));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") { return; }
  for (const which of DRAWERS) { if (isOpen(which)) { shut(which); byId(`open-${which}`).focus(); } }
});

// ---------------------------------------------------------------- light and dark

const DARK = window.matchMedia("(prefers-color-scheme: dark)");

function look(wanted = null) {
  const root = document.documentElement;
  if (wanted) { root.dataset.look = wanted; try { localStorage.setItem("look", wanted); } catch { /* not kept */ } }
  const current = root.dataset.look || (DARK.matches ? "dark" : "light");
  byId("look").textContent = current === "dark" ? "Light" : "Dark";
  byId("look").setAttribute("aria-label", current === "dark" ? "Light colours" : "Dark colours");
  return current;
}

try {
  const wanted = localStorage.getItem("look");
  if (wanted === "dark" || wanted === "light") { document.documentElement.dataset.look = wanted; }
} catch { /* none kept */ }
byId("look").addEventListener("click", () => look(look() === "dark" ? "light" : "dark"));
DARK.addEventListener("change", () => look());
look();

// ---------------------------------------------------------------- nobody answers

export function lost(gone) {
  document.body.classList.toggle("lost", gone);
  byId("gone").hidden = !gone;
}
