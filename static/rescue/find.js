// From what a person has (a recovery code, a transaction, a transfer number, the order itself) to the order.
import { decodeEventLog, encodeEventTopics, isHex, size } from "viem/utils";
import { orderOfCode } from "../src/modules/recovery.js";
import { ABI } from "./abi.js";
import { CannotRead } from "./nodes.js";
import { NotAnOrder, idOf, orderFromLog, readOrder } from "./terms.js";

const [OPEN] = encodeEventTopics({ abi: ABI, eventName: "Open" });

/** {order, id} for what was pasted; throws NotAnOrder or CannotRead. */
export async function find(text, nodes) {
  const pasted = text.trim();
  const coded = orderOfCode(pasted) ?? json(pasted);
  if (coded) return identified(readOrder(coded.order ?? coded), nodes);
  const hash = pasted.match(/0x[0-9a-fA-F]{64}(?![0-9a-fA-F])/)?.[0].toLowerCase();
  if (!hash || !isHex(hash) || size(hash) !== 32) throw new NotAnOrder("text");
  const found = (await inTransaction(hash, nodes)) ?? (await byId(hash, nodes));
  if (!found) throw new CannotRead("not_found", {});
  return found;
}

function identified(order, nodes) {
  return { order, id: idOf(order, nodes.chain(order.originChainId).contracts.input_settler) };
}

/** The order that a transaction opened, filled or returned, on whichever chain it is. */
async function inTransaction(hash, nodes) {
  for (const chain of nodes.network.chains) {
    const receipt = await nodes.rpc(chain.chain_id, "eth_getTransactionReceipt", [hash]).catch(() => null);
    if (!receipt) continue;
    const opened = receipt.logs.find((log) => isOpen(log, chain));
    if (opened) return identified(orderIn(opened), nodes);
    const ours = [chain.contracts.input_settler, chain.contracts.output_settler].map((each) => each?.toLowerCase());
    const named = receipt.logs.filter((log) => ours.includes(log.address.toLowerCase()) && log.topics.length > 1);
    for (const log of named) {
      const found = await byId(log.topics[1], nodes);
      if (found) return found;
    }
  }
  return null;
}

async function byId(id, nodes) {
  const unread = [];
  for (const chain of nodes.network.chains) {
    const filter = { address: chain.contracts.input_settler, topics: [OPEN, id] };
    const logs = await nodes.logs(chain.chain_id, filter).catch((error) => (unread.push(error), []));
    if (logs.length) return identified(orderIn(logs.at(-1)), nodes);
  }
  if (unread.length) throw unread[0];
  return null;
}

function isOpen(log, chain) {
  return log.topics[0] === OPEN && log.address.toLowerCase() === chain.contracts.input_settler?.toLowerCase();
}

function orderIn(log) {
  return orderFromLog(decodeEventLog({ abi: ABI, data: log.data, topics: log.topics }).args.order);
}

function json(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
