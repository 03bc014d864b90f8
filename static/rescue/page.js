// The rescue page: paste, look, bring back. Everything runs in this browser against chains and validators.
import { find } from "./find.js";
import { look } from "./look.js";
import { Nodes } from "./nodes.js";
import { release } from "./release.js";
import { forget, isList, keep, settings } from "./settings.js";
import { actionText, element, facts, lines, sentence, signatureLines } from "./view.js";
import { connect, connectLocal, discover } from "./wallets.js";
import { say, speak } from "./words.js";

const LOOK_AGAIN_MS = 4000;
const part = (id) => document.getElementById(id);
const built = JSON.parse(part("network").textContent);
const wallets = new Map();

let language = navigator.language?.startsWith("zh") ? "zh" : "en";
let inForce = settings(built);
let found = null;
let view = null;
let payer = null;
let isRunning = false;

const nodes = () => new Nodes(inForce.network, { endpoints: inForce.endpoints });

function translate() {
  speak(language);
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  for (const each of document.querySelectorAll("[data-say]")) each.textContent = say(each.dataset.say);
  part("language").textContent = language === "zh" ? "English" : "中文";
  part("language").lang = language === "zh" ? "en" : "zh";
  document.title = `Waymeet – ${say("title")}`;
  document.documentElement.dataset.said = "";
  showNetwork();
  if (found) show();
}

async function ask(text) {
  part("problem").hidden = true;
  part("answer").hidden = true;
  part("log").replaceChildren();
  part("situation").textContent = say("looking");
  found = null;
  try {
    found = await find(text, nodes());
    view = await look(found, nodes());
    show();
  } catch (error) {
    problem(error);
  }
}

function problem(error) {
  part("problem").hidden = false;
  part("problem").textContent = error.reason ? say(`err_${error.reason}`, error.params) : String(error.message ?? error);
}

function show() {
  const { order, id } = found;
  part("answer").hidden = false;
  part("answer").dataset.situation = view.situation;
  part("number").textContent = say("order", { id });
  part("situation").textContent = sentence(view);
  part("facts").replaceChildren(
    ...facts(order, nodes()).flatMap(([name, text]) => [element("dt", { text: name }), element("dd", { text })]),
  );
  part("actions").replaceChildren(
    ...view.actions.map((action) => element("li", { "data-action": action.kind, text: actionText(action, nodes()) })),
  );
  const isOver = view.actions.length === 0 && view.pauseSeconds === null;
  part("doing").hidden = isOver && !isRunning;
  const byHand = [...view.actions.map((action) => lines(action, nodes())), ...signatureLines(view, order.outputs[0].chainId, nodes())];
  part("lines").replaceChildren(...byHand);
  part("by-hand").hidden = byHand.length === 0;
  showWallets();
}

function showWallets() {
  const offers = [...wallets.values()].map((wallet) => offer(wallet.name, () => connect(wallet, nodes)));
  const isLocal = inForce.network.chains.length > 0 && inForce.network.chains.every((chain) => chain.is_local);
  if (isLocal) offers.push(offer(say("local_account"), () => connectLocal(say("local_account"), nodes), "local"));
  const said = payer ? say("wallet_is", payer) : say(offers.length ? "connect" : "no_wallet");
  part("wallets").replaceChildren(element("p", { text: said }), ...(payer ? [] : offers));
  part("run").disabled = !payer || isRunning;
  part("stop").hidden = !isRunning;
}

function offer(name, connecting, key = name) {
  const button = element("button", { type: "button", text: name, "data-wallet": key });
  button.addEventListener("click", async () => {
    part("problem").hidden = true;
    try {
      payer = await connecting();
      showWallets();
    } catch (error) {
      problem(error);
    }
  });
  return button;
}

async function run() {
  isRunning = true;
  part("problem").hidden = true;
  showWallets();
  try {
    view = await release(found, { nodes: nodes(), send: payer.send, account: payer.account, told, isStopped: () => !isRunning });
    log(say("done"));
  } catch (error) {
    problem(error);
  }
  isRunning = false;
  show();
}

function told(news) {
  if (news.sent) return log(say("sent", { what: actionText(news.sent, nodes()), hash: news.hash }));
  view = news;
  show();
}

function log(text) {
  part("log").append(element("li", { text }));
}

function showNetwork() {
  const fields = inForce.network.chains.map((chain) => {
    const area = (name, values) =>
      element("label", { text: say(name) }, element("textarea", { rows: "2", name: `${name}:${chain.chain_id}`, spellcheck: "false", text: values.join("\n") }));
    const urls = inForce.endpoints[chain.chain_id] ?? chain.rpc_urls;
    const title = element("legend", { text: `${chain.name} (${chain.chain_id})` });
    return element("fieldset", {}, title, area("rpc", urls), area("validators", chain.validators.map(({ url }) => url)));
  });
  const list = element("textarea", { rows: "3", name: "list", spellcheck: "false" });
  const reset = element("button", { type: "button", text: say("reset"), id: "reset" });
  reset.addEventListener("click", () => (forget(), renew()));
  const save = element("button", { type: "submit", text: say("save"), id: "save" });
  part("network-form").replaceChildren(...fields, element("label", { text: say("list") }, list), save, reset);
}

function saveNetwork(event) {
  event.preventDefault();
  const typed = new FormData(event.target);
  const changes = { endpoints: {}, validators: {} };
  for (const [name, text] of typed) {
    const [kind, chainId] = name.split(":");
    if (kind === "list") continue;
    const urls = text.split(/\s+/).filter((url) => /^https?:\/\//.test(url));
    changes[kind === "rpc" ? "endpoints" : "validators"][chainId] = urls;
  }
  if (typed.get("list").trim()) {
    const list = parsed(typed.get("list"));
    if (!isList(list)) return problem({ message: say("bad_list") });
    Object.assign(changes, { list, endpoints: {}, validators: undefined });
  }
  keep(changes);
  renew();
  log(say("saved"));
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function renew() {
  inForce = settings(built);
  showNetwork();
  if (found) show();
}

async function lookAgain() {
  if (!found || isRunning || document.hidden || view?.pauseSeconds === null) return;
  try {
    const looked = found;
    const fresh = await look(looked, nodes(), { isThorough: false });
    if (found !== looked || isRunning) return;
    // What is at deposit addresses is read less often, and is still there.
    fresh.actions.push(...view.actions.filter(({ kind }) => kind === "recover"));
    const isNew = essence(fresh) !== essence(view);
    view = fresh;
    if (isNew) show();
  } catch (error) {
    problem(error);
  }
}

function essence({ situation, params, actions }) {
  return JSON.stringify([situation, params, actions.map(({ kind, data }) => [kind, data])]);
}

/** What a link brings behind its "#"; anything unreadable is left for the person to see. */
function takeOver() {
  const handed = window.location.hash.slice(1);
  if (!handed || isRunning) return;
  part("pasted").value = handed;
  ask(handed);
}

part("language").addEventListener("click", () => ((language = language === "zh" ? "en" : "zh"), translate()));
part("ask").addEventListener("submit", (event) => (event.preventDefault(), ask(part("pasted").value)));
part("run").addEventListener("click", run);
part("stop").addEventListener("click", () => ((isRunning = false), showWallets()));
part("file").addEventListener("change", async ({ target }) => {
  part("pasted").value = (await target.files[0]?.text()) ?? "";
});
part("network-form").addEventListener("submit", saveNetwork);
window.setInterval(lookAgain, LOOK_AGAIN_MS);
translate();
discover(wallets, () => found && showWallets());
window.addEventListener("hashchange", takeOver);
takeOver();
