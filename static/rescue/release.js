// Look, do, look again, until the money is back or nothing more can be done.
import { look } from "./look.js";

const RECEIPT_PAUSE_MS = 700;
const RECEIPT_TRIES = 260;

/** A transaction that was mined and reverted. */
export class Reverted extends Error {
  constructor(hash) {
    super(`reverted: ${hash}`);
    this.reason = "reverted";
    this.params = { hash };
  }
}

/**
 * Bring the money of an order back; `send(action)` gives the hash of a sent transaction.
 *
 * `told(view)` is called with every look, and with `{sent, hash}` for every transaction. `isStopped()` ends it.
 * Resolves with the last look: one without an action and with nothing to wait for. Throws what `send` throws.
 */
export async function release(found, { nodes, send, told = () => {}, isStopped = () => false, account = "" }) {
  for (let isThorough = true; ; isThorough = false) {
    let view = await look(found, nodes, { isThorough });
    const isEnd = view.actions.length === 0 && view.pauseSeconds === null;
    if (isEnd && !isThorough) view = await look(found, nodes);
    told(view);
    const action = view.actions.find((each) => !each.only || each.only.toLowerCase() === account.toLowerCase());
    if (isStopped() || (!action && view.pauseSeconds === null)) return view;
    if (!action) {
      await pause(view.pauseSeconds * 1000);
      continue;
    }
    const hash = await send(action);
    told({ sent: action, hash });
    await mined(action.chainId, hash, nodes);
  }
}

/** The receipt of a sent transaction; throws Reverted. A receipt that stays away is no failure. */
export async function mined(chainId, hash, nodes) {
  for (let attempt = 0; attempt < RECEIPT_TRIES; attempt += 1) {
    const receipt = await nodes.rpc(chainId, "eth_getTransactionReceipt", [hash]).catch(() => null);
    if (receipt && receipt.status !== "0x1") throw new Reverted(hash);
    if (receipt) return receipt;
    await pause(RECEIPT_PAUSE_MS);
  }
  return null;
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
