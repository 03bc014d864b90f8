// The transactions that bring money back. Anybody may send any of them, unless `only` names who. Pure but for fees.
import { encodeFunctionData, numberToHex } from "viem/utils";
import { ABI } from "./abi.js";
import { addressIn, outputToAbi, toAbi } from "./terms.js";

/** `refund`: after `expires`, without any proof. */
export function refund(order, nodes) {
  return toSettler("refund", order, nodes, { functionName: "refund", args: [toAbi(order)] });
}

/** `refundUnfilled`: once the origin knows that output `index` was not filled. */
export function refundUnfilled(order, index, nodes) {
  const call = { functionName: "refundUnfilled", args: [toAbi(order), BigInt(index)] };
  return toSettler("refund_unfilled", order, nodes, call);
}

/** `claim`: push an earlier payout to its owner. */
export function claim(order, token, amount, nodes) {
  const action = toSettler("claim", order, nodes, { functionName: "claim", args: [token, order.user] });
  return { ...action, token, amount };
}

/** `recover`: what is at the deposit address back to the order's user. */
export function recover(order, { chain, token, amount, only }) {
  const call = { functionName: "recover", args: [toAbi(order), token] };
  const action = transaction("recover", { chainId: chain.chain_id, to: chain.contracts.input_settler, ...call });
  return { ...action, token, amount, only };
}

/** `attestUnfilled`: have the destination record that nobody filled in time. */
export function attest(order, id, output) {
  return transaction("attest", {
    chainId: output.chainId,
    to: addressIn(output.settler),
    functionName: "attestUnfilled",
    args: [id, outputToAbi(output), Number(order.fillDeadline)],
  });
}

/** `submit`: have the destination's oracle send that record to the origin. */
export async function dispatch(order, output, payload, nodes) {
  const oracle = addressIn(output.oracle);
  const args = [Number(order.originChainId), order.inputOracle, addressIn(output.settler), [payload]];
  const value = await nodes.view(output.chainId, oracle, "quote", args);
  return transaction("dispatch", { chainId: output.chainId, to: oracle, functionName: "submit", args, value });
}

/** `process`: hand the signed message to the origin. */
export function process(order, { mailbox, message, metadata }) {
  const call = { functionName: "process", args: [metadata, message] };
  return transaction("process", { chainId: order.originChainId, to: mailbox, ...call });
}

/** The transaction as a wallet takes it. */
export function request(action, from) {
  return { from, to: action.to, data: action.data, value: numberToHex(action.value) };
}

/** The same transaction as a command line for Foundry's `cast`. */
export function castLine(action, url) {
  const value = action.value > 0n ? ` --value ${action.value}` : "";
  return `cast send --rpc-url ${url || "$RPC_URL"} --private-key "$PRIVATE_KEY"${value} ${action.to} ${action.data}`;
}

/** A command line that asks a node whether the transaction would succeed. */
export function curlLine(action, url) {
  const value = action.value > 0n ? { value: numberToHex(action.value) } : {};
  const params = [{ to: action.to, data: action.data, ...value, ...(action.only ? { from: action.only } : {}) }, "latest"];
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_call", params });
  return `curl -s -H 'Content-Type: application/json' -d '${body}' ${url || "$RPC_URL"}`;
}

function toSettler(kind, order, nodes, call) {
  const to = nodes.chain(order.originChainId).contracts.input_settler;
  return transaction(kind, { chainId: order.originChainId, to, ...call });
}

function transaction(kind, { chainId, to, functionName, args, value = 0n }) {
  return { kind, chainId: String(chainId), to, data: encodeFunctionData({ abi: ABI, functionName, args }), value, only: "" };
}
