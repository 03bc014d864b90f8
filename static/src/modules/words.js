// The page's texts, in the reader's language.
// Tests read these modules without a page.
const page = globalThis.document;
const block = page?.getElementById("words");
const words = block ? JSON.parse(block.textContent) : {};

export const language = words.language ?? page?.documentElement.lang ?? "en";

/** The text `name` with its `{place}`s filled; the name itself when the page has no such text. */
export function say(name, params = {}) {
  const text = words[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (place, key) => (key in params ? String(params[key]) : place));
}
