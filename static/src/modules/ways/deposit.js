// One plain payment to this order's own address, from the connected wallet or from anywhere else.
import { concat, numberToHex, pad } from "viem/utils";
import { depositAddress } from "../deposit-address.js";
import { addressOf, RefusedToSign } from "../order.js";
import { handOver, keep } from "../keepsake.js";
import { recoveryCode } from "../recovery.js";
import { isRejected, sendTransaction } from "../wallet.js";

const TRANSFER = "0xa9059cbb";

/** Paid from elsewhere, no wallet takes part: the person typed where the money comes back to. */
export const needsWallet = ({ isPaidElsewhere }) => !isPaidElsewhere;

/** Other words of the review than those of a signature. */
export const wording = ({ isPaidElsewhere }) =>
  isPaidElsewhere
    ? { sentence: "sentence_deposit", button: "show_address" }
    : { sentence: "sentence", button: "confirm_in_wallet" };

/** The order's address, computed here; it is shown only when the person holds the recovery code. */
export function prepare({ order, id, settler, origin, shown }) {
  const implementation = origin.contracts.deposit_implementation;
  // The coin would not be taken from there.
  if (BigInt(order.inputs[0][0]) === 0n) throw new RefusedToSign("refused_differs", "way");
  if (!implementation) throw new RefusedToSign("refused_unknown", "deposit_implementation");
  const address = depositAddress(id, { settler, implementation });
  return {
    order, id, address,
    chain: origin.name,
    chainId: origin.chain_id,
    code: recoveryCode(order),
    isPaidElsewhere: shown.isPaidElsewhere,
    rows: [["field_refund", order.user]],
  };
}

/** Hand the order over inside the dialog; `ready(isReady)` tells whether the person says that it is kept. */
export function introduce(request, place, ready) {
  keep(request.id, request.code);
  place.append(handOver({ ...request, onKept: ready, mustConfirm: request.isPaidElsewhere }));
  ready(!request.isPaidElsewhere);
}

/** Write the order down with us, then pay from the connected wallet, unless it is paid from elsewhere. */
export async function confirm(request, { submit, ask }) {
  await submit("");
  if (request.isPaidElsewhere) return;
  const { user, inputs } = request.order;
  const [[input, amount]] = inputs;
  const data = concat([TRANSFER, pad(request.address), numberToHex(BigInt(amount), { size: 32 })]);
  try {
    await ask(() => sendTransaction({ from: user, to: addressOf(input), data }, request.chainId));
  } catch (error) {
    // The transfer's page shows the address: it can be paid from there, or left alone.
    if (!isRejected(error)) throw error;
  }
}
