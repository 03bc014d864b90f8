// One payment of the chain's own coin: the wallet itself opens the order.
import { numberToHex } from "viem/utils";
import { openCall } from "../open-call.js";
import { RefusedToSign } from "../order.js";
import { sendTransaction } from "../wallet.js";

/** The payment that the wallet will be asked for. */
export function prepare({ order, settler, origin }) {
  const [[token, amount]] = order.inputs;
  if (BigInt(token) !== 0n) throw new RefusedToSign("refused_differs", "way");
  const transaction = { from: order.user, to: settler, value: numberToHex(BigInt(amount)), data: openCall(order) };
  return { transaction, chainId: origin.chain_id, rows: [] };
}

/** It is priced again when it is seen: the review says so. */
export const wording = () => ({ sentence: "sentence_own", button: "confirm_in_wallet" });

/** Write the order down with us first, so that its page is there whatever happens; then pay. */
export async function confirm({ transaction, chainId }, { submit, ask }) {
  await submit("");
  await ask(() => sendTransaction(transaction, chainId));
}
