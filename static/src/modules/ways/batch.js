// One atomic batch of the wallet (EIP-5792): it approves exactly the amount and opens the order.
import { approveCall, openCall } from "../open-call.js";
import { addressOf, RefusedToSign } from "../order.js";
import { sendCalls } from "../wallet.js";

/** The two calls that the wallet will be asked to make in one transaction. */
export function prepare({ order, settler, origin }) {
  const [[token, amount]] = order.inputs;
  if (BigInt(token) === 0n) throw new RefusedToSign("refused_differs", "way");
  const calls = [
    { to: addressOf(token), data: approveCall(settler, amount), value: "0x0" },
    { to: settler, data: openCall(order), value: "0x0" },
  ];
  return { calls, from: order.user, chainId: origin.chain_id, rows: [] };
}

/** It is priced again when it is seen: the review says so. */
export const wording = () => ({ sentence: "sentence_own", button: "confirm_in_wallet" });

/** Write the order down with us first, so that its page is there whatever happens; then have both calls made. */
export async function confirm(request, { submit, ask }) {
  await submit("");
  await ask(() => sendCalls(request.calls, request));
}
