// What the page shows of an order; everything enters the page as text.
import { exactAmount } from "../src/modules/amounts.js";
import { castLine, curlLine } from "./actions.js";
import { say } from "./words.js";
import { addressIn } from "./terms.js";

const COIN = "0x" + "00".repeat(20);

/** An element with text, attributes and children. */
export function element(tag, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A moment of chain time (seconds) on this computer's clock. */
export function moment(seconds) {
  return new Date(Number(seconds) * 1000).toLocaleString();
}

/** The terms that were signed, as pairs of label and text. */
export function facts(order, nodes) {
  const [token, amount] = order.inputs[0];
  const wanted = order.outputs.map(({ chainId, token, amount }) => money(nodes, chainId, addressIn(token), amount));
  return [
    [say("gave"), money(nodes, order.originChainId, addressIn(token), amount)],
    [say("wanted"), wanted.join(" + ")],
    [say("user"), order.user],
    [say("deadline"), moment(order.fillDeadline)],
    [say("expires"), moment(order.expires)],
  ];
}

/** The sentence for a look at an order. */
export function sentence({ situation, params }) {
  const told = { ...params };
  for (const name of ["by", "after"]) if (told[name]) told[name] = moment(told[name]);
  return say(`sit_${situation}`, told);
}

/** What an action does, with its chain. */
export function actionText(action, nodes) {
  const amount = action.amount === undefined ? "" : money(nodes, action.chainId, action.token, action.amount, false);
  const chain = say("on_chain", { chain: nodes.chain(action.chainId).name });
  const only = action.only ? ` – ${say("only_user", { user: action.only })}` : "";
  const paid = action.value > 0n ? money(nodes, action.chainId, COIN, action.value, false) : "";
  const fee = paid ? ` · ${say("with_fee", { amount: paid })}` : "";
  return `${say(`act_${action.kind}`, { amount })} · ${chain}${fee}${only}`;
}

/** An action for people without a wallet here: calldata and command lines. */
export function lines(action, nodes) {
  const url = nodes.urls(action.chainId)[0];
  const part = (name, text) => [element("p", { class: "hint", text: say(name) }), element("pre", { text })];
  return element(
    "section",
    { "data-action": action.kind },
    element("h3", { text: actionText(action, nodes) }),
    ...part("contract", action.to),
    ...part("calldata", action.data),
    ...(action.value > 0n ? part("value", String(action.value)) : []),
    ...part("curl", curlLine(action, url)),
    ...part("cast", castLine(action, url)),
  );
}

/** Where the signatures of a message can be fetched by hand. */
export function signatureLines(view, chainId, nodes) {
  if (!view.params.message) return [];
  const urls = nodes.validators(chainId).map(({ url }) => `curl -s ${url}/${chainId}/by-message/${view.params.message}.json`);
  return [element("p", { class: "hint", text: `${say("signatures")} ${view.params.message}` }), element("pre", { text: urls.join("\n") })];
}

function money(nodes, chainId, token, amount, isPlaced = true) {
  const chain = nodes.network.chains.find((each) => each.chain_id === String(chainId));
  const isNative = BigInt(token) === 0n;
  const known = isNative ? chain?.native : chain?.tokens.find((each) => each.address.toLowerCase() === token.toLowerCase());
  const shown = known ? `${exactAmount(amount, known.decimals)} ${known.symbol}` : `${amount} × ${token}`;
  return isPlaced ? `${shown} ${say("on_chain", { chain: chain?.name ?? `#${chainId}` })}` : shown;
}
