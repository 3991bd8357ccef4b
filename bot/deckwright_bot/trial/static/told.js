// What the server has told this page, in named parts; who looks, and into which channel.

const parts = new Map();

export const view = { person: "", channel: "" };

const NOBODY = { users: {}, channels: {}, texts: {}, roles: {} };

export const part = (name, otherwise) => (parts.has(name) ? parts.get(name) : otherwise);
export const names = () => part("names", NOBODY);
export const channels = () => part("channels", []);
export const people = () => part("people", []);
export const clock = () => part("clock", { ahead: 0, moving: null, next: null });
export const now = () => Date.now() + clock().ahead;
export const channel = (id = view.channel) => channels().find((each) => each.id === id);

// Everybody has a colour by their place in the list of people.
export const colour = (id) => Object.keys(names().users).indexOf(id);

// Take in what changed; the kinds of parts that did. After a new beginning nothing older counts.
export function take(patch, fresh) {
  if (fresh) { parts.clear(); }
  const kinds = new Set();
  for (const name of patch.drop) { parts.delete(name); kinds.add(name.split(":")[0]); }
  for (const [name, value] of Object.entries(patch.set)) { parts.set(name, value); kinds.add(name.split(":")[0]); }
  return kinds;
}

// What one person sees is gone before the next one's is here.
export function forgetMessages() {
  for (const name of [...parts.keys()]) { if (name.startsWith("m:")) { parts.delete(name); } }
}

const listed = (prefix) => [...parts].filter(([name]) => name.startsWith(prefix)).map(([, value]) => value);

// The messages of a channel, or of all of them, in their order.
export function messages(id = "") {
  return listed(id ? `m:${id}:` : "m:").sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
}

export const entries = () => listed("b:").sort((a, b) => b.number - a.number);

// The buttons of a message; `action` names one of the bot's own kinds of button.
export function buttons(shown, action = "") {
  const inner = (one) => [one, ...(one.components || []).flatMap(inner), ...(one.accessory ? [one.accessory] : [])];
  return shown.components.flatMap(inner).filter((one) => (one.custom_id || "").startsWith(action ? `dw:${action}:` : "dw:"));
}

// Whether a message still asks for an answer.
export const asks = (shown) => ["pick", "open"].some((action) => buttons(shown, action).length > 0);
