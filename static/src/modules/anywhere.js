// “Use from anywhere”: a choice that names an asset and no chain, such as any:USDC. Pure.
import { exactAmount } from "./amounts.js";

const PREFIX = "any:";

/** The asset of such a choice, "" for a choice that names its chain. */
export function assetOf(value) {
  const text = String(value);
  return text.startsWith(PREFIX) ? text.slice(PREFIX.length) : "";
}

/** The token that a choice means on a chain, or undefined: by its symbol, else by the only one of that asset. */
export function tokenMeant(value, chain) {
  const asset = assetOf(value);
  const [slug, symbol] = String(value).split(":");
  if (!asset && slug !== chain.slug) return undefined;
  const named = chain.tokens.find((each) => each.symbol === (asset || symbol));
  if (named || !asset) return named;
  const same = chain.tokens.filter((each) => each.canonical_id === asset.toLowerCase());
  return same.length === 1 ? same[0] : undefined;
}

/** The sum of amounts [base units, decimals] as exact decimal text. */
export function totalText(amounts) {
  const most = Math.max(...amounts.map(([, decimals]) => Number(decimals)));
  const total = amounts.reduce((sum, [units, own]) => sum + BigInt(units) * 10n ** BigInt(most - Number(own)), 0n);
  return exactAmount(total, most);
}
