// A message as its readers see it.
import { element, size } from "./dom.js";
import { markdown, written } from "./markdown.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };
const COLOURS = 6;

// `here` has the names, the clock, who looks, and what a click does.
export function message(shown, about) {
  const here = { ...about, names: about.names, person: about.person, bot: about.bot, options: optionsTold(shown) };
  const author = here.names.users[shown.author] || "?";
  const bot = shown.author === here.bot;
  const at = written(shown.at, "t", here.now());
  const made = element("article", {
    class: ["message", shown.private ? "private" : "", shown.pings.includes(here.person) ? "pinged" : ""].join(" ").trim(),
    id: `m-${shown.id}`, tabindex: "-1", "aria-label": `${author}, ${at}${shown.private ? ", only you can see this" : ""}`,
  });
  if (shown.kind === "PINNED" || shown.kind === "THREAD_CREATED") {
    made.append(element("p", { class: "notice" }, [
      element("strong", { text: author }), shown.kind === "PINNED" ? " pinned a message to this channel." : " started a thread.", ` ${at}`,
    ]));
    return made;
  }
  made.append(context(shown, here), avatar(here.colour(shown.author), author), element("div", { class: "body" }, [
    element("p", { class: "by" }, [
      element("strong", { class: "name", text: author }), bot ? element("span", { class: "app", text: "APP" }) : "",
      element("span", { class: "at", text: at }), shown.pinned ? element("span", { class: "at", text: "· pinned" }) : "",
    ]),
    shown.thinking ? element("p", { class: "thinking", text: `${author} is thinking…` }) : "",
    shown.content ? element("div", { class: "content" }, markdown(shown.content, here.names, here.now())) : "",
    ...shown.embeds.map((each) => embed(each, here)),
    ...shown.files.map((each) => file(each, here)),
    ...components(shown.components, shown, here),
    shown.edited ? element("p", { class: "at", text: "(edited)" }) : "",
    shown.thread && here.names.channels[shown.thread]
      ? element("button", { type: "button", class: "jump thread", "data-channel": shown.thread, text: `Thread: ${here.names.channels[shown.thread]}` }) : "",
    shown.private ? element("p", { class: "only" }, [
      "Only you can see this · ",
      element("button", { type: "button", class: "jump", text: "Dismiss message", onclick: () => here.dismiss(shown) }),
    ]) : "",
    element("p", { class: "refused", role: "alert", "data-refused": shown.id }),
  ]));
  return made;
}

export function avatar(place, name) {
  return element("span", { class: `avatar colour-${Math.max(0, place) % COLOURS}`, "aria-hidden": "true", text: [...name][0] || "?" });
}

function context(shown, here) {
  if (shown.used) {
    const who = here.names.users[shown.used.who] || "?";
    return element("p", { class: "context" }, [element("strong", { text: who }), " used ", element("span", { class: "command", text: `/${shown.used.what}` })]);
  }
  if (shown.reply) {
    return element("p", { class: "context" }, [
      "↪ ", element("strong", { text: here.names.users[shown.reply.who] || "?" }), " ",
      element("button", { type: "button", class: "jump", "data-message": shown.reply.id, text: shown.reply.what }),
    ]);
  }
  return "";
}

function embed(shown, here) {
  const made = element("div", { class: "embed" });
  if (Number.isInteger(shown.color)) { made.style.borderInlineStartColor = `#${shown.color.toString(16).padStart(6, "0")}`; }
  const text = (words) => markdown(words, here.names, here.now());
  if (shown.author && shown.author.name) { made.append(element("p", { class: "embed-author", text: shown.author.name })); }
  if (shown.title) { made.append(element("h3", { class: "embed-title" }, text(shown.title).flatMap((each) => [...each.childNodes]))); }
  if (shown.description) { made.append(element("div", { class: "embed-text" }, text(shown.description))); }
  if (shown.fields && shown.fields.length) {
    made.append(element("div", { class: "fields" }, shown.fields.map((each) => element("div", { class: each.inline ? "field inline" : "field" }, [
      each.name.trim() && each.name !== "\u200b" ? element("p", { class: "field-name" }, text(each.name)) : "", element("div", {}, text(each.value)),
    ]))));
  }
  for (const found of [shown.image, shown.thumbnail]) { if (found) { made.append(picture(found, here)); } }
  if (shown.footer && shown.footer.text) { made.append(element("p", { class: "embed-footer", text: shown.footer.text })); }
  return made;
}

function picture(shown, here) {
  // Cards are drawn at twice the size at which they are read.
  return element("img", {
    src: `${shown.address}?as=${here.person}`, alt: shown.words || shown.name, loading: "lazy",
    width: Math.ceil(shown.width / 2), height: Math.ceil(shown.height / 2),
  });
}

function file(shown, here) {
  if (shown.picture) { return picture(shown, here); }
  return element("p", { class: "file" }, [
    element("a", { href: `${shown.address}?as=${here.person}`, download: shown.name, text: shown.name }),
    element("span", { class: "at", text: ` ${size(shown.bytes)}` }),
  ]);
}

// ---------------------------------------------------------------- buttons and selects

function components(list, shown, here) {
  return list.map((one) => component(one, shown, here)).filter(Boolean);
}

function component(one, shown, here) {
  switch (one.type) {
    case 1: return element("div", { class: "row" }, components(one.components, shown, here));
    case 2: return button(one, shown, here);
    case 3: case 5: case 6: case 7: case 8: return select(one, shown, here);
    case 9: return element("div", { class: "section" }, [...components(one.components, shown, here), one.accessory ? component(one.accessory, shown, here) : ""]);
    case 10: return element("div", { class: "content" }, markdown(one.content, here.names, here.now()));
    case 14: return element("hr");
    case 17: return element("div", { class: "embed" }, components(one.components, shown, here));
    default: return null;
  }
}

function button(one, shown, here) {
  const style = STYLES[one.style] || "secondary", label = one.label || (one.emoji && one.emoji.name) || "…";
  if (style === "link") {
    return /^https?:\/\//i.test(one.url) ? element("a", { class: "press link", href: one.url, target: "_blank", rel: "noopener noreferrer nofollow", text: label }) : null;
  }
  const told = here.options.get(label);
  return element("button", {
    type: "button", class: `press ${style}`, disabled: Boolean(one.disabled), "data-component": one.custom_id, text: label,
    "aria-label": told ? `${label}: ${plain(told, here)}` : null,
    onclick: (event) => here.act(event.currentTarget, shown, { do: "click", channel: shown.channel, message: shown.id, component: one.custom_id }),
  });
}

// Where a message tells its options ("**A** words"), by their letters: a button that says only "A" is named by them.
function optionsTold(shown) {
  const inside = (one) => [one.content || "", ...(one.components || []).flatMap(inside)];
  const told = [shown.content, ...shown.embeds.flatMap((each) => [each.description, ...(each.fields || []).map((field) => field.value)]), ...shown.components.flatMap(inside)];
  return new Map(told.flatMap((text) => [...(text || "").matchAll(/^\*\*([A-Z])\*\*\s+(\S.*)$/gm)]).map(([, letter, words]) => [letter, words]));
}

const plain = (text, here) => markdown(text, here.names, here.now()).map((each) => each.textContent).join(" ");

// While one button of a message waits for its answer, the others do nothing; `pressed` shows that it does.
export function lockButtons(article, pressed, waiting = Boolean(pressed)) {
  if (!article) { return; }
  article.classList.toggle("waiting", waiting);
  for (const each of article.querySelectorAll("[data-component]")) {
    if (waiting) { each.setAttribute("aria-disabled", "true"); } else { each.removeAttribute("aria-disabled"); }
    if (each === pressed) { each.setAttribute("aria-busy", "true"); } else if (!waiting) { each.removeAttribute("aria-busy"); }
  }
}

// The options of a select of any kind: its own, or people, roles and channels.
export function optionsOf(one, names) {
  const listed = (from, mark) => Object.entries(from).map(([value, name]) => ({ value, label: mark + name }));
  switch (one.type) {
    case 3: case 21: case 22: return one.options || [];
    case 5: return listed(names.users, "");
    case 6: return listed(names.roles, "@");
    case 7: return [...listed(names.users, ""), ...listed(names.roles, "@")];
    case 8: return listed(names.texts, "#");
    default: return [];
  }
}

function select(one, shown, here) {
  const name = one.placeholder || "Choose", options = optionsOf(one, here.names);
  const field = element("select", { "aria-label": name, disabled: Boolean(one.disabled), multiple: (one.max_values || 1) > 1, onchange: () => ready() }, [
    (one.max_values || 1) > 1 ? "" : element("option", { value: "", text: name }),
    ...options.map((each) => element("option", { value: each.value, selected: Boolean(each.default), text: each.description ? `${each.label} · ${each.description}` : each.label })),
  ]);
  const values = () => [...field.selectedOptions].map((each) => each.value).filter(Boolean);
  const send = element("button", {
    type: "button", class: "press secondary", text: "Choose", "data-component": one.custom_id,
    onclick: (event) => here.act(event.currentTarget, shown, { do: "select", channel: shown.channel, message: shown.id, component: one.custom_id, values: values() }),
  });
  // Nothing chosen is nothing to send, unless the bot takes that too.
  const ready = () => { send.disabled = Boolean(one.disabled) || (one.min_values !== 0 && !values().length); };
  ready();
  return element("div", { class: "select" }, [field, send]);
}
