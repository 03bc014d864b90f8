// The signed order: its identity and typed data, and the check that it is what the page shows. Pure.
// Encodings are those of the Open Intents Framework's contracts; tests compare them with its vectors.
import { concat, encodeAbiParameters, getAddress, hashTypedData, keccak256, numberToHex, pad } from "viem/utils";

// A server must not have money locked for years: neither the wait nor what follows it is longer than a day.
const LONGEST_SECONDS = 24n * 3600n;

const OUTPUTS = [
  {
    type: "tuple[]",
    components: [
      { name: "oracle", type: "bytes32" },
      { name: "settler", type: "bytes32" },
      { name: "chainId", type: "uint256" },
      { name: "token", type: "bytes32" },
      { name: "amount", type: "uint256" },
      { name: "recipient", type: "bytes32" },
      { name: "callbackData", type: "bytes" },
      { name: "context", type: "bytes" },
    ],
  },
];

const PERMIT2_TYPES = {
  EIP712Domain: [
    { name: "name", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ],
  PermitBatchWitnessTransferFrom: [
    { name: "permitted", type: "TokenPermissions[]" },
    { name: "spender", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
    { name: "witness", type: "Permit2Witness" },
  ],
  MandateOutput: OUTPUTS[0].components,
  Permit2Witness: [
    { name: "user", type: "address" },
    { name: "expires", type: "uint32" },
    { name: "inputOracle", type: "address" },
    { name: "outputs", type: "MandateOutput[]" },
  ],
  TokenPermissions: [
    { name: "token", type: "address" },
    { name: "amount", type: "uint256" },
  ],
};

const EIP3009_TYPES = {
  EIP712Domain: [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ],
  ReceiveWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
};

/** Why an order is not signed: `reason` names a text, `field` what is wrong. */
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

/** Permit2's batch transfer with the whole order as witness. */
export function permit2TypedData(order, { settler, permit2 }) {
  return {
    types: PERMIT2_TYPES,
    primaryType: "PermitBatchWitnessTransferFrom",
    domain: { name: "Permit2", chainId: Number(order.originChainId), verifyingContract: getAddress(permit2) },
    message: {
      permitted: order.inputs.map(([token, amount]) => ({ token: addressOf(token), amount: String(amount) })),
      spender: getAddress(settler),
      nonce: order.nonce,
      deadline: order.fillDeadline,
      witness: {
        user: getAddress(order.user),
        expires: Number(order.expires),
        inputOracle: getAddress(order.inputOracle),
        outputs: order.outputs,
      },
    },
  };
}

/** The token's ReceiveWithAuthorization to the settler; its nonce is the order id. */
export function eip3009TypedData(order, { settler, token }) {
  const [[input, amount]] = order.inputs;
  return {
    types: EIP3009_TYPES,
    primaryType: "ReceiveWithAuthorization",
    domain: {
      name: token.name,
      version: token.version,
      chainId: Number(order.originChainId),
      verifyingContract: addressOf(input),
    },
    message: {
      from: getAddress(order.user),
      to: getAddress(settler),
      value: String(amount),
      validAfter: "0",
      validBefore: order.fillDeadline,
      nonce: orderId(order, settler),
    },
  };
}

/** The 32 bytes that are signed. */
export function digest(typedData) {
  const { EIP712Domain, ...types } = typedData.types;
  return hashTypedData({ ...typedData, types });
}

/**
 * Compare an order with what the person was shown and with what this page knows, and build what is signed.
 *
 * `shown` holds user, recipient, origin, destination, inputToken, inputAmount, outputToken, outputMinimum as
 * the page displays them; `origin` and `destination` are the known chains; `now` is in seconds. Throws
 * RefusedToSign.
 */
export function checkedTypedData({ order, way, claimedId, shown, origin, destination, now = Date.now() / 1000 }) {
  const settler = origin.contracts.input_settler;
  if (order.inputs?.length !== 1) throw new RefusedToSign("refused_differs", "inputs");
  if (order.outputs?.length !== 1) throw new RefusedToSign("refused_differs", "outputs");
  const [[inputToken, inputAmount]] = order.inputs;
  const [output] = order.outputs;
  same("user", order.user, shown.user);
  same("origin", order.originChainId, shown.origin);
  same("origin", order.originChainId, origin.chain_id);
  same("input token", addressOf(inputToken), shown.inputToken);
  same("input amount", inputAmount, shown.inputAmount);
  same("destination", output.chainId, shown.destination);
  same("destination", output.chainId, destination.chain_id);
  same("output token", output.token, pad(shown.outputToken));
  same("output amount", output.amount, shown.outputMinimum);
  same("recipient", output.recipient, pad(shown.recipient));
  same("callback", output.callbackData, "0x");
  same("context", output.context, "0x");
  known("proof contract", order.inputOracle, origin.contracts.hyperlane_oracle);
  known("proof contract", output.oracle, pad(destination.contracts.hyperlane_oracle));
  known("payout contract", output.settler, pad(destination.contracts.output_settler));
  soon("fill deadline", order.fillDeadline, BigInt(Math.floor(now)));
  soon("expires", order.expires, BigInt(order.fillDeadline));
  if (BigInt(order.expires) < BigInt(order.fillDeadline)) throw new RefusedToSign("refused_differs", "expires");
  const id = orderId(order, settler);
  same("transfer number", id, claimedId);
  return { id, settler, typedData: typedDataFor(way, order, { origin, settler, inputToken }) };
}

function typedDataFor(way, order, { origin, settler, inputToken }) {
  if (way === "permit2") return permit2TypedData(order, { settler, permit2: origin.contracts.permit2 });
  const token = origin.tokens.find((each) => sameText(each.address, addressOf(inputToken)));
  if (way !== "eip3009" || !token || token.eip3009 === "none") throw new RefusedToSign("refused_differs", "way");
  return eip3009TypedData(order, { settler, token });
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

function sameText(left, right) {
  return String(left).toLowerCase() === String(right).toLowerCase();
}

function outputValues(output) {
  return { ...output, chainId: BigInt(output.chainId), amount: BigInt(output.amount) };
}

function addressOf(token) {
  return getAddress(numberToHex(BigInt(token), { size: 20 }));
}

function word(value) {
  return numberToHex(BigInt(value), { size: 32 });
}
