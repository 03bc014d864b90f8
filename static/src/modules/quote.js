// The form and its quote: asks again when something changes, before the offer expires, and never while confirming.
import htmx from "htmx.org";
import { accountChanged, isConfirming, review, setUpDialog } from "./offer.js";
import { chainIds, originOf, showBalance } from "./balance.js";
import { assetOf } from "./anywhere.js";
import { shownAmount } from "./amounts.js";
import { choiceOf, learnChoices } from "./choices.js";
import { setUpChooser, showChosen } from "./chooser.js";
import { setUpDollars, showWorth } from "./dollars.js";
import { setUpHoldings, showHoldings, useAnywhere } from "./holdings.js";
import { choose, showWallet } from "./picker.js";
import { setUpReceiver } from "./receiver.js";
import { setUpSaying } from "./saying.js";
import { canBatch, connected, learnBatching, onWallet } from "./wallet.js";
import { say } from "./words.js";

const TYPING_PAUSE_MS = 350;
const REFRESH_BEFORE_SECONDS = 5;
const MOST_IDLE_REFRESHES = 20;
const OFFER_PATIENCE_MS = 10_000;

const form = document.getElementById("ask");
const region = document.getElementById("quote");
let expiresAt = 0;
let refreshes = 0;
let typing = 0;
let isRefreshing = false;
let isKept = false;
let seen = {};
let question = "";

/** Wire the form; does nothing on pages without one. */
export function setUpQuotes() {
  if (!form) return;
  form.addEventListener("submit", () => region.scrollIntoView({ block: "nearest" }));
  form.addEventListener("input", (event) => {
    // Another token or chain has other ways.
    if (["from", "to"].includes(event.target.name)) form.querySelector("input[name=confirm]").value = "auto";
    if (event.target.name !== "user") changed();
    if (event.target.name === "from") showHoldings();
    if (["from", "to"].includes(event.target.name)) {
      learn();
      if (form.elements.recipient.value.trim()) htmx.trigger("#recipient", "waymeet:receiver");
    }
  });
  setUpHoldings();
  form.addEventListener("click", (event) => event.target.closest("[data-flip]") && flip());
  setUpSaying({ onFilled: filled });
  setUpReceiver(changed);
  setUpChooser();
  setUpDollars(changed);
  showFlip();
  region.addEventListener("click", (event) => {
    // The way that was picked stays picked when the offer is refreshed.
    const wish = event.target.closest("button[name=prefer]");
    const preference = form.querySelector("input[name=prefer]");
    if (wish && preference) preference.value = wish.value;
    if (event.target.closest("[data-renew]")) refreshes = 0;
    if (event.target.closest("[data-keep-offer]")) keep(!isKept);
    const way = event.target.closest("button[name=confirm]");
    if (way) {
      form.querySelector("input[name=confirm]").value = way.value;
      if (form.elements.refund) form.elements.refund.value = "";
    }
    const elsewhere = event.target.closest("button[name=elsewhere]");
    if (elsewhere) takeElsewhere(event, elsewhere.value);
    const instead = event.target.closest("button[name=instead]");
    if (instead) takeInstead(event, instead.value);
    const button = event.target.closest("[data-confirm]");
    if (!button) return;
    if (button.hasAttribute("data-needs-wallet")) choose();
    else review();
  });
  document.body.addEventListener("htmx:configRequest", markRefresh);
  document.body.addEventListener("htmx:sendError", unanswered);
  window.addEventListener("online", () => region.querySelector("[data-unanswered]") && ask());
  for (const name of ["htmx:afterSettle", "htmx:oobAfterSwap"]) document.body.addEventListener(name, cardChanged);
  setUpDialog({
    isOver: () => expiresAt > 0 && performance.now() >= expiresAt,
    renew: () => nextOffer(() => ask({ refresh: true })),
    show: (id) => nextOffer(() => htmx.ajax("GET", `/q/${id}`, { target: "#quote", swap: "innerHTML" })),
  });
  onWallet(walletChanged);
  window.setInterval(tick, 500);
  question = asked();
  cardChanged();
  learn();
  // A link said everything already; a remembered wallet asks by itself.
  if (form.hasAttribute("data-ask")) window.addEventListener("load", () => form.elements.user.value || ask());
}

function ask({ refresh = false } = {}) {
  const { amount, from, to } = form.elements;
  if (![amount, from, to].every(({ value }) => value.trim())) return;
  isRefreshing = refresh;
  htmx.trigger(form, "waymeet:quote");
}

// The element of the offer that `fetch` brings onto the card, null when none comes.
function nextOffer(fetch) {
  const before = region.querySelector("[data-quote]")?.dataset.quote;
  fetch();
  return new Promise((resolve) => {
    const until = performance.now() + OFFER_PATIENCE_MS;
    const timer = window.setInterval(() => {
      const isNew = region.querySelector("[data-quote]")?.dataset.quote !== before;
      const block = isNew ? document.getElementById("offer") : null;
      if (!block && performance.now() < until) return;
      window.clearInterval(timer);
      resolve(block);
    }, 100);
  });
}

// What the form asks for now; how it is confirmed and what is preferred are no part of it.
function asked() {
  const names = ["from", "to", "amount", "exact", "recipient", "gas_on_arrival", "user", "app"];
  const values = new FormData(form);
  return JSON.stringify(names.map((name) => values.get(name)));
}

function markRefresh(event) {
  if (event.detail.elt !== form) return;
  question = asked();
  event.detail.parameters.can_batch = canBatchFrom(form.elements.from.value) ? "1" : "";
  if (isRefreshing) event.detail.parameters.refresh = "1";
  isRefreshing = false;
}

// Nobody heard the question: that is said, unless an offer still stands on the card.
function unanswered({ detail }) {
  const isStanding = document.getElementById("offer") && !("stale" in region.dataset);
  if (detail.elt !== form || isStanding || isConfirming()) return;
  const card = document.createElement("div");
  card.className = "card refused";
  card.dataset.unanswered = "";
  const words = Object.assign(document.createElement("p"), { className: "refusal-words", textContent: say("network_error") });
  words.setAttribute("role", "alert");
  const again = form.querySelector("button[type=submit].wide").cloneNode(true);
  again.setAttribute("form", form.id);
  again.classList.replace("wide", "ghost");
  card.append(words, again);
  delete region.dataset.stale;
  region.replaceChildren(card);
}

// From anywhere any chain may be chosen: then the wallet has to say so of all of them.
function canBatchFrom(value) {
  const chains = assetOf(value) ? chainIds() : [originOf(value)?.id];
  return chains.every((id) => id && canBatch(id));
}

// Whoever needs the time to read keeps the offer on the card until it is over.
function keep(isWanted) {
  isKept = isWanted;
  for (const button of region.querySelectorAll("[data-keep-offer]")) button.setAttribute("aria-pressed", String(isKept));
}

function changed() {
  refreshes = 0;
  stale();
  showBalance(changed);
  showWorth();
  shareable();
  window.clearTimeout(typing);
  typing = window.setTimeout(ask, TYPING_PAUSE_MS);
}

// The address bar is a link to the form as it stands: never whose money it is, nor where it comes back to.
function shareable() {
  if (window.location.pathname !== "/" && window.location.pathname !== "/say") return;
  const values = new FormData(form);
  const kept = ["from", "to", "amount", "exact", "recipient", "app"].filter((name) => values.get(name));
  const query = new URLSearchParams(kept.map((name) => [name, values.get(name)]));
  query.get("exact") === "input" && query.delete("exact");
  const link = `/?${query.toString().replaceAll("%3A", ":")}`;
  window.history.replaceState(window.history.state, "", link);
  for (const button of document.querySelectorAll("[data-copy-form]")) {
    button.dataset.copy = new URL(link, window.location.href).href;
    button.hidden = false;
  }
}

// The amount that the refusal names is typed for the person; its button goes with the card.
function takeInstead(event, amount) {
  event.preventDefault();
  const dollars = document.getElementById("dollars");
  if (dollars && !dollars.hidden) form.querySelector("[data-dollars]").click();
  form.elements.amount.value = amount.replaceAll(",", "");
  changed();
  if (event.target.matches(":focus-visible")) form.elements.amount.focus();
}

// What one chain does not hold is taken wherever it is; the button goes with the card.
function takeElsewhere(event, value) {
  event.preventDefault();
  useAnywhere(value);
  if (event.target.matches(":focus-visible")) form.querySelector("[data-choose=from]")?.focus();
}

// The card still shows the old offer: it must not be confirmable for the new values.
function stale({ isAsking = false } = {}) {
  expiresAt = 0;
  if (!isAsking) window.clearTimeout(typing);
  const button = region.querySelector("[data-confirm]");
  if (button) button.disabled = true;
  region.dataset.stale = "";
}

function cardChanged() {
  const card = document.getElementById("quote-card");
  const left = Number(card?.dataset.secondsLeft ?? 0);
  if (card && !card.dataset.seen) {
    card.dataset.seen = "1";
    // The answer to what was asked before the last change: the next one is on its way.
    if (question !== asked()) return stale({ isAsking: true });
    delete region.dataset.stale;
    if (!isConfirming()) drift();
    keep(false);
    expiresAt = left > 0 ? performance.now() + left * 1000 : 0;
  }
  const button = region.querySelector("[data-confirm]");
  for (const each of [button, region.querySelector("[data-keep-offer]")]) if (each) each.hidden = false;
}

// A fresh offer for the same wish that is lower than the one before says so, and by how much.
function drift() {
  const block = document.getElementById("offer");
  if (!block) return;
  const { inputAmount, inputToken, outputToken, destination, origin, outputMinimum } = JSON.parse(block.dataset.offer);
  const wish = [origin, inputToken, inputAmount, destination, outputToken].join(" ");
  const lost = seen.wish === wish ? BigInt(seen.minimum) - BigInt(outputMinimum) : 0n;
  const line = region.querySelector("[data-drift]");
  const token = choiceOf(form.elements.to.value);
  seen = { wish, minimum: outputMinimum };
  if (lost <= 0n || !line || !token) return;
  line.textContent = say("drift", { amount: `${shownAmount(lost, Number(token.decimals))} ${token.symbol}` });
  line.hidden = false;
}

function tick() {
  const label = region.querySelector("[data-countdown]");
  if (!label || !expiresAt) return;
  const left = Math.max(0, (expiresAt - performance.now()) / 1000);
  const standing = isKept ? "kept_for" : "good_for";
  label.textContent = left > 0 ? say(standing, { seconds: Math.ceil(left) }) : say("expired");
  if (isConfirming()) return;
  if (isKept) return left > 0 ? undefined : stale();
  if (left <= REFRESH_BEFORE_SECONDS && refreshes < MOST_IDLE_REFRESHES && !document.hidden) {
    refreshes += 1;
    expiresAt = performance.now() + left * 1000 + 10_000;
    label.textContent = say("refreshing");
    ask({ refresh: true });
    return;
  }
  if (left === 0) stale();
}

function showFlip() {
  for (const button of form.querySelectorAll("[data-flip]")) button.hidden = false;
}

// Marks, prices and balances come a moment later than the form; everything drawn from them is drawn again.
async function learn() {
  await learnChoices({ user: connected()?.account ?? "", from: form.elements.from.value });
  showDrawn();
}

function showDrawn() {
  showChosen();
  showBalance(changed);
  showWorth();
}

// A sentence filled the form: what was left open in it is not asked for unseen.
function filled({ isComplete }) {
  showFlip();
  form.querySelector("input[name=confirm]").value = "auto";
  showHoldings();
  learn();
  showDrawn();
  if (isComplete) return changed();
  stale();
}

function flip() {
  const { from, to } = form.elements;
  const [given, wanted] = [from.value, to.value];
  from.value = wanted;
  // Nothing arrives “anywhere”: the same asset on the first chain that has it instead.
  const end = (option) => option.value.endsWith(`:${assetOf(given)}`) && option.value !== wanted;
  to.value = assetOf(given) ? ([...to.options].find(end)?.value ?? to.value) : given;
  showHoldings();
  showChosen();
  learn();
  form.querySelector("input[name=confirm]").value = "auto";
  changed();
}

async function walletChanged(what) {
  if (what === "found") return;
  const account = connected()?.account ?? "";
  showWallet();
  showDrawn();
  learn();
  if (what === "chain" || form.elements.user.value === account) return;
  form.elements.user.value = account;
  showHoldings();
  accountChanged();
  if (!isConfirming() || what !== "connected") {
    stale();
    await learnBatching();
    // Whoever switched again meanwhile is asked for by that switch.
    if ((connected()?.account ?? "") === account) ask();
  }
}
