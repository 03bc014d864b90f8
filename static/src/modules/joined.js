// A chain that joined while the page was open: the figures and cards below it were written before it was there.
import htmx from "htmx.org";

// The server keeps its figures for some seconds.
const KEPT_MS = 6000;
const asked = new Set();

/** Fetch the page's other parts anew, once for each chain that is connected and has no card yet. */
export function showJoined() {
  const place = document.querySelector("[data-joined]");
  if (!place) return;
  for (const { dataset } of document.querySelectorAll("[data-join][data-state=done]")) {
    if (asked.has(dataset.join) || document.getElementById(`chain-${dataset.join}`)) continue;
    asked.add(dataset.join);
    window.setTimeout(() => htmx.trigger(place, "waymeet:joined"), KEPT_MS);
  }
}
