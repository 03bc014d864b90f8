// What the connected wallet holds on all chains: a part of the form that the server fills.
import htmx from "htmx.org";
import { connected } from "./wallet.js";

const form = document.getElementById("ask");

/** Wire “use it from any chain”. */
export function setUpHoldings() {
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-use-anywhere]");
    if (button) useAnywhere(button.dataset.useAnywhere);
  });
}

/** Choose an asset wherever it is held, as if it had been picked from the list. */
export function useAnywhere(value) {
  form.elements.from.value = value;
  form.elements.from.dispatchEvent(new Event("input", { bubbles: true }));
}

let asked = 0;

/** Show what the connected wallet holds of what is about to be sent; nothing without a wallet. */
export async function showHoldings() {
  const place = document.getElementById("holdings");
  if (!place) return;
  const user = connected()?.account;
  const mine = (asked += 1);
  if (!user) return place.replaceChildren();
  const query = new URLSearchParams({ user, from: form.elements.from.value });
  const answer = await fetch(`${place.dataset.holdings}?${query}`).catch(() => null);
  const text = answer?.ok ? await answer.text() : "";
  if (mine === asked) htmx.swap(place, text, { swapStyle: "innerHTML" });
}
