// One signature that the token itself verifies (EIP-3009); its nonce is the transfer number.
import { getAddress } from "viem/utils";
import { addressOf, orderId, RefusedToSign, sameText } from "../order.js";
import { signTypedData } from "../wallet.js";

const TYPES = {
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

/** The token's ReceiveWithAuthorization to the settler; its nonce is the order id. */
export function typedData(order, { settler, token }) {
  const [[input, amount]] = order.inputs;
  return {
    types: TYPES,
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

/** What the wallet will be asked; throws RefusedToSign when the token knows no such signature. */
export function prepare({ order, settler, origin }) {
  const [[input]] = order.inputs;
  const token = origin.tokens.find((each) => sameText(each.address, addressOf(input)));
  if (!token || token.eip3009 === "none") throw new RefusedToSign("refused_differs", "way");
  return { order, typedData: typedData(order, { settler, token }), rows: [] };
}

/** Have it signed, then submit. */
export async function confirm(request, { submit }) {
  await submit(await signTypedData(request.typedData, request.order.user));
}
