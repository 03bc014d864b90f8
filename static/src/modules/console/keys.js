// The keyboard: / searches, j and k walk the lines, n and p turn pages, ? shows the keys.
const LINES = "[data-line] a[data-open]";

/** Wire the keys of the whole page. */
export function setUpKeys() {
  const button = document.querySelector("[data-keys]");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", showKeys);
  }
  document.addEventListener("keydown", pressed);
}

function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && event.target.id === "find") return event.target.blur();
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

const KEYS = {
  "/": () => document.getElementById("find")?.select(),
  "?": showKeys,
  j: () => walk(1),
  k: () => walk(-1),
  n: () => document.querySelector("a[rel=next]")?.click(),
  p: () => document.querySelector("a[rel=prev]")?.click(),
};

function isTyping(target) {
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

function walk(by) {
  const lines = [...document.querySelectorAll(LINES)];
  if (!lines.length) return;
  const at = lines.findIndex((line) => line.closest("[data-line]").contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : lines.length - 1) : Math.min(lines.length - 1, Math.max(0, at + by));
  lines[next].focus();
  lines[next].closest("[data-line]").scrollIntoView({ block: "nearest" });
}

function showKeys() {
  document.getElementById("keys-dialog")?.showModal();
}
