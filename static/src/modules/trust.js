// What this page knows by itself, compiled in: our contracts, Permit2, and hashes of the network list.
import { sha256, stringToHex } from "viem/utils";
import { RefusedToSign } from "./order.js";

/* global __TRUST__ */
export const compiled =
  typeof __TRUST__ === "undefined"
    ? { settler: "", permit2: "", deposit_implementation: "", call_executor: "", deviating: {}, chains: {} }
    : __TRUST__;

// A chain may lack these; one that has them has the compiled ones.
const OPTIONAL = ["deposit_implementation", "call_executor"];

/**
 * A chain of the server's network list, checked against what is compiled in.
 *
 * `isAdded` says that the chain is not in the compiled list, or differs from it: its addresses must be shown.
 * Throws RefusedToSign when its escrow contract, Permit2, call executor or the code behind its deposit addresses is
 * not the compiled one.
 */
export function trustedChain(network, chainId, trust = compiled) {
  const entry = network[chainId];
  if (!entry) throw new RefusedToSign("refused_unknown", `chain ${chainId}`);
  const chain = JSON.parse(entry.trust);
  if (chain.chain_id !== String(chainId)) throw new RefusedToSign("refused_differs", "chain");
  const expected = { ...trust, ...trust.deviating[chainId] };
  if (!matches(chain.contracts.input_settler, expected.settler)) throw new RefusedToSign("refused_settler", "settler");
  if (!matches(chain.contracts.permit2, expected.permit2)) throw new RefusedToSign("refused_unknown", "Permit2");
  for (const name of OPTIONAL) {
    const given = chain.contracts[name];
    if (given && !matches(given, expected[name])) throw new RefusedToSign("refused_unknown", name);
  }
  const hash = sha256(stringToHex(entry.trust)).slice(2);
  return { ...chain, wallet: entry.wallet, isAdded: trust.chains[chainId] !== hash };
}

/** The chain's token with this address, or undefined. */
export function tokenOf(chain, address) {
  return chain.tokens.find((token) => token.address.toLowerCase() === String(address).toLowerCase());
}

function matches(given, expected) {
  return Boolean(expected) && String(given).toLowerCase() === expected.toLowerCase();
}
