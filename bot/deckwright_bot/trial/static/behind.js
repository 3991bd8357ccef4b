// The panel: what has just happened, with the rules and the rows it wrote, and the decks to take along.
import { arrange, byId, element, size } from "./dom.js";
import { inParts, written } from "./markdown.js";

const AT_FIRST = 6, FURTHER = 12;
const made = new Map();
let most = AT_FIRST, again = () => {};

// The newest entries, and behind a button the earlier ones.
export function showEntries(entries, rules, now) {
  again = () => showEntries(entries, rules, now);
  const nodes = entries.slice(0, most).map((entry) => {
    const when = instantOf(entry.at, now), text = when + JSON.stringify(entry), kept = made.get(entry.number);
    if (kept && kept.text === text) { return kept.node; }
    const node = shown(entry, when, rules, Boolean(kept && kept.node.querySelector("details[open]")));
    made.set(entry.number, { text, node });
    return node;
  });
  // Entries are numbered from 1; where the first is gone, others went with it.
  if (nodes.length && nodes.length === entries.length && entries[entries.length - 1].number > 1) { nodes.push(older); }
  arrange(byId("entries"), nodes.length ? nodes : [nothing]);
  byId("earlier").hidden = entries.length <= most;
  byId("earlier").textContent = `Earlier (${entries.length - most})`;
}

byId("earlier").addEventListener("click", () => {
  const last = byId("entries").lastElementChild;
  most += FURTHER;
  again();
  last.nextElementSibling.scrollIntoView({ block: "nearest" });
  if (byId("earlier").hidden) { byId("entries").focus(); }
});

const nothing = element("li", { class: "small", text: "Nothing yet. Press a button in a message." });

const older = element("li", { class: "small", text: "Older ones are not kept." });

// With its date where that is not today's.
function instantOf(at, now) {
  const day = { weekday: "short", day: "numeric", month: "short" };
  const date = inParts(at, day);
  return date === inParts(now, day) ? written(at, "t", now) : `${date}, ${written(at, "t", now)}`;
}

function shown(entry, when, rules, open) {
  const rows = entry.rows.length + entry.more;
  return element("li", { class: "entry" }, [
    element("p", {}, [element("strong", { text: entry.who }), ` ${entry.what}`, entry.again > 1 ? ` (${entry.again} times)` : ""]),
    element("p", { class: "at" }, [
      when, entry.answer ? ` · answered with ${entry.answer}` : "", entry.milliseconds ? ` in ${entry.milliseconds} ms` : "",
    ]),
    entry.rules.length ? element("ul", { class: "rules" }, entry.rules.map((rule) => element("li", {}, [element("strong", { text: rule }), ` ${entry.says[rule] || rules[rule] || ""}`]))) : "",
    rows ? element("details", { open, "aria-label": "Rows written" }, [
      element("summary", { text: rows === 1 ? "1 row written" : `${rows} rows written` }),
      ...entry.rows.map(row), entry.more ? element("p", { class: "small", text: `and ${entry.more} more` }) : "",
    ]) : element("p", { class: "at", text: "No row written" }),
  ]);
}

function row(one) {
  return element("div", { class: "written" }, [
    element("p", {}, [element("code", { text: one.table }), ` ${one.how}`]),
    element("dl", {}, one.values.map(([name, value]) => element("div", {}, [element("dt", { text: name }), element("dd", { text: value })]))),
  ]);
}

// The largest package has everything; the others are a deck each.
export function showDecks(decks) {
  const [whole, ...single] = decks.map((each) => element("li", {}, [
    element("a", { href: `decks/${encodeURIComponent(each.name)}`, download: each.name, text: each.name }), element("span", { class: "at", text: ` ${size(each.bytes)}` }),
  ]));
  byId("decks").replaceChildren(whole || element("li", { class: "small", text: "None were built here; make decks builds them." }), single.length ? element("li", {}, [
    element("details", { "aria-label": "One deck alone" }, [element("summary", { text: single.length === 1 ? "One deck alone" : `One deck alone (${single.length})` }), element("ul", {}, single)]),
  ]) : "");
}
