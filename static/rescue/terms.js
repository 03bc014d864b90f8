// The signed order: reading it, its contract form, and the payload that says it was not filled. Pure.
import { concat, encodePacked, getAddress, isAddress, keccak256, numberToHex, size, slice, stringToBytes } from "viem/utils";
import { orderId } from "../src/modules/order.js";

const UNFILLED_TAG = keccak256(stringToBytes("Waymeet.Unfilled.v1"));
const DECIMAL = /^(0|[1-9][0-9]{0,77})$/;
const HEX = /^0x([0-9a-fA-F]{2})*$/;
const MOST = 2;

/** What was pasted is not an order of ours; `field` is the first thing wrong. */
export class NotAnOrder extends Error {
  constructor(field) {
    super(`not an order: ${field}`);
    this.reason = "not_an_order";
    this.params = { field };
  }
}

/** The order's JSON with every field checked; throws NotAnOrder. */
export function readOrder(value) {
  const outputs = list(value?.outputs, "outputs");
  const inputs = list(value?.inputs, "inputs");
  return {
    user: address(value.user, "user"),
    nonce: decimal(value.nonce, "nonce"),
    originChainId: decimal(value.originChainId, "originChainId"),
    expires: decimal(value.expires, "expires"),
    fillDeadline: decimal(value.fillDeadline, "fillDeadline"),
    inputOracle: address(value.inputOracle, "inputOracle"),
    inputs: inputs.map((pair) => [decimal(pair?.[0], "inputs"), decimal(pair?.[1], "inputs")]),
    outputs: outputs.map((output) => ({
      oracle: word(output?.oracle, "oracle"),
      settler: word(output.settler, "settler"),
      chainId: decimal(output.chainId, "chainId"),
      token: word(output.token, "token"),
      amount: decimal(output.amount, "amount"),
      recipient: word(output.recipient, "recipient"),
      callbackData: hex(output.callbackData, "callbackData"),
      context: hex(output.context, "context"),
    })),
  };
}

/** The order's JSON from a decoded `Open` log. */
export function orderFromLog(order) {
  const text = (output) => ({ ...output, chainId: String(output.chainId), amount: String(output.amount) });
  return readOrder({
    ...order,
    nonce: String(order.nonce),
    originChainId: String(order.originChainId),
    expires: String(order.expires),
    fillDeadline: String(order.fillDeadline),
    inputs: order.inputs.map((pair) => pair.map(String)),
    outputs: order.outputs.map(text),
  });
}

/** The order as contract arguments. */
export function toAbi(order) {
  return {
    ...order,
    nonce: BigInt(order.nonce),
    originChainId: BigInt(order.originChainId),
    expires: Number(order.expires),
    fillDeadline: Number(order.fillDeadline),
    inputs: order.inputs.map((pair) => pair.map(BigInt)),
    outputs: order.outputs.map(outputToAbi),
  };
}

export function outputToAbi(output) {
  return { ...output, chainId: BigInt(output.chainId), amount: BigInt(output.amount) };
}

/** The order's 32-byte id at the escrow contract `settler`. */
export function idOf(order, settler) {
  return orderId(order, settler);
}

/** The key under which the fill of an output is recorded. */
export function outputHash(output) {
  return keccak256(
    encodePacked(
      ["bytes32", "bytes32", "uint256", "bytes32", "uint256", "bytes32", "uint16", "bytes", "uint16", "bytes"],
      [
        output.oracle,
        output.settler,
        BigInt(output.chainId),
        output.token,
        BigInt(output.amount),
        output.recipient,
        size(output.callbackData),
        output.callbackData,
        size(output.context),
        output.context,
      ],
    ),
  );
}

/** What is attested when the output was not filled in time: exactly 100 bytes. */
export function unfilledPayload(id, output, fillDeadline) {
  return concat([UNFILLED_TAG, id, outputHash(output), numberToHex(Number(fillDeadline), { size: 4 })]);
}

/** The address in a 32-byte identifier, or in the integer that inputs carry. */
export function addressIn(identifier) {
  const padded = identifier.startsWith("0x") ? identifier : numberToHex(BigInt(identifier), { size: 32 });
  return getAddress(slice(padded, 12));
}

function list(value, field) {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST) throw new NotAnOrder(field);
  return value;
}

function decimal(value, field) {
  if (typeof value !== "string" || !DECIMAL.test(value)) throw new NotAnOrder(field);
  return value;
}

function address(value, field) {
  if (typeof value !== "string" || !isAddress(value, { strict: false })) throw new NotAnOrder(field);
  return getAddress(value);
}

function hex(value, field) {
  if (typeof value !== "string" || !HEX.test(value)) throw new NotAnOrder(field);
  return value.toLowerCase();
}

function word(value, field) {
  if (size(hex(value, field)) !== 32) throw new NotAnOrder(field);
  return value.toLowerCase();
}
