// Amounts as people read them; never rounded up.
const SHOWN_FRACTION_DIGITS = 6;
const SMALL_FRACTION_DIGITS = 4;

/** Exact decimal text of base units, without trailing zeros. */
export function exactAmount(units, decimals) {
  const digits = BigInt(units).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = (decimals ? digits.slice(-decimals) : "").replace(/0+$/, "");
  return fraction ? `${whole}.${fraction}` : whole;
}

/** Grouped and cut to six places; a smaller amount keeps four significant digits. */
export function shownAmount(units, decimals) {
  const [whole, fraction = ""] = exactAmount(units, decimals).split(".");
  const leading = fraction.length - fraction.replace(/^0+/, "").length;
  const isSmall = whole === "0" && leading >= SHOWN_FRACTION_DIGITS - 1;
  const kept = fraction.slice(0, isSmall ? leading + SMALL_FRACTION_DIGITS : SHOWN_FRACTION_DIGITS).replace(/0+$/, "");
  return joined(whole, kept);
}

/** Grouped, with every digit there is. */
export function fullAmount(units, decimals) {
  return joined(...exactAmount(units, decimals).split("."));
}

function joined(whole, fraction) {
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction ? `${grouped}.${fraction}` : grouped;
}
