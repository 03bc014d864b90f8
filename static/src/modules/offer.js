// From an offer on the card to submitted orders: check, one dialog, one confirmation for each chain that pays.
import { getAddress, isAddress } from "viem/utils";
import { shownAmount } from "./amounts.js";
import { tokenMeant, totalText } from "./anywhere.js";
import { checkedOrder, RefusedToSign } from "./order.js";
import { tokenOf, trustedChain } from "./trust.js";
import { connected, errorCode, isOn, REJECTED_CODE, switchTo } from "./wallet.js";
import { wayNamed } from "./ways/index.js";
import { language, say } from "./words.js";

const dialog = document.getElementById("confirm-dialog");
const form = document.getElementById("ask");
const part = (name) => dialog.querySelector(`[data-${name}]`);
const title = document.getElementById("confirm-title");
const titleOfOne = title?.textContent;
// {parts, at}: what is confirmed, usually one part, and how many of them were submitted.
let pending = null;

class Superseded extends Error {}

/** Whether the person is reviewing or the wallet is asking: nothing may change underneath. */
export function isConfirming() {
  return Boolean(dialog?.open);
}

/** Check the offer on the card and show what would be signed, or why it is refused. */
export function review() {
  const block = document.getElementById("offer");
  if (!block || !(connected() || refundAddress())) return;
  reset();
  try {
    pending = { parts: prepareAll(JSON.parse(block.dataset.offer)), at: 0 };
    describe(pending.parts);
    const [{ way, request }] = pending.parts;
    way.introduce?.(request, part("introduction"), (isReady) => {
      part("sign").disabled = !isReady;
    });
  } catch (error) {
    pending = null;
    complain(error);
  }
  dialog.showModal();
}

/** Wire the dialog's buttons; `onWorsePrice(quoteId)` is called when the server made a new offer instead. */
export function setUpDialog({ onWorsePrice }) {
  if (!dialog) return;
  part("cancel").addEventListener("click", () => {
    const standing = pending?.at ? pending.parts[0].id : "";
    // Whatever an open wallet answers now belongs to nothing.
    pending = null;
    setBusy("");
    dialog.close();
    if (standing) window.location.assign(`/t/${standing}`);
  });
  part("sign").addEventListener("click", () => confirm(onWorsePrice));
  dialog.addEventListener("cancel", (event) => {
    if (dialog.dataset.busy) event.preventDefault();
  });
}

/** The wallet changed while the dialog was open: what it shows is no longer this person's. */
export function accountChanged() {
  if (!isConfirming()) return;
  // A part that was submitted is not undone by that.
  if (pending?.at) return window.location.assign(`/t/${pending.parts[0].id}`);
  pending = null;
  setBusy("");
  problem(say("wrong_account"));
}

// The parts of an offer; two only for a wish from any chain, of two chains that together give what was typed.
function prepareAll(offer) {
  const parts = [offer, ...(offer.second ? [offer.second] : [])].map(prepare);
  const values = new FormData(form);
  const isExactInput = values.get("exact") !== "output";
  if (parts.length > 1) {
    const [first, second] = parts;
    if (!isExactInput || sameChain(first, second)) throw new RefusedToSign("refused_differs", "origin");
    if (parts.some(({ way }) => way.introduce)) throw new RefusedToSign("refused_differs", "way");
  }
  const amounts = parts.map(({ shown, input, output }) =>
    isExactInput ? [shown.inputAmount, input.decimals] : [shown.outputMinimum, output.decimals],
  );
  const typed = String(values.get("amount")).replace(/[\s,]/g, "");
  if (totalText(amounts) !== normalised(typed)) throw new RefusedToSign("refused_differs", "amount");
  return parts;
}

function sameChain(first, second) {
  return first.origin.chain_id === second.origin.chain_id;
}

function prepare(offer) {
  const network = JSON.parse(document.getElementById("network").textContent);
  const origin = trustedChain(network, offer.order.originChainId);
  const destination = trustedChain(network, offer.order.outputs[0]?.chainId);
  const values = new FormData(form);
  const input = chosen(values.get("from"), origin);
  const output = chosen(values.get("to"), destination);
  const shown = shownByPage(offer, { values, origin, destination, input, output });
  const { order } = offer;
  const checked = checkedOrder({ order, claimedId: offer.orderId, shown, origin, destination });
  const way = wayNamed(offer.way, shown);
  const request = way.prepare({ ...checked, order, origin, shown });
  return { ...checked, offer, shown, origin, destination, input, output, way, request };
}

// What the person entered decides; the card adds only the figures it displays.
function shownByPage(offer, { values, origin, destination, input, output }) {
  const refund = refundAddress();
  const account = refund || connected().account;
  const typed = String(values.get("recipient")).trim();
  const recipient = typed ? (isAddress(typed, { strict: false }) ? getAddress(typed.toLowerCase()) : typed) : account;
  return {
    user: account,
    isPaidElsewhere: Boolean(refund),
    recipient,
    origin: origin.chain_id,
    destination: destination.chain_id,
    inputToken: input.address,
    inputAmount: offer.inputAmount,
    outputToken: output.address,
    outputMinimum: offer.outputMinimum,
    app: chosenApp(values.get("app"), destination),
    gasOnArrival: values.get("gas_on_arrival") === "no" ? "0" : (offer.gasOnArrival ?? "0"),
  };
}

function chosenApp(slug, chain) {
  if (!slug) return null;
  const app = chain.apps?.find((each) => each.slug === slug);
  if (!app) throw new RefusedToSign("refused_unknown", slug);
  return app;
}

/** Where the money comes back to when it is paid from elsewhere, as typed; "" when nothing is. */
function refundAddress() {
  const typed = String(form.elements.refund?.value ?? "").trim();
  return isAddress(typed, { strict: false }) ? getAddress(typed.toLowerCase()) : "";
}

function chosen(value, chain) {
  const token = tokenMeant(value, chain);
  if (!token) throw new RefusedToSign("refused_differs", value);
  return token;
}

function normalised(text) {
  if (!/^\d*\.?\d*$/.test(text)) return text;
  const [whole, fraction = ""] = text.split(".");
  const kept = fraction.replace(/0+$/, "");
  const plain = whole.replace(/^0+(?=\d)/, "") || "0";
  return kept ? `${plain}.${kept}` : plain;
}

function describe(parts) {
  const isTwo = parts.length > 1;
  title.textContent = isTwo ? say("confirm_title_two") : titleOfOne;
  const wordings = parts.map(({ way, shown }) => way.wording?.(shown));
  part("sign").textContent = isTwo ? say("confirm_part", { number: 1 }) : say(wordings[0]?.button ?? "confirm_in_wallet");
  const sentences = parts.map((each, index) => sentence(each, wordings[index]?.sentence ?? "sentence"));
  part("sentence").textContent = isTwo ? [...sentences, say("sentence_two")].join(" ") : sentences[0];
  const rows = parts.flatMap((each, index) => [
    ...(isTwo ? [row(say("field_part", { number: index + 1 }), each.origin.name)] : []),
    ...rowsOf(each),
  ]);
  part("signed").replaceChildren(...rows);
  const ends = parts.flatMap(({ origin, destination, shown }, index) => [
    [origin, shown.inputToken],
    ...(index ? [] : [[destination, shown.outputToken]]),
  ]);
  noteAdded(ends.filter(([chain]) => chain.isAdded));
}

function sentence({ offer, shown, origin, destination }, wording) {
  return say(shown.app ? "sentence_app" : wording, {
    input: named(shown.inputAmount, tokenOf(origin, shown.inputToken)),
    minimum: named(shown.outputMinimum, tokenOf(destination, shown.outputToken)),
    app: shown.app?.name,
    origin: origin.name, destination: destination.name,
    recipient: short(shown.recipient), time: clock(offer.order.fillDeadline),
  });
}

function rowsOf({ id, offer, shown, origin, destination, settler, request }) {
  const { order, way } = offer;
  const input = named(shown.inputAmount, tokenOf(origin, shown.inputToken));
  const minimum = named(shown.outputMinimum, tokenOf(destination, shown.outputToken));
  const { app, gasOnArrival } = shown;
  const isSelf = shown.recipient === shown.user;
  return [
    ["field_send", `${input} · ${origin.name}`],
    ["field_minimum", `${minimum} · ${destination.name}`],
    [isSelf ? "field_recipient_self" : "field_recipient", shown.recipient],
    ...(app ? [["field_app", `${app.name}: ${app.call}`], ["field_app_target", app.target]] : []),
    ...(BigInt(gasOnArrival) > 0n ? [["field_gas_on_arrival", coins(gasOnArrival, destination)]] : []),
    ["field_deadline", clock(order.fillDeadline)],
    ["field_expires", clock(order.expires)],
    ["field_way", say(`way_${way}`)],
    [way === "eip3009" ? "field_order_id" : "field_number", id],
    ["field_escrow", settler],
    ...request.rows,
    ["field_oracle", order.inputOracle],
  ].map(([name, value]) => row(say(name), value));
}

// The token's address too: on such a chain its name alone is the server's word.
function noteAdded(ends) {
  const note = part("added-note");
  note.hidden = ends.length === 0;
  note.replaceChildren(
    ...ends.map(([chain, token]) => {
      const line = document.createElement("p");
      const addresses = [token, ...Object.values(chain.contracts)].join(", ");
      line.textContent = say("added", { chain: chain.name, addresses });
      return line;
    }),
  );
}

async function confirm(onWorsePrice) {
  if (!pending || dialog.dataset.busy) return;
  const work = pending;
  problem("");
  try {
    while (work.at < work.parts.length) {
      await confirmPart(work, onWorsePrice);
      // Gone back while it was submitted: it has its page.
      if (pending !== work) break;
      work.at += 1;
    }
    // Not where the server says: the page of another transfer would show another address to pay to.
    window.location.assign(`/t/${work.parts[0].id}`);
  } catch (error) {
    if (pending !== work || error instanceof Superseded) return;
    setBusy("");
    complain(error);
    if (work.at) standing(work);
  }
}

async function confirmPart(work, onWorsePrice) {
  const now = work.parts[work.at];
  if (now.way.needsWallet?.(now.shown) ?? true) await walletOn(now.origin);
  const isTwo = work.parts.length > 1;
  const phrase = (word) => (isTwo && word === "signing" ? say("signing_part", { number: work.at + 1 }) : say(word));
  const step = (act, word) => async (...values) => {
    // Whatever a wallet answers after Back belongs to nothing.
    if (pending !== work) throw new Superseded();
    setBusy(phrase(word));
    return act(...values);
  };
  if (pending !== work) return;
  setBusy(phrase("signing"));
  await now.way.confirm(now.request, {
    // A new offer on the card would take the place of both: with one part submitted it only says why.
    submit: step((signature) => submit(now, signature, work.at ? () => {} : onWorsePrice), "submitting"),
    ask: (act, word = "signing") => step(act, word)(),
  });
}

// The first part is on its way whatever becomes of the second, and the page says so.
function standing(work) {
  part("state").textContent = say("first_stands");
  part("sign").textContent = say("confirm_part", { number: work.at + 1 });
}

async function walletOn({ name, wallet }) {
  setBusy(say("switching_chain", { chain: name }));
  await switchTo(wallet);
  if (!(await isOn(wallet))) throw new Error(say("wrong_chain", { chain: name }));
}

async function submit({ offer }, signature, onWorsePrice) {
  const response = await fetch("/orders", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json",
      "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
    },
    body: JSON.stringify({ quote_id: offer.quoteId, order: offer.order, signature }),
  }).catch(() => null);
  if (!response) throw new Error(say("network_error"));
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return;
  const fresh = answer.error?.params?.quote_id;
  if (answer.error?.code === "worse_price" && fresh) onWorsePrice(fresh);
  throw new Error(answer.error ? `${answer.error.message} (${answer.error.code})` : say("network_error"));
}

function complain(error) {
  if (error instanceof RefusedToSign) {
    problem(say(error.reason, { field: error.field, what: error.field }));
    part("sign").disabled = true;
    return;
  }
  if (errorCode(error) === REJECTED_CODE) {
    part("state").textContent = say("rejected");
    return;
  }
  const isOurs = error instanceof Error && errorCode(error) === undefined;
  problem(isOurs ? error.message : say("wallet_error", { message: error?.message ?? String(error) }));
}

function reset() {
  problem("");
  setBusy("");
  part("sentence").textContent = "";
  part("signed").replaceChildren();
  part("added-note").hidden = true;
  part("introduction").replaceChildren();
}

function setBusy(text) {
  if (text) dialog.dataset.busy = "";
  else delete dialog.dataset.busy;
  part("sign").disabled = Boolean(text);
  part("state").textContent = text;
}

function problem(text) {
  part("problem").hidden = !text;
  part("problem").textContent = text;
}

function row(name, value) {
  const line = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  const cell = document.createElement("td");
  cell.textContent = value;
  if (/^0x[0-9a-f]{40,}$/i.test(value)) cell.className = "hash";
  line.append(head, cell);
  return line;
}

function named(units, token) {
  return `${shownAmount(units, Number(token.decimals))} ${token.symbol}`;
}

function coins(wei, chain) {
  const { symbol, decimals } = chain.wallet.nativeCurrency;
  return `${shownAmount(wei, Number(decimals))} ${symbol}`;
}

function short(address) {
  return `${address.slice(0, 6)}…${address.slice(-4)}`;
}

function clock(seconds) {
  return new Date(Number(seconds) * 1000).toLocaleTimeString(language);
}
