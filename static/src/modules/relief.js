// What a person does by an own transaction on a transfer's page: cancel before it begins, collect what waits.
import { concat, hexToNumber, numberToHex, pad, size, slice, toFunctionSelector } from "viem/utils";
import { depositAddress } from "./deposit-address.js";
import { RefusedToSign, sameText } from "./order.js";
import { tokenOf, trustedChain } from "./trust.js";
import { connect, connected, isOn, isRejected, readWord, sendTransaction, signTypedData, switchTo, walletProblem, wallets } from "./wallet.js";
import { NONCES, typedData as permitTypedData } from "./ways/permit.js";
import { say } from "./words.js";

const CANCEL = toFunctionSelector("cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)");
const INVALIDATE = toFunctionSelector("invalidateUnorderedNonces(uint256,uint256)");
const PERMIT = toFunctionSelector("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)");
const STATUS = toFunctionSelector("orderStatus(bytes32)");
const CLAIM = toFunctionSelector("claim(address,address)");
const RECEIPT_MS = 1000;
const PATIENCE_MS = 5000;
const CANCEL_TYPES = {
  EIP712Domain: [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ],
  CancelAuthorization: [
    { name: "authorizer", type: "address" },
    { name: "nonce", type: "bytes32" },
  ],
};

/** Wire the panel of the transfer's page; does nothing on other pages. */
export function setUpRelief() {
  const panel = document.querySelector("[data-relief]");
  if (!panel) return;
  for (const name of ["htmx:afterSettle", "htmx:oobAfterSwap", "htmx:wsAfterMessage"]) {
    document.body.addEventListener(name, () => follow(panel));
  }
  // A transfer that begins as it should begins sooner than anybody can cancel it.
  window.setTimeout(() => (delete panel.dataset.early, follow(panel)), PATIENCE_MS);
  panel.dataset.early = "1";
  follow(panel);
  for (const button of panel.querySelectorAll("[data-relief-act]")) {
    button.disabled = false;
    button.addEventListener("click", () => act(panel, button));
  }
}

function follow(panel) {
  const { can: relief, shown } = document.getElementById("journey-head").dataset;
  if (panel.dataset.busy) return;
  panel.hidden = !relief || (relief === "cancel" && shown !== "not_started" && Boolean(panel.dataset.early));
  for (const part of panel.querySelectorAll("[data-relief-for]")) part.hidden = part.dataset.reliefFor !== relief;
}

async function act(panel, button) {
  const facts = JSON.parse(panel.dataset.facts);
  panel.dataset.busy = "1";
  button.disabled = true;
  try {
    const chain = trustedChain(JSON.parse(document.getElementById("network").textContent), facts.chainId);
    await walletOn(chain);
    note(panel, say("signing_own"));
    const transaction = button.dataset.reliefAct === "claim" ? claim(facts, chain) : await cancel(facts, chain);
    const hash = await sendTransaction({ ...transaction, from: connected().account }, facts.chainId);
    note(panel, say("own_sent", { hash }));
    const isDone = await mined(hash);
    note(panel, say(isDone ? `own_done_${button.dataset.reliefAct}` : "own_failed", { hash }));
  } catch (error) {
    button.disabled = false;
    note(panel, complaint(error));
  }
  delete panel.dataset.busy;
}

async function walletOn(chain) {
  if (!connected()) {
    const [wallet] = wallets();
    if (!wallet) throw new Error(say("no_wallet_here"));
    await connect(wallet);
  }
  await switchTo(chain.wallet);
  if (!(await isOn(chain.wallet))) throw new Error(say("wrong_chain", { chain: chain.name }));
}

/** Push what waits in the escrow contract to its owner; anybody may. */
export function claim({ token, user }, chain) {
  return { to: chain.contracts.input_settler, data: concat([CLAIM, pad(token), pad(user)]) };
}

async function cancel(facts, chain) {
  if (!sameText(connected().account, facts.user)) throw new Error(say("wrong_owner", { account: facts.user }));
  if (facts.way === "permit2") return invalidation(facts, chain);
  if (facts.way === "permit") return voiding(facts, chain);
  return cancellation(facts, await signTypedData(cancelTypedData(facts, chain), facts.user));
}

/** Use up the order's Permit2 nonce. */
export function invalidation({ nonce }, chain) {
  const [place, bit] = [BigInt(nonce) >> 8n, 1n << (BigInt(nonce) & 255n)];
  return { to: chain.contracts.permit2, data: concat([INVALIDATE, word(place), word(bit)]) };
}

async function voiding(facts, chain) {
  // In this order: what begins after the count was read has used that number, and this one is rejected.
  const count = await readWord(facts.token, NONCES, facts.user);
  const status = await readWord(chain.contracts.input_settler, STATUS, facts.orderId);
  if (status !== 0n) throw new Error(say("own_late"));
  const data = voidTypedData(facts, chain, count);
  return voided(data, await signTypedData(data, facts.user));
}

/** What the owner signs so that a permit is worth nothing: one of nothing, for the order's own address. */
export function voidTypedData({ token, user, orderId, deadline }, chain, nonce) {
  const known = tokenOf(chain, token);
  const { input_settler: settler, deposit_implementation: implementation } = chain.contracts;
  if (!known || known.permit !== "eip2612") throw new RefusedToSign("refused_unknown", "token");
  if (!implementation) throw new RefusedToSign("refused_unknown", "deposit_implementation");
  const order = { inputs: [[token, 0]], user, originChainId: chain.chain_id, fillDeadline: deadline };
  return permitTypedData(order, { token: known, spender: depositAddress(orderId, { settler, implementation }), nonce });
}

/** The transaction that brings it to the token. */
export function voided({ domain, message }, signature) {
  const { owner, spender, value, deadline } = message;
  const parts = [pad(owner), pad(spender), word(value), word(deadline), ...vrs(signature)];
  return { to: domain.verifyingContract, data: concat([PERMIT, ...parts]) };
}

/** What the owner signs so that the order's EIP-3009 nonce is used up. */
export function cancelTypedData({ token, user, orderId }, chain) {
  const known = tokenOf(chain, token);
  if (!known || known.eip3009 === "none") throw new RefusedToSign("refused_unknown", "token");
  return {
    types: CANCEL_TYPES,
    primaryType: "CancelAuthorization",
    domain: {
      name: known.name,
      version: known.version,
      chainId: Number(chain.chain_id),
      verifyingContract: known.address,
    },
    message: { authorizer: user, nonce: orderId },
  };
}

/** The transaction that brings the signature to the token. */
export function cancellation({ token, user, orderId }, signature) {
  return { to: token, data: concat([CANCEL, pad(user), orderId, ...vrs(signature)]) };
}

function vrs(signature) {
  if (size(signature) !== 65) throw new RefusedToSign("refused_differs", "signature");
  const v = hexToNumber(slice(signature, 64));
  return [word(v < 27 ? v + 27 : v), slice(signature, 0, 32), slice(signature, 32, 64)];
}

// Read through the wallet's own node, whatever our server says.
async function mined(hash) {
  const { provider } = connected();
  for (;;) {
    const receipt = await provider.request({ method: "eth_getTransactionReceipt", params: [hash] }).catch(() => null);
    if (receipt) return BigInt(receipt.status) === 1n;
    await new Promise((resolve) => window.setTimeout(resolve, RECEIPT_MS));
  }
}

function complaint(error) {
  if (isRejected(error)) return say("rejected_own");
  if (error instanceof RefusedToSign) return say(error.reason, { field: error.field, what: error.field });
  return walletProblem(error);
}

function note(panel, text) {
  const place = panel.querySelector("[data-relief-note]");
  place.textContent = text;
  place.hidden = false;
}

function word(value) {
  return numberToHex(BigInt(value), { size: 32 });
}
