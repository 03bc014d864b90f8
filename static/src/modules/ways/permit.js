// One permit of the token (EIP-2612) for exactly the amount: its spender is this order's own deposit address.
import { getAddress } from "viem/utils";
import { depositAddress } from "../deposit-address.js";
import { addressOf, RefusedToSign, sameText } from "../order.js";
import { readWord, signTypedData } from "../wallet.js";

/** Selector of `nonces(address)`. */
export const NONCES = "0x7ecebe00";
const PERMIT = [
  { name: "owner", type: "address" },
  { name: "spender", type: "address" },
  { name: "value", type: "uint256" },
  { name: "nonce", type: "uint256" },
  { name: "deadline", type: "uint256" },
];
const DOMAIN = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
];

/** The token's Permit to `spender`; `nonce` is what the token counts for the user now. */
export function typedData(order, { token, spender, nonce }) {
  const [[input, amount]] = order.inputs;
  const hasVersion = Boolean(token.version);
  return {
    types: { EIP712Domain: DOMAIN.filter(({ name }) => hasVersion || name !== "version"), Permit: PERMIT },
    primaryType: "Permit",
    domain: {
      name: token.name,
      ...(hasVersion ? { version: token.version } : {}),
      chainId: Number(order.originChainId),
      verifyingContract: addressOf(input),
    },
    message: {
      owner: getAddress(order.user),
      spender: getAddress(spender),
      value: String(amount),
      nonce: String(nonce),
      deadline: order.fillDeadline,
    },
  };
}

/** What the wallet will be asked; throws RefusedToSign when the token or the chain cannot do it. */
export function prepare({ order, id, settler, origin }) {
  const [[input]] = order.inputs;
  const token = origin.tokens.find((each) => sameText(each.address, addressOf(input)));
  const implementation = origin.contracts.deposit_implementation;
  if (!token || token.permit !== "eip2612") throw new RefusedToSign("refused_differs", "way");
  if (!implementation) throw new RefusedToSign("refused_unknown", "deposit_implementation");
  const spender = depositAddress(id, { settler, implementation });
  return { order, token, spender, rows: [["field_permit_spender", spender]] };
}

/** Read the token's count of permits through the wallet, have the next one signed, then submit. */
export async function confirm({ order, token, spender }, { submit }) {
  const nonce = await readWord(addressOf(order.inputs[0][0]), NONCES, order.user);
  await submit(await signTypedData(typedData(order, { token, spender, nonce }), order.user));
}
