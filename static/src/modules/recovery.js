// The recovery code: a whole order as one line of text, `wm1.` and its JSON in URL-safe base64. Pure.
const PREFIX = "wm1.";
const MOST_CHARACTERS = 16384;

/** The order (JSON as in quotes) as a recovery code. */
export function recoveryCode(order) {
  const bytes = new TextEncoder().encode(JSON.stringify(order));
  const encoded = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return PREFIX + encoded.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The order's JSON in a recovery code, not yet checked; null when the text is none. */
export function orderOfCode(code) {
  const text = code.replace(/\s+/g, "");
  if (!text.startsWith(PREFIX) || text.length > MOST_CHARACTERS) return null;
  try {
    const encoded = text.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    const order = JSON.parse(new TextDecoder().decode(bytes));
    return order && typeof order === "object" ? order : null;
  } catch {
    return null;
  }
}
