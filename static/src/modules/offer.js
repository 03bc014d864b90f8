// From an offer on the card to submitted orders: check, one dialog, one confirmation for each chain that pays.
import { getAddress, isAddress } from "viem/utils";
import { tokenMeant, totalText } from "./anywhere.js";
import { checkedOrder, RefusedToSign } from "./order.js";
import { coins, named, row, rowsOf, sentence } from "./review.js";
import { trustedChain } from "./trust.js";
import { connected, isOn, isRejected, switchTo, walletProblem } from "./wallet.js";
import { wayNamed } from "./ways/index.js";
import { say } from "./words.js";

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
  take(block);
  dialog.showModal();
}

// The offer on the card becomes what the dialog shows; false when it is refused.
function take(block) {
  try {
    pending = { parts: prepareAll(JSON.parse(block.dataset.offer)), at: 0 };
    describe(pending.parts);
    const [{ way, request }] = pending.parts;
    const ready = { way: true, look: true, receiver: true };
    const tell = (what) => (isReady) => {
      ready[what] = isReady;
      part("sign").disabled = !(ready.way && ready.look && ready.receiver);
    };
    way.introduce?.(request, part("introduction"), tell("way"));
    if (block.dataset.look) secondLook(say("second_look", { share: block.dataset.look }), tell("look"));
    // An address that looks like one the person knows.
    if (form.querySelector("#receiver [data-danger]")) {
      secondLook(say("compared", { address: pending.parts[0].shown.recipient }), tell("receiver"));
    }
    return true;
  } catch (error) {
    pending = null;
    complain(error);
    return false;
  }
}

// What costs this much is not confirmed in passing.
function secondLook(words, tell) {
  const label = document.createElement("label");
  label.className = "look";
  const box = Object.assign(document.createElement("input"), { type: "checkbox" });
  box.dataset.look = "";
  box.addEventListener("change", () => tell(box.checked));
  label.append(box, words);
  part("introduction").append(label);
  tell(false);
}

let card = null;

/**
 * Wire the dialog's buttons. `onCard` has `isOver()`, whether the time of the card's offer is over, `renew()` and
 * `show(quoteId)`, which put a fresh offer or a certain one on the card and resolve to its element, null for none.
 */
export function setUpDialog(onCard) {
  card = onCard;
  if (!dialog) return;
  part("cancel").addEventListener("click", () => {
    const standing = pending?.at ? pending.parts[0].id : "";
    // Whatever an open wallet answers now belongs to nothing.
    pending = null;
    setBusy("");
    dialog.close();
    if (standing) window.location.assign(`/t/${standing}`);
  });
  part("sign").addEventListener("click", confirm);
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
  problem(say(connected() ? "wrong_account" : "wallet_gone"));
  part("sign").disabled = true;
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

// Its time is over: the same again, priced now. True when it is at least as good and the dialog goes on with it.
async function renewed(work) {
  setBusy(say("refreshing"));
  const block = await card.renew();
  if (pending !== work) return false;
  if (!block) throw new Error(say("expired"));
  return stillAsGood(work, block);
}

// What is worse than what was shown is shown, and confirmed anew or not at all.
function stillAsGood(work, block) {
  const [before] = work.parts;
  reset();
  if (!take(block)) return false;
  const [now] = pending.parts;
  const [least, newLeast] = [work.parts, pending.parts].map(minimum);
  const isTwo = work.parts.length > 1;
  // Two parts give together what was typed; how they share it may change.
  const dearer = isTwo ? 0n : BigInt(now.shown.inputAmount) - BigInt(before.shown.inputAmount);
  const [gas, newGas] = [before, now].map(({ shown }) => BigInt(shown.gasOnArrival));
  const isGasGone = newLeast >= least && gas > 0n && newGas === 0n;
  const isAsMany = pending.parts.length === work.parts.length;
  if (newLeast >= least && dearer <= 0n && isAsMany && !isGasGone) return true;
  const params = {
    before: isGasGone ? coins(gas, before.destination) : named(least, before.output),
    now: isGasGone ? coins(newGas, now.destination) : named(newLeast, now.output),
    given: named(before.shown.inputAmount, before.input),
    asked: named(now.shown.inputAmount, now.input),
  };
  problem(say(dearer > 0n ? "worse_input" : "worse_output", params));
  part("sign").textContent = say("confirm_new");
  return false;
}

// What all parts deliver together, at least.
function minimum(parts) {
  return parts.reduce((sum, { shown }) => sum + BigInt(shown.outputMinimum), 0n);
}

async function confirm() {
  if (!pending || dialog.dataset.busy) return;
  let work = pending;
  problem("");
  try {
    // What may have been taken already is handed in again as it is: a fresh offer would be a second transfer.
    if (!work.at && card.isOver() && !work.parts.some(mayBeTaken)) {
      if (!(await renewed(work))) return;
      work = pending;
    }
    while (work.at < work.parts.length) {
      await confirmPart(work);
      // Gone back while it was submitted: it has its page.
      if (pending !== work) break;
      work.at += 1;
    }
    // Not where the server says: the page of another transfer would show another address to pay to.
    window.location.assign(`/t/${work.parts[0].id}`);
  } catch (error) {
    if (pending !== work || error instanceof Superseded) return;
    // Nothing was paid: of what was written down before nothing comes.
    if (isRejected(error)) delete work.parts[work.at].handedIn;
    setBusy("");
    complain(error);
    if (work.at) standing(work);
    else if (error.quoteId) await worse(work, error.quoteId);
  }
}

// The server would not take what was signed, and made a new offer instead.
async function worse(work, quoteId) {
  const block = await card.show(quoteId);
  if (block && pending === work) stillAsGood(work, block);
}

async function confirmPart(work) {
  const now = work.parts[work.at];
  const isTwo = work.parts.length > 1;
  const phrase = (word) => (isTwo && word === "signing" ? say("signing_part", { number: work.at + 1 }) : say(word));
  const step = (act, word) => async (...values) => {
    // Whatever a wallet answers after Back belongs to nothing.
    if (pending !== work) throw new Superseded();
    setBusy(phrase(word));
    return act(...values);
  };
  if (now.handedIn) return step(() => submit(now, now.handedIn), "submitting")();
  if (now.way.needsWallet?.(now.shown) ?? true) await walletOn(now.origin);
  if (pending !== work) throw new Superseded();
  setBusy(phrase("signing"));
  await now.way.confirm(now.request, {
    submit: step((signature) => submit(now, signature), "submitting"),
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

// Whether a part was handed in and nobody said that it was not taken; `handedIn` is its signature.
function mayBeTaken(part) {
  return part.handedIn !== undefined;
}

async function submit(part, signature) {
  const { offer } = part;
  part.handedIn = signature;
  const response = await fetch("/orders", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json",
      "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
    },
    body: JSON.stringify({ quote_id: offer.quoteId, order: offer.order, signature }),
  }).catch(() => null);
  if (response?.ok) return;
  const { error } = (await response?.json().catch(() => null)) ?? {};
  if (!error || error.code === "server_error") throw new Error(say("no_answer"));
  delete part.handedIn;
  const refused = new Error(`${error.message} (${error.code})`);
  if (error.code === "worse_price") refused.quoteId = error.params?.quote_id;
  throw refused;
}

function complain(error) {
  if (error instanceof RefusedToSign) {
    problem(say(error.reason, { field: error.field, what: error.field }));
    part("sign").disabled = true;
    return;
  }
  if (isRejected(error)) part("state").textContent = say("rejected");
  else problem(walletProblem(error));
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
