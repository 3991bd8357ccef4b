// What comes from the server and what goes to it.

let source = null;

// Hear all that one person sees; `hear` is given parts to set and parts that are gone.
export function listen(person, hear, lost) {
  if (source) { source.close(); }
  let fresh = true;
  source = new EventSource(`events?as=${person}`);
  source.onopen = () => { fresh = true; lost(false); };
  source.onerror = () => lost(true);
  source.onmessage = (event) => {
    hear(JSON.parse(event.data), fresh);
    fresh = false;
  };
}

async function post(path, body) {
  let answer;
  try {
    answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  } catch {
    return { refused: "The trial does not answer. Is it still running in its terminal?" };
  }
  if (answer.ok) { return answer.json(); }
  return { refused: answer.status === 413 ? "Request entity too large" : `${answer.status}: ${answer.statusText}` };
}

export const act = (person, what) => post(`act?as=${person}`, what);
export const time = (what) => post("time", what);
