// The ways to confirm by their names. Each has two functions:
// `prepare({order, id, settler, origin, shown})` gives what the wallet will be asked, with `rows` [word, value]
// for the review, or throws RefusedToSign; `confirm(request, {submit, ask})` asks the wallet and submits.
// `submit(signature)` posts the order, "" where the wallet pays by itself; `ask(act)` does one more thing at the
// wallet unless the person went back meanwhile.
// A way may also have `needsWallet(shown)`, `wording(shown)` with other words of the review, and
// `introduce(request, place, ready)`, which fills a part of the review and tells when it may be confirmed.
import { RefusedToSign } from "../order.js";
import * as batch from "./batch.js";
import * as deposit from "./deposit.js";
import * as eip3009 from "./eip3009.js";
import * as native from "./native.js";
import * as permit from "./permit.js";
import * as permit2 from "./permit2.js";

const WAYS = { eip3009, permit2, permit, batch, native, deposit };

/**
 * The way of this name for what is shown; throws RefusedToSign for one that this page does not know.
 *
 * With `shown.isPaidElsewhere` the money comes back to an address that was typed: only the order's own address will
 * do then. In any other way the connected wallet would pay for whoever that address is.
 */
export function wayNamed(name, { isPaidElsewhere = false } = {}) {
  const isKnown = Object.hasOwn(WAYS, name) && (name === "deposit" || !isPaidElsewhere);
  if (!isKnown) throw new RefusedToSign("refused_differs", "way");
  return WAYS[name];
}
