// The time slider: arrows go from event to event, the page's part for a moment comes from the server.
import htmx from "htmx.org";

const PAUSE_MS = 120;

/** Wire the slider of a transfer's page, if this is one. */
export function setUpSlider() {
  const root = document.querySelector("[data-replay]");
  if (!root) return;
  const range = root.querySelector("input[type=range]");
  root.querySelector("[data-without-script]").hidden = true;
  let timer = 0;
  const show = (at) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => load(root, at), PAUSE_MS);
  };
  range.addEventListener("input", () => show(range.value));
  range.addEventListener("keydown", (event) => pressed(event, root, range, show));
  range.form.addEventListener("submit", (event) => {
    event.preventDefault();
    show(range.value);
  });
  document.body.addEventListener("click", (event) => clicked(event, root, show));
  root.addEventListener("htmx:afterSwap", () => shown(root, range));
}

function load(root, at) {
  const url = `${root.dataset.url}?at=${encodeURIComponent(at)}`;
  htmx.ajax("GET", url, { target: "#replay-then", swap: "innerHTML" });
}

function pressed(event, root, range, show) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const then = root.querySelector(".then");
  const stops = { ArrowLeft: then.dataset.previous, ArrowDown: then.dataset.previous };
  Object.assign(stops, { ArrowRight: then.dataset.following, ArrowUp: then.dataset.following });
  if (!(event.key in stops)) return;
  event.preventDefault();
  if (!stops[event.key]) return;
  range.value = stops[event.key];
  show(stops[event.key]);
}

function clicked(event, root, show) {
  const link = event.target.closest("a[data-stop]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  if (!root.contains(link)) root.scrollIntoView({ block: "start" });
  root.dataset.focus = root.contains(link) ? link.textContent.trim().slice(0, 1) : "";
  show(new URL(link.href).searchParams.get("at"));
}

function shown(root, range) {
  const then = root.querySelector(".then");
  range.value = then.dataset.at;
  range.setAttribute("aria-valuetext", then.dataset.said);
  root.querySelector("#replay-said").textContent = then.dataset.said;
  for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  if (!root.dataset.focus) return;
  // The link that was pressed is gone: its successor, or the slider, has the focus.
  const links = [...then.querySelectorAll("a[data-stop]")];
  (links.find((link) => link.textContent.includes(root.dataset.focus)) ?? range).focus();
  root.dataset.focus = "";
}
