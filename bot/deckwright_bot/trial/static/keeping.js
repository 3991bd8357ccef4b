// What a reload shall not lose: who one was, where, what was read, how far the tour was. A trial's address is its own.

const name = (key) => `${window.location.pathname}${key}`;

// A browser may keep nothing; then a reload begins anew.
export function kept(key, otherwise) {
  try { return JSON.parse(sessionStorage.getItem(name(key))) ?? otherwise; } catch { return otherwise; }
}

export function keep(key, value) {
  try { sessionStorage.setItem(name(key), JSON.stringify(value)); } catch { /* not kept */ }
}
