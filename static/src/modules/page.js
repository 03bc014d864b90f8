// Small things every page has: copying, light or dark.
const THEMES = ["auto", "light", "dark"];
const YEAR_SECONDS = 365 * 24 * 3600;

/** Wire copy buttons and the theme switch. */
export function setUpPage() {
  document.body.addEventListener("click", copy);
  const print = document.querySelector("[data-print]");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }
  const button = document.querySelector("[data-theme-switch]");
  button.hidden = false;
  button.addEventListener("click", nextTheme);
}

async function copy(event) {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard?.writeText(button.dataset.copy).catch(() => undefined);
  button.classList.add("copied");
  window.setTimeout(() => button.classList.remove("copied"), 1200);
}

// From what is seen now to the other one, then back to what the system says.
function nextTheme() {
  const root = document.documentElement;
  const isSystemDark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  const order = isSystemDark ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
  const next = order[(order.indexOf(root.dataset.theme) + 1) % THEMES.length];
  root.dataset.theme = next;
  document.cookie = `theme=${next}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}
