// Discord's Markdown as elements. Whatever is no mark-up stays the text it is.
import { element } from "./dom.js";

const DEEPEST = 16;
const PAIRS = [["**", "strong"], ["__", "u"], ["~~", "s"], ["||", "spoiler"], ["*", "em"], ["_", "em"]];
const SAFE = /^https?:\/\/[^\s<>]+$/i;
const ADDRESS = /^https?:\/\/[^\s<>"]+/i;
const TAIL = /[.,:;!?'")\]}]+$/;
const TIME = /^<t:(-?\d{1,13})(?::([tTdDfFR]))?>/;
const MENTION = /^<(@!?|@&|#)(\d{1,20})>/;
const EVERYBODY = /^@(everyone|here)\b/;

// `names` tells users, channels and roles by id; `now` the instant that the trial's clock shows.
export function markdown(text, names, now) {
  return blocks(String(text), { names, now }, 0);
}

function blocks(text, about, depth) {
  const out = [], lines = text.split("\n");
  let plain = [];
  const flush = () => {
    if (plain.length) { out.push(element("div", { class: "text" }, inline(plain.join("\n"), about, depth))); plain = []; }
  };
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at];
    if (line.includes("```")) {
      const fenced = fence(lines.slice(at).join("\n"));
      if (fenced) {
        if (fenced.before.trim()) { plain.push(fenced.before); }
        flush();
        const drawing = /^[^\p{L}\p{N}]+$/u.test(fenced.code);
        out.push(element("pre", { class: drawing ? "drawing" : null, tabindex: "0", role: "region", "aria-label": "Code" }, [drawing ? cells(fenced.code) : element("code", { text: fenced.code })]));
        lines.splice(at, lines.length - at, ...fenced.after.replace(/^\n/, "").split("\n"));
        at -= 1;
        continue;
      }
    }
    const head = /^(#{1,3}) +(\S.*)$/.exec(line), small = /^-# +(\S.*)$/.exec(line);
    const item = /^( *)([-*]|\d{1,9}\.) +(\S.*)$/.exec(line), all = /^>>> ?/.exec(line), quoted = /^> ?/.test(line) && line !== ">";
    if (depth < DEEPEST && (all || quoted)) {
      flush();
      const inner = [];
      if (all) { inner.push(lines.slice(at).join("\n").replace(/^>>> ?/, "")); at = lines.length; }
      else {
        while (at < lines.length && /^> ?/.test(lines[at])) { inner.push(lines[at].replace(/^> ?/, "")); at += 1; }
        at -= 1;
      }
      out.push(element("blockquote", {}, blocks(inner.join("\n"), about, depth + 1)));
    } else if (head) {
      flush();
      out.push(element("p", { class: `head head-${head[1].length}` }, inline(head[2], about, depth)));
    } else if (small) {
      flush();
      out.push(element("p", { class: "small" }, inline(small[1], about, depth)));
    } else if (item) {
      flush();
      const ordered = /\d/.test(item[2]), entry = element("li", {}, inline(item[3], about, depth));
      const last = out[out.length - 1], name = ordered ? "OL" : "UL";
      if (item[1].length) { entry.className = "inner"; }
      if (last && last.tagName === name) { last.append(entry); }
      else { out.push(element(name, ordered ? { start: parseInt(item[2], 10) } : {}, [entry])); }
    } else { plain.push(line); }
  }
  flush();
  return out;
}

// Signs that make a picture, such as a calendar's squares: each as wide as every other.
function cells(text) {
  return element("code", {}, [...text].map((sign) => (/\s/.test(sign) ? sign : element("span", { class: "cell", text: sign }))));
}

function fence(text) {
  const found = /^([^\n]*?)```(?:([a-z0-9_+\-.#]+)\n)?\n*([^]*?)\n*```/i.exec(text);
  return found && found[3].trim() ? { before: found[1], code: found[3], after: text.slice(found[0].length) } : null;
}

function inline(text, about, depth) {
  const out = [], hopeless = new Set();
  let plain = "", at = 0;
  const flush = () => { if (plain) { out.push(plain); plain = ""; } };
  const put = (node, length) => { flush(); out.push(node); at += length; };
  while (at < text.length) {
    const sign = text[at], rest = text.slice(at, at + 2100);
    let found;
    if (sign === "\\" && /^\\[!-/:-@[-`{-~]/.test(rest)) { plain += text[at + 1]; at += 2; continue; }
    if (sign === "\n") { put(element("br"), 1); continue; }
    if (sign === "`" && (found = /^(`+)([^]*?[^`])\1(?!`)/.exec(rest))) {
      put(element("code", { text: found[2].replace(/^ (?=`)|(`) $/g, "$1") }), found[0].length); continue;
    }
    if (sign === "<" && (found = special(rest, about))) { put(found.node, found.length); continue; }
    if (sign === "@" && (found = EVERYBODY.exec(rest))) { put(mention(found[0]), found[0].length); continue; }
    if (sign === "[" && depth < DEEPEST && (found = /^\[((?:\\.|[^\]\\])+)\]\(<?(https?:\/\/[^\s<>)]+)>?\)/i.exec(rest))) {
      put(link(found[2], inline(found[1], about, depth + 1)), found[0].length); continue;
    }
    if ((sign === "h" || sign === "H") && !/\w$/.test(plain) && (found = ADDRESS.exec(rest))) {
      const address = found[0].replace(TAIL, "");
      if (SAFE.test(address)) { put(link(address, [place(address, about) || address]), address.length); continue; }
    }
    const pair = depth < DEEPEST ? PAIRS.find(([mark]) => text.startsWith(mark, at) && !hopeless.has(mark)) : undefined;
    if (pair) {
      const [mark, name] = pair, end = closing(text, at + mark.length, mark);
      if (end < 0) { hopeless.add(mark); }
      else if (end > at + mark.length && !(mark === "_" && /\w$/.test(plain))) {
        const inner = inline(text.slice(at + mark.length, end), about, depth + 1);
        put(name === "spoiler" ? spoiler(inner) : element(name, {}, inner), end + mark.length - at);
        continue;
      }
    }
    plain += sign;
    at += 1;
  }
  flush();
  return out;
}

// Where a mark ends; escaped signs and code between are leapt over.
function closing(text, from, mark) {
  if (mark.length === 1 && /\s/.test(text[from] || " ")) { return -1; }
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "\\") { at += 1; continue; }
    if (text[at] === "`") {
      const code = /^(`+)[^]*?[^`]\1(?!`)/.exec(text.slice(at, at + 2100));
      if (code) { at += code[0].length - 1; continue; }
    }
    if (!text.startsWith(mark, at)) { continue; }
    if (mark.length === 1) {
      if (text[at + 1] === mark) { at += 1; continue; }
      if (mark === "_" && /\w/.test(text[at + 1] || "")) { continue; }
    } else if (mark === "**" && text[at + 2] === "*") { continue; }
    return at;
  }
  return -1;
}

function special(rest, about) {
  let found = TIME.exec(rest);
  if (found) { return { node: stamp(Number(found[1]) * 1000, found[2] || "f", about.now), length: found[0].length }; }
  found = MENTION.exec(rest);
  if (found) {
    const kind = found[1], names = about.names;
    const words = kind === "#" ? `#${names.channels[found[2]] || "No Access"}`
      : kind === "@&" ? `@${names.roles[found[2]] || "unknown-role"}` : `@${names.users[found[2]] || "unknown-user"}`;
    return { node: mention(words, kind === "#" ? found[2] : null), length: found[0].length };
  }
  found = /^<(https?:\/\/[^\s<>]+)>/i.exec(rest);
  return found ? { node: link(found[1], [place(found[1], about) || found[1]]), length: found[0].length } : null;
}

function mention(words, channel = null) {
  return element("span", { class: "mention", "data-channel": channel, text: words });
}

const PLACE = /^https:\/\/(?:\w+\.)?discord\.com\/channels\/(?:\d+|@me)\/(\d+)(?:\/(\d+))?$/;

// An address of a channel or a message in a few words; null for any other.
function place(address, about) {
  const found = PLACE.exec(address);
  return found ? `#${about.names.channels[found[1]] || "No Access"}${found[2] ? " › message" : ""}` : null;
}

function link(address, children) {
  const here = PLACE.exec(address);
  if (here) {
    return element("button", { type: "button", class: "jump", "data-channel": here[1], "data-message": here[2] || null }, children);
  }
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, children);
}

function spoiler(children) {
  const inner = element("span", {}, children);
  inner.hidden = true;
  const made = element("button", { type: "button", class: "spoiler", "aria-expanded": "false", "aria-label": "Spoiler, press to show" }, [inner]);
  made.addEventListener("click", () => {
    inner.hidden = false;
    made.setAttribute("aria-expanded", "true");
    made.removeAttribute("aria-label");
  }, { once: true });
  return made;
}

// ---------------------------------------------------------------- time

const STYLES = {
  t: { hour: "2-digit", minute: "2-digit" },
  T: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  d: { day: "2-digit", month: "2-digit", year: "numeric" },
  D: { day: "numeric", month: "long", year: "numeric" },
  f: { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" },
  F: { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" },
};
const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const formats = new Map();
let zone = OWN_ZONE;

// The page has one zone: the group's once it has one, the reader's until then. Whether it is another one than before.
export function useZone(wanted) {
  const before = zone;
  zone = isZone(wanted) ? wanted : OWN_ZONE;
  return zone !== before;
}

export const zones = () => ({ shown: zone, own: OWN_ZONE });

function isZone(name) {
  try { return Boolean(name && new Intl.DateTimeFormat("en-GB", { timeZone: name })); } catch { return false; }
}

// An instant in parts that Intl knows, in the page's zone or another.
export function inParts(instant, parts, where = zone) {
  const key = `${where} ${JSON.stringify(parts)}`;
  if (!formats.has(key)) { formats.set(key, new Intl.DateTimeFormat("en-GB", { ...parts, timeZone: where })); }
  return formats.get(key).format(new Date(instant));
}

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const LATEST = 8.64e15;

export function written(instant, style, now) {
  if (!(Math.abs(instant) < LATEST)) { return "Invalid Date"; }
  if (style !== "R") { return inParts(instant, STYLES[style]); }
  const seconds = (instant - now) / 1000;
  const [unit, length] = UNITS.find(([, each]) => Math.abs(seconds) >= each) || UNITS[5];
  return RELATIVE.format(Math.round(seconds / length), unit);
}

function stamp(instant, style, now) {
  const made = element("time", { "data-instant": instant, "data-style": style, text: written(instant, style, now) });
  if (Math.abs(instant) < LATEST) { made.title = written(instant, "F", now); }
  return made;
}

// Stamps go on with the trial's clock.
export function refreshTimes(root, now) {
  for (const each of root.querySelectorAll("time[data-style=R]")) {
    const words = written(Number(each.dataset.instant), "R", now);
    if (each.textContent !== words) { each.textContent = words; }
  }
}
