// Lines that change while one reads: the focus stays where it was.
let focused = "";

/** Keep the focus on a line that is replaced, and show for a moment that it changed. */
export function setUpRows() {
  document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
    focused = event.detail.target?.contains(document.activeElement) ? document.activeElement.id : "";
  });
  document.body.addEventListener("htmx:oobAfterSwap", (event) => {
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    focused = "";
    const line = document.getElementById(event.detail.target?.id);
    if (line?.matches("[data-line]")) line.classList.add("changed");
  });
}
