// A token's mark: its sign on its colour, with the chain's own letter at the corner. Drawn here, nobody's logo.
export function mark({ symbol, chain, tone = 0, place = 0, glyph = "" }) {
  const made = document.createElement("span");
  made.className = `mark tone-${Number(tone)}`;
  made.setAttribute("aria-hidden", "true");
  // No text of the page: who hears it hears the names.
  made.dataset.glyph = glyph || symbol.slice(0, 1).toUpperCase();
  if (chain) {
    const corner = document.createElement("span");
    corner.className = `corner tone-${Number(place)}`;
    corner.dataset.glyph = chain.slice(0, 1).toUpperCase();
    made.append(corner);
  }
  return made;
}
