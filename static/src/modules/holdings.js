// What the connected wallet holds on all chains: a part of the form that the server fills.
import htmx from "htmx.org";
import { connected } from "./wallet.js";

const form = document.getElementById("ask");
const place = document.getElementById("holdings");

/** Wire “use it from any chain”; `onPick()` follows a click. */
export function setUpHoldings(onPick) {
  place?.addEventListener("click", (event) => {
    const button = event.target.closest("[data-use-anywhere]");
    if (!button) return;
    form.elements.from.value = button.dataset.useAnywhere;
    form.querySelector("input[name=confirm]").value = "auto";
    showHoldings();
    onPick();
  });
}

/** Show what the connected wallet holds of what is about to be sent; nothing without a wallet. */
export function showHoldings() {
  if (!place) return;
  const user = connected()?.account;
  if (!user) return place.replaceChildren();
  const asked = new URLSearchParams({ user, from: form.elements.from.value });
  htmx.ajax("GET", `${place.dataset.holdings}?${asked}`, { source: place, target: place, swap: "innerHTML" });
}
