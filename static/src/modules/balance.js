// What the connected wallet holds of the token that is sent, and buttons for shares of it.
import { exactAmount, shownAmount } from "./amounts.js";
import { choiceOf } from "./choices.js";
import { trustedChain } from "./trust.js";
import { connected, gasCost, tokenBalance } from "./wallet.js";
import { say } from "./words.js";

// What opening costs at most: of the coin that pays for it, that much stays.
const OPEN_GAS = 350_000;
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
  const { value } = form.elements.from;
  const choice = choiceOf(value);
  const known = connected() && choice?.spendable ? { ...choice, spendable: BigInt(choice.spendable) } : null;
  show(known, onPick);
  // The server's figure may be some seconds old; the wallet's own node knows better, on its active chain.
  if (known) newest(known, value).then((fresh) => fresh && form.elements.from.value === value && show(fresh, onPick));
}

async function newest(choice, value) {
  const origin = originOf(value);
  if (!origin) return null;
  try {
    const { tokens, wallet } = trustedChain(origin.network, origin.id);
    const { address } = tokens.find((each) => each.symbol === origin.symbol);
    const units = await tokenBalance(address, wallet);
    if (units === null) return null;
    const kept = BigInt(address) === 0n ? await gasCost(OPEN_GAS) : 0n;
    return { ...choice, held: shownAmount(units, choice.decimals), spendable: units > kept ? units - kept : 0n };
  } catch {
    return null;
  }
}

function show(choice, onPick) {
  const line = form.querySelector("[data-balance]");
  line.hidden = !choice;
  if (!choice) return;
  const { held, symbol, spendable, decimals } = choice;
  const text = document.createElement("span");
  text.textContent = say("balance", { amount: `${held || "0"} ${symbol}` });
  const isFree = Boolean(form.querySelector("input[name=exact][value=input]"));
  const buttons = spendable > 0n && isFree ? SHARES.map((share) => button(share, { spendable, decimals, onPick })) : [];
  // They stay together on a narrow screen.
  const shares = document.createElement("span");
  shares.className = "shares";
  shares.append(...buttons);
  line.replaceChildren(text, shares);
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
