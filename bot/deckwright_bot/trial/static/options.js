// A line such as "/quiz solo deck: Theory level: easy" taken apart, and what could come next in it.

const BOOLEAN = 5, USER = 6, CHANNEL = 7, ROLE = 8, MENTIONABLE = 9;

export const isCommand = (text) => text.startsWith("/");

// The command that a line names, or null: the longest name it begins with.
export function commandOf(text, commands) {
  const words = text.slice(1);
  const fits = commands.filter((each) => words === each.name || words.startsWith(`${each.name} `));
  return fits.sort((a, b) => b.name.length - a.name.length)[0] || null;
}

// The options of a line: name, typed value, and where each begins and ends.
export function valuesOf(text, command) {
  const from = command.name.length + 1, names = new Set(command.options.map((each) => each.name)), found = [];
  for (const match of text.slice(from).matchAll(/(?:^|\s)([\p{L}\p{N}_-]+):/gu)) {
    if (names.has(match[1]) && !found.some((each) => each.name === match[1])) {
      found.push({ name: match[1], at: from + match.index, begins: from + match.index + match[0].length });
    }
  }
  found.forEach((each, n) => {
    each.ends = n + 1 < found.length ? found[n + 1].at : text.length;
    each.typed = text.slice(each.begins, each.ends).trim();
  });
  return found;
}

// What stands before the first option and so belongs to none; Discord's client sends no such line.
export function leftover(text, command) {
  const from = command.name.length + 1, first = valuesOf(text, command)[0];
  return text.slice(from, first ? first.at : text.length).trim();
}

// What stands at the caret: the command's name, an option's value, or room for a further option.
export function placeOf(text, caret, commands) {
  const command = commandOf(text, commands);
  if (!command || caret <= command.name.length) { return { kind: "command", typed: text.slice(1, caret).trimStart() }; }
  const values = valuesOf(text, command), before = [...values].reverse().find((each) => each.begins <= caret);
  const option = before && command.options.find((each) => each.name === before.name);
  const left = command.options.filter((each) => !values.some((one) => one.name === each.name));
  if (before && option) {
    const open = text.slice(before.begins, caret);
    const done = open.trim() && /\s$/.test(open) && !known(option);
    const word = /\s(\S*)$/.exec(open);
    if (!done) { return { kind: "value", command, option, value: before, values, typed: open.trim(), left, word: word ? word[1] : "" }; }
    return { kind: "option", command, typed: "", left, values };
  }
  return { kind: "option", command, typed: /(\S*)$/.exec(text.slice(command.name.length + 1, caret))[1], left, values };
}

// Whether an option's values are all known here, or can be asked for.
export function known(option) {
  return Boolean(option.choices || option.autocomplete || [BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE].includes(option.type));
}

// The values that an option offers by itself; autocomplete is asked of the bot instead.
export function offered(option, names) {
  const listed = (from, mark) => Object.entries(from).map(([value, name]) => ({ name: mark + name, value }));
  if (option.choices) { return option.choices.map((each) => ({ name: each.name, value: String(each.value) })); }
  switch (option.type) {
    case BOOLEAN: return [{ name: "True", value: "true" }, { name: "False", value: "false" }];
    case USER: return listed(names.users, "@");
    case CHANNEL: return listed(names.texts, "#");
    case ROLE: return listed(names.roles, "@");
    case MENTIONABLE: return [...listed(names.users, "@"), ...listed(names.roles, "@")];
    default: return [];
  }
}

export function fitting(list, typed) {
  const wanted = typed.toLowerCase(), starts = (each) => each.name.toLowerCase().replace(/^[@#]/, "").startsWith(wanted.replace(/^[@#]/, ""));
  return list.filter((each) => each.name.toLowerCase().includes(wanted)).sort((a, b) => Number(starts(b)) - Number(starts(a)));
}

// What is sent: each option's value, the picked one where what is typed is what was picked.
export function sendable(values, command, picked, names) {
  const out = {};
  for (const each of values) {
    const option = command.options.find((one) => one.name === each.name);
    const chosen = picked.get(`${command.name}/${each.name}`);
    const same = offered(option, names).find((one) => one.name.toLowerCase() === each.typed.toLowerCase());
    out[each.name] = chosen && chosen.name === each.typed ? chosen.value : same ? same.value : each.typed;
  }
  return out;
}
