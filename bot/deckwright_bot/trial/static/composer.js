// The line one writes in: messages, and after a "/" commands with their options and suggestions.
import { byId, element } from "./dom.js";
import { commandOf, fitting, isCommand, known, leftover, offered, placeOf, sendable, valuesOf } from "./options.js";

const PAUSE = 120;
const MOST = 25;

// `here` gives commands, names, the channel, and how to send; see app.js.
export function composer(here) {
  const line = byId("write"), box = byId("suggestions"), list = byId("options"), hint = byId("hint"), refused = byId("refused");
  const picked = new Map();
  let shown = [], active = -1, asked = 0, waiting = 0, dismissed = "";

  function close() {
    box.hidden = true;
    shown = [];
    active = -1;
    list.replaceChildren();
    line.setAttribute("aria-expanded", "false");
    line.removeAttribute("aria-activedescendant");
  }

  function mark() {
    [...list.children].forEach((each, n) => each.setAttribute("aria-selected", String(n === active)));
    const now = list.children[active];
    if (now) { line.setAttribute("aria-activedescendant", now.id); now.scrollIntoView({ block: "nearest" }); }
    else { line.removeAttribute("aria-activedescendant"); }
  }

  function show(found, words, first) {
    shown = found.slice(0, MOST);
    hint.textContent = words;
    box.hidden = !shown.length && !words;
    line.setAttribute("aria-expanded", String(shown.length > 0));
    list.hidden = !shown.length;
    list.replaceChildren(...shown.map((each, n) => element("li", {
      id: `option-${n}`, role: "option", "aria-selected": "false",
      onmousedown: (event) => event.preventDefault(), onclick: () => { active = n; pick(); },
    }, [element("span", { class: "option-name", text: each.label || each.name }), each.about ? element("span", { class: "option-about", text: each.about }) : ""])));
    active = first && shown.length ? Math.max(0, shown.findIndex((each) => each.exact)) : -1;
    mark();
  }

  async function look() {
    const text = line.value, number = asked += 1;
    window.clearTimeout(waiting);
    if (!isCommand(text) || dismissed === text) { close(); return; }
    const commands = here.commands(), place = placeOf(text, line.selectionStart, commands);
    if (place.kind === "command") {
      const words = place.typed.toLowerCase();
      const found = commands.filter((each) => each.name.startsWith(words)).concat(commands.filter((each) => !each.name.startsWith(words) && `${each.name} ${each.about}`.toLowerCase().includes(words)));
      show(found.map((each) => ({
        label: `/${each.name}`, about: each.about, fill: `/${each.name} ${begun(each)}`, exact: each.name === words && !each.options.some((one) => one.required),
      })), found.length ? "" : "No command matches.", true);
      return;
    }
    const usage = `/${place.command.name} · ${place.command.about}`;
    if (place.kind === "option") {
      const found = place.left.filter((each) => each.name.startsWith(place.typed.toLowerCase()));
      const needed = place.left.some((each) => each.required);
      const start = line.selectionStart - place.typed.length;
      show(found.map((each) => ({ label: `${each.name}:`, about: each.description + (each.required ? " (required)" : ""), fill: spaced(text.slice(0, start)) + named(each), rest: text.slice(line.selectionStart) })), place.typed && !found.length ? "No option matches." : usage, needed || place.typed !== "");
      return;
    }
    const words = `${place.option.name} · ${place.option.description}`;
    // What is still required is asked for next, so that what is typed on is no part of this value.
    const needed = place.left.find((each) => each.required), further = needed && !text.slice(place.value.ends).trim() ? named(needed) : "";
    const same = (name) => name.toLowerCase() === place.value.typed.toLowerCase();
    const value = (each) => ({ label: each.name, name: each.name, exact: !further && same(each.name), value: each.value, option: place.option.name, command: place.command.name, fill: `${text.slice(0, place.value.begins)} ${each.name} ${further}`, rest: text.slice(place.value.ends) });
    const chosen = picked.get(`${place.command.name}/${place.option.name}`), exact = chosen && chosen.name === place.typed;
    if (exact) {
      show(place.left.map((each) => ({ label: `${each.name}:`, about: each.description, fill: spaced(text) + named(each) })), usage, false);
    } else if (place.option.autocomplete) {
      // What was offered for something else is not to be picked meanwhile.
      show([], words, false);
      waiting = window.setTimeout(async () => {
        const options = sendable(place.values, place.command, picked, here.names());
        const answer = await here.send({ do: "suggest", channel: here.channel(), command: place.command.name, option: place.option.name, typed: place.typed, options });
        if (number === asked) { show((answer.choices || []).map(value), words, true); }
      }, PAUSE);
    } else if (known(place.option)) {
      show(fitting(offered(place.option, here.names()), place.typed).map(value), words, true);
    } else {
      show([], words, false);
    }
  }

  // A required option is asked for at once.
  function begun(command) {
    const first = command.options.find((each) => each.required);
    return first ? named(first) : "";
  }

  function named(option) { return `${option.name}:${known(option) ? "" : " "}`; }

  function spaced(text) { return text.endsWith(" ") ? text : `${text} `; }

  function pick() {
    const one = shown[active];
    if (!one) { return; }
    remember(one);
    put(one.fill + (one.rest || "").trimStart(), one.fill.length);
  }

  function remember(one) {
    if (one.option) { picked.set(`${one.command}/${one.option}`, { name: one.name, value: one.value }); }
  }

  function put(text, caret = text.length) {
    line.value = text;
    line.focus();
    line.setSelectionRange(caret, caret);
    grow();
    look();
  }

  function grow() {
    line.rows = Math.min(6, Math.max(1, line.value.split("\n").length));
  }

  async function send() {
    const text = line.value, command = isCommand(text) ? commandOf(text.trimEnd(), here.commands()) : null;
    refused.textContent = "";
    if (!text.trim()) { return; }
    close();
    if (isCommand(text) && !command) { refused.textContent = unknown(text); return; }
    const odd = command ? leftover(text, command) : "";
    if (odd) { refused.textContent = `${odd}: Not a valid value. ${taken(command)}`; return; }
    const options = command ? sendable(valuesOf(text, command), command, picked, here.names()) : null;
    line.value = "";
    grow();
    const answer = await here.send(command ? { do: "slash", channel: here.channel(), command: command.name, options } : { do: "say", channel: here.channel(), text });
    if (!answer.refused) { here.came(answer, command); return; }
    refused.textContent = Object.entries(answer.about || {}).map(([name, words]) => `${name}: ${words}`).join(" ") || answer.refused;
    if (!line.value) { line.value = text; grow(); }
  }

  // Discord's client sends no text that begins with "/" and names no command it offers.
  function unknown(text) {
    const word = text.split(/\s/)[0], inner = here.commands().filter((each) => `/${each.name}`.startsWith(`${word} `));
    return word.length > 1 && inner.length ? `${word} takes a further word: ${inner.map((each) => `/${each.name}`).join(", ")}.` : `There is no such command for ${here.who()} here.`;
  }

  function taken(command) {
    return command.options.length ? `/${command.name} takes ${command.options.map((each) => `${each.name}:`).join(", ")}.` : `/${command.name} takes no options.`;
  }

  line.addEventListener("input", () => { dismissed = ""; refused.textContent = ""; grow(); look(); });
  line.addEventListener("click", look);
  line.addEventListener("blur", () => window.setTimeout(() => { if (document.activeElement !== line) { close(); } }, 150));
  line.addEventListener("keydown", (event) => {
    if (event.isComposing) { return; }
    if (shown.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      active = (active + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length;
      mark();
    } else if (shown.length && event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      active = Math.max(0, active);
      pick();
    } else if (event.key === "Escape" && !box.hidden) {
      event.preventDefault();
      dismissed = line.value;
      close();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      // What is typed in full needs no choosing.
      const one = shown[active];
      if (one && one.exact) { remember(one); }
      if (one && !one.exact) { pick(); } else { send(); }
    }
  });
  byId("composer").addEventListener("submit", (event) => { event.preventDefault(); send(); });

  return {
    put,
    // Whether one may write here, and where "here" is.
    place(channel) {
      line.disabled = !channel.writable;
      line.placeholder = channel.writable ? `Message ${channel.kind === "thread" ? `“${channel.name}”` : (channel.kind === "direct" ? "@" : "#") + channel.name} or type /`
        : "You do not have permission to send messages in this channel.";
    },
  };
}
