// What the review says of one part: a plain sentence, and a row for everything that is confirmed. Pure but for rows.
import { fullAmount, shownAmount } from "./amounts.js";
import { tokenOf } from "./trust.js";
import { language, say } from "./words.js";

const COIN = `0x${"0".repeat(40)}`;

/** The part in one sentence; `wording` names its text. */
export function sentence({ offer, shown, origin, destination }, wording) {
  return say(shown.app ? "sentence_app" : wording, {
    input: named(shown.inputAmount, tokenOf(origin, shown.inputToken)),
    minimum: named(shown.outputMinimum, tokenOf(destination, shown.outputToken)),
    app: shown.app?.name,
    origin: origin.name, destination: destination.name,
    recipient: short(shown.recipient), time: clock(offer.order.fillDeadline),
  });
}

/** The rows of everything that is confirmed. */
export function rowsOf({ id, offer, shown, origin, destination, settler, request }) {
  const { order, way } = offer;
  const input = wholly(shown.inputAmount, tokenOf(origin, shown.inputToken));
  const minimum = wholly(shown.outputMinimum, tokenOf(destination, shown.outputToken));
  const { app, gasOnArrival } = shown;
  const isSelf = shown.recipient === shown.user;
  return [
    ["field_send", `${input} · ${origin.name}`],
    ["field_minimum", `${minimum} · ${destination.name}`],
    [isSelf ? "field_recipient_self" : "field_recipient", shown.recipient],
    ...(app ? [["field_app", `${app.name}: ${app.call}`], ["field_app_target", app.target]] : []),
    ...(BigInt(gasOnArrival) > 0n ? [["field_gas_on_arrival", coins(gasOnArrival, destination)]] : []),
    ["field_deadline", clock(order.fillDeadline)],
    ["field_expires", clock(order.expires)],
  ].map(([name, value]) => row(say(name), value)).concat([
    ["field_way", say(`way_${way}`)],
    [way === "eip3009" ? "field_order_id" : "field_number", id],
    ["field_escrow", settler],
    ...request.rows,
    ["field_oracle", order.inputOracle],
  ].map(([name, value]) => row(say(name), value, "fine")));
}

/** One row of the review; `className` "fine" is for what is compared with the wallet rather than read. */
export function row(name, value, className = "") {
  const line = document.createElement("tr");
  line.className = className;
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  const cell = document.createElement("td");
  cell.textContent = value;
  if (/^0x[0-9a-f]{40,}$/i.test(value)) cell.className = "hash";
  line.append(head, cell);
  return line;
}

/** Base units with their token's symbol. */
export function named(units, token) {
  return `${shownAmount(units, Number(token.decimals))} ${token.symbol}`;
}

// To the last digit, as the wallet shows it too.
function wholly(units, token) {
  return `${fullAmount(units, Number(token.decimals))} ${token.symbol}`;
}

/** Wei of a chain's own coin; what wallets are told of the coin is only the server's word. */
export function coins(wei, chain) {
  return named(wei, tokenOf(chain, COIN));
}

function short(address) {
  return `${address.slice(0, 6)}…${address.slice(-4)}`;
}

function clock(seconds) {
  return new Date(Number(seconds) * 1000).toLocaleTimeString(language);
}
