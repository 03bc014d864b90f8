// The rescue page's own modules without its page: what is pasted, and an unlocked account that pays the gas.
import { readFileSync } from "node:fs";
import { request } from "../../static/rescue/actions.js";
import { find } from "../../static/rescue/find.js";
import { look } from "../../static/rescue/look.js";
import { Nodes } from "../../static/rescue/nodes.js";
import { release } from "../../static/rescue/release.js";

const given = JSON.parse(readFileSync(0, "utf8"));
const nodes = new Nodes(given.network, { endpoints: given.endpoints ?? {} });
const found = await find(given.text, nodes);
const sent = [];

async function send(action) {
  sent.push(action.kind);
  const from = action.only || given.account;
  return nodes.rpc(action.chainId, "eth_sendTransaction", [{ ...request(action, from), gas: "0x1e8480", gasPrice: "0x2540be400" }]);
}

const view = given.looks
  ? await look(found, nodes)
  : await release(found, { nodes, send, account: given.account });
const actions = view.actions.map((action) => action.kind);
console.log(JSON.stringify({ id: found.id, status: view.status, situation: view.situation, actions, sent }));
