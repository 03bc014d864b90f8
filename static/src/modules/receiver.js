// A name becomes the address it leads to: the form, its link and all that is confirmed hold the address, never a name.
const form = document.getElementById("ask");

/** Wire the field of the receiver; `onTaken()` follows when a name was replaced. Nothing on pages without it. */
export function setUpReceiver(onTaken) {
  const field = form?.elements.recipient;
  if (!field) return;
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "receiver") return;
    const found = event.target.querySelector("[data-typed]");
    // Whoever typed on meanwhile gets an answer to that.
    if (found?.dataset.typed !== form.elements.recipient.value.trim()) return;
    form.elements.recipient.value = found.dataset.address;
    onTaken();
  });
}
