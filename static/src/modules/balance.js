// What the connected wallet holds of the token that is sent, and buttons for shares of it.
import { exactAmount } from "./amounts.js";
import { choiceOf } from "./choices.js";
import { connected } from "./wallet.js";
import { say } from "./words.js";

const SHARES = [25n, 50n, 75n, 100n];

const form = document.getElementById("ask");

/** Which chain of which network list a choice such as alder:USDC is on, with the symbol; null for none. */
export function originOf(value) {
  const [slug, symbol] = String(value).split(":");
  const network = JSON.parse(document.getElementById("network").textContent);
  const entry = Object.entries(network).find(([, each]) => JSON.parse(each.trust).slug === slug);
  return entry ? { id: entry[0], network, symbol } : null;
}

/** The ids of all chains of the network list. */
export function chainIds() {
  return Object.keys(JSON.parse(document.getElementById("network").textContent));
}

/** Show the balance when it is known; `onPick()` follows a click on a share. Of a coin its gas is not offered. */
export function showBalance(onPick) {
  const line = form.querySelector("[data-balance]");
  const choice = choiceOf(form.elements.from.value);
  line.hidden = !(connected() && choice?.spendable);
  if (line.hidden) return;
  const text = document.createElement("span");
  text.textContent = say("balance", { amount: `${choice.held || "0"} ${choice.symbol}` });
  const spendable = BigInt(choice.spendable);
  const isFree = Boolean(form.querySelector("input[name=exact][value=input]"));
  const { decimals } = choice;
  const buttons = spendable > 0n && isFree ? SHARES.map((share) => button(share, { spendable, decimals, onPick })) : [];
  line.replaceChildren(text, ...buttons);
}

function button(share, { spendable, decimals, onPick }) {
  const made = document.createElement("button");
  made.type = "button";
  made.dataset.share = String(share);
  made.textContent = share === 100n ? say("use_all") : `${share} %`;
  made.addEventListener("click", () => {
    form.elements.amount.value = exactAmount((spendable * share) / 100n, Number(decimals));
    form.querySelector("input[name=exact][value=input]").checked = true;
    onPick();
  });
  return made;
}
