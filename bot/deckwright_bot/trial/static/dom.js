// Elements made of text and attributes alone: nothing here, or anywhere on the page, reads text as HTML.

export function element(name, attributes = {}, children = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) { continue; }
    if (key.startsWith("on")) { made.addEventListener(key.slice(2), value); }
    else if (key === "text") { made.textContent = value; }
    else { made.setAttribute(key, value === true ? "" : String(value)); }
  }
  made.append(...[].concat(children).filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

export const byId = (id) => document.getElementById(id);

export function say(text) { byId("status").textContent = text; }

// Only what changed is touched, so that the focus stays and a screen reader hears what is new.
export function arrange(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) { if (!keep.has(child)) { child.remove(); } }
  let at = parent.firstElementChild;
  for (const child of wanted) {
    if (child === at) { at = at.nextElementSibling; }
    else { parent.insertBefore(child, at); }
  }
}

// Arrow keys move the focus among the elements that `find` gives.
export function walkWithArrows(parent, find, [back, forth]) {
  parent.addEventListener("keydown", (event) => {
    if (event.key !== back && event.key !== forth || event.altKey || event.ctrlKey || event.metaKey) { return; }
    if (event.target.matches("select, textarea, input")) { return; }
    const all = find();
    const now = all.findIndex((each) => each === event.target || each.contains(event.target));
    const next = now < 0 ? all[event.key === back ? all.length - 1 : 0] : all[now + (event.key === back ? -1 : 1)];
    if (!next) { return; }
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  });
}

export function size(bytes) {
  return bytes >= 100000 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1000))} kB`;
}
