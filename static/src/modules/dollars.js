// The amount in dollars: shown beside it, and typed instead of it for who thinks in dollars. The form still sends tokens.
import { exactAmount } from "./amounts.js";
import { choiceOf } from "./choices.js";
import { say } from "./words.js";

// As the server reads it: a comma or a blank parts thousands only, 1,5 is not 15.
const DECIMAL = /^(?:[1-9]\d{0,2}(?:[ ,]\d{3})+|\d*)\.?\d*$/;
const EXTRA_DIGITS = 4;
const USD_DIGITS = 8;

/** What decimal text of a token is worth as text such as 99.87, "" when that cannot be said. `price_e8` is USD × 10^8. */
export function worth(amount, { price_e8, decimals }) {
  const units = unitsOf(amount, Number(decimals));
  if (!price_e8 || units === null) return "";
  const e8 = (units * BigInt(price_e8)) / 10n ** BigInt(decimals);
  if (units > 0n && e8 < 1_000_000n) return "< 0.01";
  const cents = (e8 / 1_000_000n).toString().padStart(3, "0");
  return `${cents.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",")}.${cents.slice(-2)}`;
}

/** Dollars as decimal text of a token, rounded down to what a hundredth of a cent can buy; "" when not possible. */
export function bought(dollars, { price_e8, decimals }) {
  const e8 = unitsOf(String(dollars).replace(/^\$/, ""), USD_DIGITS);
  if (!price_e8 || e8 === null) return "";
  const kept = Math.min(Number(decimals), Math.max(0, String(price_e8).length - USD_DIGITS) + EXTRA_DIGITS);
  return exactAmount((e8 * 10n ** BigInt(kept)) / BigInt(price_e8), kept);
}

function unitsOf(text, decimals) {
  const plain = String(text).trim();
  if (!DECIMAL.test(plain) || !/\d/.test(plain)) return null;
  const [whole, fraction = ""] = plain.replace(/[ ,]/g, "").split(".");
  return BigInt(`${whole || "0"}${fraction.slice(0, decimals).padEnd(decimals, "0")}`);
}

const form = globalThis.document?.getElementById("ask");

/** Wire the switch between tokens and dollars; `onTyped()` follows what is typed in dollars. */
export function setUpDollars(onTyped) {
  if (!form) return;
  form.addEventListener("click", (event) => event.target.closest("[data-dollars]") && turn());
  form.addEventListener("input", (event) => {
    if (event.target.id === "dollars") {
      form.elements.amount.value = bought(event.target.value, priced() ?? {});
      onTyped();
    }
    showWorth();
  });
}

/** Say beside the amount what it is worth, or in dollars how much of the token it is. */
export function showWorth() {
  const line = form?.querySelector("[data-worth]");
  if (!line) return;
  const choice = priced();
  const value = choice ? worth(form.elements.amount.value, choice) : "";
  const box = form.querySelector("#dollars");
  const isDollars = !box.hidden;
  line.querySelector("span").textContent = isDollars
    ? form.elements.amount.value && say("worth_tokens", { amount: form.elements.amount.value, symbol: choice?.symbol ?? "" })
    : value && (value.startsWith("<") ? say("worth_cent") : say("worth_dollars", { amount: value }));
  const button = line.querySelector("[data-dollars]");
  button.hidden = !(isDollars || choice?.price_e8);
  button.textContent = say(isDollars ? "in_tokens" : "in_dollars", { symbol: choice?.symbol ?? "" });
  line.hidden = button.hidden && !value;
}

function priced() {
  const isOutput = new FormData(form).get("exact") === "output";
  return choiceOf(form.elements[isOutput ? "to" : "from"].value);
}

function turn() {
  const box = form.querySelector("#dollars");
  const { amount } = form.elements;
  const isDollars = box.hidden;
  if (isDollars) box.value = (worth(amount.value, priced() ?? {}) || "").replace(/[<\s,]/g, "");
  box.hidden = !isDollars;
  amount.hidden = isDollars;
  form.querySelector("label[for=amount],label[for=dollars]").htmlFor = isDollars ? "dollars" : "amount";
  (isDollars ? box : amount).focus();
  showWorth();
}
