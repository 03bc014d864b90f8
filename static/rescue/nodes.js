// Reading chains over public JSON-RPC endpoints, and validators over their read-only HTTP.
import { decodeFunctionResult, encodeFunctionData, numberToHex } from "viem/utils";
import { ABI } from "./abi.js";

const TIMEOUT_MS = 12_000;
const LOG_RANGE = 5_000;
const MOST_RANGES = 60;

/** Nobody answered, or a node refused; `reason` names a text. */
export class CannotRead extends Error {
  constructor(reason, params) {
    super(`${reason}: ${JSON.stringify(params)}`);
    this.reason = reason;
    this.params = params;
  }
}

/** The chains of a network list. `endpoints` maps a chain id to the endpoints a person typed. */
export class Nodes {
  constructor(network, { endpoints = {}, fetcher = (...args) => globalThis.fetch(...args) } = {}) {
    this.network = network;
    this.endpoints = endpoints;
    this.fetcher = fetcher;
  }

  /** The chain with this id; throws CannotRead. */
  chain(chainId) {
    const found = this.network.chains.find((chain) => chain.chain_id === String(chainId));
    if (!found) throw new CannotRead("unknown_chain", { chain: String(chainId) });
    return found;
  }

  /** Endpoints in the order they are tried. */
  urls(chainId) {
    const typed = this.endpoints[chainId];
    return typed?.length ? typed : this.chain(chainId).rpc_urls;
  }

  /** Where validators of messages from this chain publish. */
  validators(chainId) {
    return this.chain(chainId).validators;
  }

  /** One JSON-RPC answer from the first endpoint that gives any; throws CannotRead. */
  async rpc(chainId, method, params = []) {
    const chain = this.chain(chainId);
    const urls = this.urls(chainId);
    if (urls.length === 0) throw new CannotRead("no_endpoint", { chain: chain.name });
    let refusal = "";
    for (const url of urls) {
      const answer = await this.json(url, { jsonrpc: "2.0", id: 1, method, params });
      if (answer && "result" in answer) return answer.result;
      refusal = answer?.error?.message ?? refusal;
    }
    throw new CannotRead(refusal ? "refused" : "unreachable", { chain: chain.name, message: refusal });
  }

  /** The result of a view function. */
  async view(chainId, to, functionName, args = []) {
    const data = encodeFunctionData({ abi: ABI, functionName, args });
    const answer = await this.rpc(chainId, "eth_call", [{ to, data }, "latest"]);
    return decodeFunctionResult({ abi: ABI, functionName, data: answer });
  }

  /** Timestamp of the newest block, seconds: what contracts compare deadlines with. */
  async clock(chainId) {
    const block = await this.rpc(chainId, "eth_getBlockByNumber", ["latest", false]);
    return Number(block.timestamp);
  }

  /** Logs that match, of all blocks; in ranges from the newest block back where a node limits the range. */
  async logs(chainId, { address, topics }) {
    try {
      return await this.rpc(chainId, "eth_getLogs", [{ address, topics, fromBlock: "0x0", toBlock: "latest" }]);
    } catch (error) {
      if (error.reason !== "refused") throw error;
    }
    let end = Number(await this.rpc(chainId, "eth_blockNumber"));
    for (let range = 0; range < MOST_RANGES && end >= 0; range += 1) {
      const span = { fromBlock: numberToHex(Math.max(0, end - LOG_RANGE + 1)), toBlock: numberToHex(end) };
      const found = await this.rpc(chainId, "eth_getLogs", [{ address, topics, ...span }]);
      if (found.length) return found;
      end -= LOG_RANGE;
    }
    return [];
  }

  /** A JSON object from an address, null when there is none to be had. */
  async json(url, body = null) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
    const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    try {
      const answer = await this.fetcher(url, { ...(body ? post : {}), signal: stop.signal, credentials: "omit" });
      const value = await answer.json();
      return value && typeof value === "object" ? value : null;
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  }
}
