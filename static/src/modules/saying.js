// The box for a plain sentence: the server reads it and answers with the form's fields.
const box = document.getElementById("say");

/** Wire the box; `onFilled({isComplete})` follows when the fields were filled in. Nothing on pages without it. */
export function setUpSaying({ onFilled }) {
  if (!box) return;
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.requestConfig?.elt !== box || event.target.id !== "fields") return;
    const said = document.getElementById("said");
    // An answer to a question is a sentence too: the box says what was read.
    if (said.dataset.text) document.getElementById("say-text").value = said.dataset.text;
    onFilled({ isComplete: "complete" in said.dataset });
  });
}
