// How an order stands on both chains, and what can be done about it now.
import { decodeEventLog, encodeEventTopics, keccak256, numberToHex, pad } from "viem/utils";
import { ABI } from "./abi.js";
import * as does from "./actions.js";
import { CannotRead } from "./nodes.js";
import { checkpointSigner, messageId, metadata, payloadsOf, pickSignatures } from "./proofs.js";
import { addressIn, outputHash, unfilledPayload } from "./terms.js";

const [FILLED] = encodeEventTopics({ abi: ABI, eventName: "OutputFilled" });
const STATUS = ["none", "deposited", "claimed", "refunded"];
const ZERO = "0x" + "00".repeat(20);
const NO_RECORD = "0x" + "00".repeat(32);

/**
 * The order now: {status, isDelivered, situation, params, actions, pauseSeconds}.
 *
 * `situation` names a sentence. `actions` are transactions that would succeed, the most urgent first; with none,
 * looking again after `pauseSeconds` may show one, unless that is null. Deposit addresses are read only by a thorough
 * look. Throws CannotRead.
 */
export async function look({ order, id }, nodes, { isThorough = true } = {}) {
  const origin = nodes.chain(order.originChainId);
  const settler = origin.contracts.input_settler;
  const [code, now] = await Promise.all([
    nodes.view(origin.chain_id, settler, "orderStatus", [id]),
    nodes.clock(origin.chain_id),
  ]);
  const status = STATUS[code] ?? "none";
  const main = await standing({ order, id, status, now }, nodes);
  const waiting = await held(order, nodes);
  const sent = isThorough ? await stranded(order, id, { nodes, status, now }) : [];
  return { status, ...main, actions: [...main.actions, ...waiting, ...sent] };
}

async function standing({ order, id, status, now }, nodes) {
  if (status === "claimed") return { situation: "delivered", params: {}, actions: [], pauseSeconds: null, isDelivered: true };
  if (status === "refunded") return { situation: "returned", params: {}, actions: [], pauseSeconds: null, isDelivered: false };
  if (status === "none") {
    const isOver = now >= Number(order.fillDeadline);
    const situation = isOver ? "never_opened" : "not_opened";
    return { situation, params: { by: order.fillDeadline }, actions: [], pauseSeconds: isOver ? null : 5, isDelivered: false };
  }
  return deposited({ order, id, now }, nodes);
}

async function deposited({ order, id, now }, nodes) {
  const isExpired = now > Number(order.expires);
  let seen;
  try {
    seen = await destination(order, id, nodes);
  } catch (error) {
    // The destination may be gone for good: then waiting for `expires` still helps.
    if (!isExpired || !(error instanceof CannotRead)) throw error;
    seen = { isDelivered: false, isFilledLate: false, unfilled: 0, now: 0 };
  }
  if (seen.isDelivered) return state("delivered_unpaid", { isDelivered: true, pauseSeconds: null });
  if (isExpired) return state("refund_expired", { actions: [does.refund(order, nodes)] });
  const waits = { params: { after: order.expires }, pauseSeconds: 5 };
  if (seen.isFilledLate) return state("filled_late", waits);
  if (seen.now <= Number(order.fillDeadline)) {
    return state("waiting_for_deadline", { params: { by: order.fillDeadline }, pauseSeconds: 3 });
  }
  return proving({ order, id, index: seen.unfilled }, nodes);
}

/** Whether the destination has the delivery, of every output. */
async function destination(order, id, nodes) {
  const chainId = order.outputs[0].chainId;
  const now = await nodes.clock(chainId);
  const records = await Promise.all(
    order.outputs.map((output) =>
      nodes.view(chainId, addressIn(output.settler), "getFillRecord", [id, outputHash(output)]),
    ),
  );
  const unfilled = records.indexOf(NO_RECORD);
  if (unfilled >= 0) return { isDelivered: false, isFilledLate: false, unfilled, now };
  const settler = addressIn(order.outputs[0].settler);
  const logs = await nodes.logs(chainId, { address: settler, topics: [FILLED, id] });
  const times = order.outputs.map((output) => filledAt(logs, output));
  // A delivery whose log no node gives any more was made: only its time is unknown.
  const isFilledLate = times.some((time) => time !== null && time > Number(order.fillDeadline));
  return { isDelivered: !isFilledLate, isFilledLate, unfilled, now };
}

function filledAt(logs, output) {
  for (const log of logs) {
    const { args } = decodeEventLog({ abi: ABI, data: log.data, topics: log.topics });
    const same = { ...args.output, chainId: String(args.output.chainId), amount: String(args.output.amount) };
    if (outputHash(same) === outputHash(output)) return Number(args.timestamp);
  }
  return null;
}

/** The next thing that carries "was not filled" from the destination to the origin. */
async function proving({ order, id, index }, nodes) {
  const output = order.outputs[index];
  const payload = unfilledPayload(id, output, order.fillDeadline);
  const proven = [output.chainId, output.oracle, output.settler, keccak256(payload)];
  if (await nodes.view(order.originChainId, order.inputOracle, "isProven", proven)) {
    return state("refund_proven", { actions: [does.refundUnfilled(order, index, nodes)] });
  }
  const message = await dispatched(order, output, payload, nodes);
  if (message) return carried(order, output, message, nodes);
  const attested = await nodes.view(output.chainId, addressIn(output.settler), "getUnfilledOracle", [keccak256(payload)]);
  if (attested.toLowerCase() !== addressIn(output.oracle).toLowerCase()) {
    return state("attest", { actions: [does.attest(order, id, output)] });
  }
  const action = await does.dispatch(order, output, payload, nodes);
  // Whoever made the order up named this contract: nobody is asked to pay one that the network list does not know.
  if (action.value > 0n && !isListed(output, nodes)) {
    return state("unlisted_messenger", { params: { after: order.expires }, pauseSeconds: 5 });
  }
  return state("dispatch", { actions: [action] });
}

function isListed(output, nodes) {
  const listed = nodes.chain(output.chainId).contracts.hyperlane_oracle ?? "";
  return listed.toLowerCase() === addressIn(output.oracle).toLowerCase();
}

async function dispatched(order, output, payload, nodes) {
  const oracle = addressIn(output.oracle);
  const mailbox = await nodes.view(output.chainId, oracle, "MAILBOX");
  const topics = encodeEventTopics({
    abi: ABI,
    eventName: "Dispatch",
    args: { sender: oracle, destination: Number(order.originChainId), recipient: pad(order.inputOracle) },
  });
  const logs = await nodes.logs(output.chainId, { address: mailbox, topics });
  for (const log of logs.reverse()) {
    const { message } = decodeEventLog({ abi: ABI, data: log.data, topics: log.topics }).args;
    const body = payloadsOf(message);
    if (body?.source === output.settler && body.payloads.includes(payload)) return message;
  }
  return null;
}

async function carried(order, output, message, nodes) {
  const module = await nodes.view(order.originChainId, order.inputOracle, "interchainSecurityModule");
  const [validators, threshold] = await nodes.view(order.originChainId, module, "validatorsAndThreshold", [message]);
  const found = await signatures(output.chainId, messageId(message), validators, nodes);
  for (const { checkpoint, signed } of found.values()) {
    const picked = pickSignatures(signed, { validators, threshold });
    if (!picked) continue;
    const mailbox = await nodes.view(order.originChainId, order.inputOracle, "MAILBOX");
    return state("process", { actions: [does.process(order, { mailbox, message, metadata: metadata(checkpoint, picked) })] });
  }
  const most = Math.max(0, ...[...found.values()].map(({ signed }) => Object.keys(signed).length));
  const params = { have: most, need: Number(threshold), after: order.expires, message: messageId(message) };
  return state("waiting_for_validators", { params, pauseSeconds: 2 });
}

/** Checkpoints that validators signed for a message, and who signed each. Nothing is believed unrecovered. */
async function signatures(chainId, id, validators, nodes) {
  const found = new Map();
  const hook = nodes.chain(chainId).contracts.merkle_tree_hook;
  for (const { url } of nodes.validators(chainId)) {
    const answer = await nodes.json(`${url.replace(/\/$/, "")}/${chainId}/by-message/${id}.json`);
    if (!answer?.signature || !answer.root || !Number.isInteger(answer.index)) continue;
    const checkpoint = { domain: Number(chainId), hook, root: answer.root, index: answer.index, id };
    const signer = await checkpointSigner(checkpoint, answer.signature);
    if (!validators.some((each) => each.toLowerCase() === signer?.toLowerCase())) continue;
    const key = `${answer.root}:${numberToHex(answer.index)}`;
    const entry = found.get(key) ?? { checkpoint, signed: {} };
    entry.signed[signer.toLowerCase()] = answer.signature;
    found.set(key, entry);
  }
  return found;
}

/** Payouts that could not be delivered and wait in the escrow contract. */
async function held(order, nodes) {
  const found = [];
  for (const [token] of order.inputs) {
    const address = addressIn(token);
    const settler = nodes.chain(order.originChainId).contracts.input_settler;
    const amount = await nodes.view(order.originChainId, settler, "claimable", [address, order.user]);
    if (amount > 0n) found.push(does.claim(order, address, amount, nodes));
  }
  return found;
}

/** What was sent to the order's deposit address and is still there, on any chain. */
async function stranded(order, id, { nodes, status, now }) {
  const found = [];
  for (const chain of nodes.network.chains) {
    const isOrigin = chain.chain_id === order.originChainId;
    try {
      const deposit = await nodes.view(chain.chain_id, chain.contracts.input_settler, "depositAddress", [id]);
      for (const token of new Set([ZERO, ...chain.tokens.map((each) => each.address)])) {
        const amount = await balance(nodes, chain.chain_id, token, deposit);
        if (amount === 0n) continue;
        const isInput = order.inputs.some(([input]) => addressIn(input).toLowerCase() === token.toLowerCase());
        const isForUser = isOrigin && isInput && status === "none" && now < Number(order.fillDeadline);
        found.push(does.recover(order, { chain, token, amount, only: isForUser ? order.user : "" }));
      }
    } catch (error) {
      // A chain that cannot be read must not hide what waits on the others.
      if (isOrigin && !(error instanceof CannotRead)) throw error;
    }
  }
  return found;
}

async function balance(nodes, chainId, token, owner) {
  if (token !== ZERO) return nodes.view(chainId, token, "balanceOf", [owner]);
  return BigInt(await nodes.rpc(chainId, "eth_getBalance", [owner, "latest"]));
}

function state(situation, { params = {}, actions = [], pauseSeconds = 1, isDelivered = false } = {}) {
  return { situation, params, actions, pauseSeconds, isDelivered };
}
