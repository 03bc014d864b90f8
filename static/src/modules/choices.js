// What may be chosen at the two ends, as the server knows it: marks, prices, what the wallet holds, reasons against.
const FRESH_MS = 8000;

let known = new Map();
let asked = "";
let askedAt = -Infinity;
let running = null;

/** What is known of a choice such as alder:USDC, or undefined. */
export function choiceOf(value) {
  return known.get(value);
}

/** Have the newest for a wallet ("" for none) and what it would send; resolves when it is known, also without news. */
export function learnChoices({ user, from }) {
  const query = new URLSearchParams({ ...(user ? { user } : {}), ...(from ? { from } : {}) }).toString();
  if (query === asked && performance.now() - askedAt < FRESH_MS) return running;
  asked = query;
  askedAt = performance.now();
  running = read(query);
  return running;
}

async function read(query) {
  const answer = await fetch(`/choices?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
  const found = answer?.ok ? await answer.json().catch(() => null) : null;
  if (!found) {
    if (query === asked) askedAt = -Infinity;
    return;
  }
  if (query === asked) known = new Map(found.choices.map((choice) => [choice.value, choice]));
}
