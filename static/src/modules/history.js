// The filters of the history: days are the reader's own, and the address says only what is asked for.
const form = document.querySelector("[data-history]");

/** Wire the filters; does nothing elsewhere. */
export function setUpHistory() {
  if (!form) return;
  form.elements.zone.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  form.addEventListener("htmx:configRequest", ({ detail }) => {
    const asked = detail.parameters;
    if (!asked.since && !asked.until) delete asked.zone;
    for (const name of Object.keys(asked)) if (asked[name] === "") delete asked[name];
  });
}
