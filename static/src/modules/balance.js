// What the connected wallet holds of the token that is sent, and buttons for shares of it.
import { exactAmount, shownAmount } from "./amounts.js";
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

/** Show the balance, when the wallet is on the token's chain; `onPick()` follows a click on a share. */
export async function showBalance(onPick) {
  const line = document.querySelector("[data-balance]");
  const asked = form.elements.from.value;
  const origin = originOf(asked);
  line.hidden = true;
  if (!connected() || !origin) return;
  try {
    const chain = trustedChain(origin.network, origin.id);
    const token = chain.tokens.find((each) => each.symbol === origin.symbol);
    const units = await tokenBalance(token.address, chain.wallet);
    if (units === null) return;
    const kept = BigInt(token.address) === 0n ? await gasCost(OPEN_GAS) : 0n;
    if (form.elements.from.value === asked) offer(line, { units, kept, token, onPick });
  } catch {
    // A balance is a convenience: the quote says when it is not enough.
  }
}

function offer(line, { units, kept, token, onPick }) {
  const decimals = Number(token.decimals);
  const text = document.createElement("span");
  text.textContent = say("balance", { amount: `${shownAmount(units, decimals)} ${token.symbol}` });
  const spendable = units > kept ? units - kept : 0n;
  const isFree = Boolean(form.querySelector("input[name=exact][value=input]"));
  const buttons = spendable > 0n && isFree ? SHARES.map((share) => button(share, { spendable, decimals, onPick })) : [];
  line.replaceChildren(text, ...buttons);
  line.hidden = false;
}

function button(share, { spendable, decimals, onPick }) {
  const made = document.createElement("button");
  made.type = "button";
  made.dataset.share = String(share);
  made.textContent = share === 100n ? say("use_all") : `${share} %`;
  made.addEventListener("click", () => {
    form.elements.amount.value = exactAmount((spendable * share) / 100n, decimals);
    form.querySelector("input[name=exact][value=input]").checked = true;
    onPick();
  });
  return made;
}
