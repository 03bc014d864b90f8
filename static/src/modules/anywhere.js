// “Use from anywhere”: a choice that names an asset and no chain, such as any:USDC. Pure.
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
