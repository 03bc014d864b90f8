// The order: its identity, and the check that it is what the page shows. Pure.
// Encodings are those of the Open Intents Framework's contracts; tests compare them with its vectors.
import { concat, encodeAbiParameters, getAddress, hashTypedData, keccak256, numberToHex, pad } from "viem/utils";
import { expectedOutputs } from "./arrival.js";

// A server must not have money locked for years: neither the wait nor what follows it is longer than a day.
const LONGEST_SECONDS = 24n * 3600n;

export const OUTPUT_COMPONENTS = [
  { name: "oracle", type: "bytes32" },
  { name: "settler", type: "bytes32" },
  { name: "chainId", type: "uint256" },
  { name: "token", type: "bytes32" },
  { name: "amount", type: "uint256" },
  { name: "recipient", type: "bytes32" },
  { name: "callbackData", type: "bytes" },
  { name: "context", type: "bytes" },
];
const OUTPUTS = [{ type: "tuple[]", components: OUTPUT_COMPONENTS }];

/** Why an order is not confirmed: `reason` names a text, `field` what is wrong. */
export class RefusedToSign extends Error {
  constructor(reason, field) {
    super(`${reason}: ${field}`);
    this.reason = reason;
    this.field = field;
  }
}

/** The order's id at `settler`: 32 bytes as hex. */
export function orderId(order, settler) {
  const inputs = concat(order.inputs.flatMap(([token, amount]) => [word(token), word(amount)]));
  return keccak256(
    concat([
      word(order.originChainId),
      settler,
      order.user,
      word(order.nonce),
      numberToHex(Number(order.expires), { size: 4 }),
      numberToHex(Number(order.fillDeadline), { size: 4 }),
      order.inputOracle,
      keccak256(inputs),
      encodeAbiParameters(OUTPUTS, [order.outputs.map(outputValues)]),
    ]),
  );
}

/** The 32 bytes that are signed. */
export function digest(typedData) {
  const { EIP712Domain, ...types } = typedData.types;
  return hashTypedData({ ...typedData, types });
}

/**
 * Compare an order with what the person was shown and with what this page knows: {id, settler}.
 *
 * `shown` holds user, recipient, origin, destination, inputToken, inputAmount, outputToken, outputMinimum as
 * the page displays them, `app` of the network list if the transfer ends in one, and `gasOnArrival` in wei if
 * any is delivered besides; `origin` and `destination` are the known chains; `now` is in seconds. Throws
 * RefusedToSign. What is asked of the wallet for it is the business of ways/.
 */
export function checkedOrder({ order, claimedId, shown, origin, destination, now = Date.now() / 1000 }) {
  const settler = origin.contracts.input_settler;
  if (order.inputs?.length !== 1) throw new RefusedToSign("refused_differs", "inputs");
  const [[inputToken, inputAmount]] = order.inputs;
  same("user", order.user, shown.user);
  same("origin", order.originChainId, shown.origin);
  same("origin", order.originChainId, origin.chain_id);
  same("input token", addressOf(inputToken), shown.inputToken);
  same("input amount", inputAmount, shown.inputAmount);
  same("destination", destination.chain_id, shown.destination);
  known("proof contract", order.inputOracle, origin.contracts.hyperlane_oracle);
  checkOutputs(order.outputs, { shown, destination });
  soon("fill deadline", order.fillDeadline, BigInt(Math.floor(now)));
  soon("expires", order.expires, BigInt(order.fillDeadline));
  if (BigInt(order.expires) < BigInt(order.fillDeadline)) throw new RefusedToSign("refused_differs", "expires");
  const id = orderId(order, settler);
  same("transfer number", id, claimedId);
  return { id, settler };
}

function checkOutputs(outputs, { shown, destination }) {
  const { call_executor: executor, hyperlane_oracle: oracle, output_settler: settler } = destination.contracts;
  // Without a call whatever reaches the executor is anybody's.
  if (executor && sameText(shown.recipient, executor)) throw new RefusedToSign("refused_differs", "recipient");
  if (shown.app && !executor) throw new RefusedToSign("refused_unknown", "call executor");
  const expected = expectedOutputs(shown, destination);
  if (outputs?.length !== expected.length) throw new RefusedToSign("refused_differs", "outputs");
  for (const [index, output] of outputs.entries()) {
    const { token, amount, recipient, callbackData } = expected[index];
    same("destination", output.chainId, destination.chain_id);
    same("output token", output.token, token);
    same("output amount", output.amount, amount);
    same("recipient", output.recipient, recipient);
    same("call on arrival", output.callbackData, callbackData);
    same("context", output.context, "0x");
    known("proof contract", output.oracle, pad(oracle));
    known("payout contract", output.settler, pad(settler));
  }
}

/** The token of an order's input as an address; throws for anything longer than one. */
export function addressOf(token) {
  return getAddress(numberToHex(BigInt(token), { size: 20 }));
}

/** An order as viem encodes it for a contract call. */
export function orderValues(order) {
  return {
    user: getAddress(order.user),
    nonce: BigInt(order.nonce),
    originChainId: BigInt(order.originChainId),
    expires: Number(order.expires),
    fillDeadline: Number(order.fillDeadline),
    inputOracle: getAddress(order.inputOracle),
    inputs: order.inputs.map(([token, amount]) => [BigInt(token), BigInt(amount)]),
    outputs: order.outputs.map(outputValues),
  };
}

/** Whether two texts are one value: letters of addresses and hashes have no case. */
export function sameText(left, right) {
  return String(left).toLowerCase() === String(right).toLowerCase();
}

function same(field, left, right) {
  if (!sameText(left, right)) throw new RefusedToSign("refused_differs", field);
}

function soon(field, moment, after) {
  if (BigInt(moment) > after + LONGEST_SECONDS) throw new RefusedToSign("refused_differs", field);
}

function known(what, left, right) {
  if (!right || !sameText(left, right)) throw new RefusedToSign("refused_unknown", what);
}

function outputValues(output) {
  return { ...output, chainId: BigInt(output.chainId), amount: BigInt(output.amount) };
}

function word(value) {
  return numberToHex(BigInt(value), { size: 32 });
}
