// A wallet for local test chains only, announced like any other by EIP-6963. Its key is public knowledge.
import { encodeFunctionData, hexToString, numberToHex, parseAbi } from "viem/utils";
import { privateKeyToAccount } from "viem/accounts";
import { ask } from "./modules/demo-prompt.js";
import { say } from "./modules/words.js";

const USER_REJECTED = 4001;
const UNAUTHORISED = 4100;
const UNSUPPORTED = 4200;
const UNKNOWN_CHAIN = 4902;
const DELEGATED = "0xef0100";
const EXECUTE = parseAbi(["function execute((address to, uint256 value, bytes data)[] calls) payable"]);
const CHAIN = "waymeet.demo.chain";
const CONNECTED = "waymeet.demo.connected";
const ICON =
  "data:image/svg+xml;base64," +
  btoa(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#e0653f"/>' +
      '<path d="M8 11h16v11H8z" fill="none" stroke="#fff" stroke-width="2.4"/><circle cx="20" cy="16.5" r="1.8" fill="#fff"/></svg>',
  );

class WalletError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const { key, executors = {} } = JSON.parse(document.getElementById("demo-wallet").textContent);
const account = privateKeyToAccount(key);
const network = JSON.parse(document.getElementById("network").textContent);
const chains = new Map(Object.entries(network).map(([id, entry]) => [BigInt(id), entry.wallet]));
const listeners = new Map();
const stored = sessionStorage.getItem(CHAIN);
let active = stored && chains.has(BigInt(stored)) ? BigInt(stored) : [...chains.keys()][0];

const methods = {
  async eth_requestAccounts() {
    if (!sessionStorage.getItem(CONNECTED)) {
      await approved({ title: say("demo_title_connect"), rows: [[say("demo_account"), account.address]] });
      sessionStorage.setItem(CONNECTED, "1");
    }
    return [account.address];
  },
  eth_accounts: async () => (sessionStorage.getItem(CONNECTED) ? [account.address] : []),
  eth_chainId: async () => numberToHex(active),
  net_version: async () => String(active),
  async wallet_switchEthereumChain([{ chainId }]) {
    const wanted = BigInt(chainId);
    if (!chains.has(wanted)) throw new WalletError(UNKNOWN_CHAIN, `Unrecognized chain ${chainId}`);
    if (wanted === active) return null;
    await approved({ title: say("demo_title_chain", { chain: chains.get(wanted).chainName }), rows: [] });
    moveTo(wanted);
    return null;
  },
  async wallet_addEthereumChain([chain]) {
    await approved({ title: say("demo_title_chain", { chain: chain.chainName }), rows: [["RPC", chain.rpcUrls[0]]] });
    chains.set(BigInt(chain.chainId), chain);
    moveTo(BigInt(chain.chainId));
    return null;
  },
  async eth_signTypedData_v4([address, text]) {
    requireAccount(address);
    const data = typeof text === "string" ? JSON.parse(text) : text;
    if (BigInt(data.domain.chainId) !== active) {
      throw new WalletError(-32603, `Provided chainId ${data.domain.chainId} must match the active chainId ${active}`);
    }
    await approved({
      title: say("demo_title_typed"),
      rows: [
        [say("demo_account"), account.address],
        [say("demo_kind"), data.primaryType],
        [say("demo_domain"), `${data.domain.name} · ${data.domain.verifyingContract}`],
      ],
      body: JSON.stringify(data.message, null, 2),
    });
    const { EIP712Domain, ...types } = data.types;
    return account.signTypedData({ ...data, types });
  },
  async personal_sign([message, address]) {
    requireAccount(address);
    const text = message.startsWith("0x") ? hexToString(message) : message;
    await approved({ title: say("demo_title_text"), rows: [[say("demo_account"), account.address]], body: text });
    return account.signMessage({ message: text });
  },
  async eth_sendTransaction([transaction]) {
    requireAccount(transaction.from);
    if (transaction.chainId && BigInt(transaction.chainId) !== active) {
      throw new WalletError(-32603, `Chain ${transaction.chainId} is not the active one`);
    }
    await approved({
      title: say("demo_title_send"),
      rows: [[say("demo_account"), account.address], [say("demo_domain"), transaction.to ?? "–"]],
      body: JSON.stringify(transaction, null, 2),
    });
    return send(transaction);
  },
  async wallet_getCapabilities([address]) {
    requireAccount(address);
    const able = Object.keys(executors).map((id) => [numberToHex(BigInt(id)), { atomic: { status: "supported" } }]);
    return Object.fromEntries(able);
  },
  async wallet_sendCalls([{ from, chainId, calls, atomicRequired }]) {
    requireAccount(from);
    if (BigInt(chainId) !== active) throw new WalletError(-32603, `Chain ${chainId} is not the active one`);
    if (!atomicRequired || !executors[String(active)]) throw new WalletError(UNSUPPORTED, "Only atomic batches");
    await approved({
      title: say("demo_title_batch"),
      rows: [[say("demo_account"), account.address], ...calls.map(({ to }) => [say("demo_domain"), to])],
      body: JSON.stringify(calls, null, 2),
    });
    return { id: await sendTogether(calls) };
  },
};

const provider = {
  isWaymeetDemo: true,
  async request({ method, params = [] }) {
    if (methods[method]) return methods[method](params);
    if (!method.startsWith("eth_")) throw new WalletError(UNSUPPORTED, `${method} is not supported`);
    return rpc(method, params);
  },
  on(event, listener) {
    listeners.set(event, [...(listeners.get(event) ?? []), listener]);
  },
  removeListener(event, listener) {
    listeners.set(event, (listeners.get(event) ?? []).filter((each) => each !== listener));
  },
};

async function approved(question) {
  if (!(await ask(question))) throw new WalletError(USER_REJECTED, "User rejected the request.");
}

// The account borrows code that makes all calls or none (EIP-7702), from the first batch on.
async function sendTogether(calls) {
  const args = [calls.map(({ to, value, data }) => ({ to, value: BigInt(value ?? 0), data: data ?? "0x" }))];
  const data = encodeFunctionData({ abi: EXECUTE, functionName: "execute", args });
  const executor = executors[String(active)];
  const code = await rpc("eth_getCode", [account.address, "latest"]);
  const isDelegated = code.toLowerCase() === DELEGATED + executor.slice(2).toLowerCase();
  return send({ to: account.address, data, gas: numberToHex(900_000) }, isDelegated ? null : executor);
}

async function send(transaction, executor = null) {
  const from = account.address;
  const [nonce, gas, block] = await Promise.all([
    rpc("eth_getTransactionCount", [from, "pending"]),
    transaction.gas ?? rpc("eth_estimateGas", [{ ...transaction, from }]),
    rpc("eth_getBlockByNumber", ["latest", false]),
  ]);
  const tip = 1_000_000_000n;
  const chainId = Number(active);
  // The account's own transaction counts before the authorisation in it does.
  const authorization = { contractAddress: executor, chainId, nonce: Number(nonce) + 1 };
  const authorizationList = executor ? [await account.signAuthorization(authorization)] : undefined;
  const raw = await account.signTransaction({
    chainId,
    type: executor ? "eip7702" : "eip1559",
    authorizationList,
    to: transaction.to,
    data: transaction.data,
    value: BigInt(transaction.value ?? 0),
    nonce: Number(nonce),
    gas: (BigInt(gas) * 6n) / 5n,
    maxFeePerGas: BigInt(block.baseFeePerGas) * 2n + tip,
    maxPriorityFeePerGas: tip,
  });
  return rpc("eth_sendRawTransaction", [raw]);
}

async function rpc(method, params) {
  const [url] = chains.get(active).rpcUrls;
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = await response.json();
  if (error) throw new WalletError(error.code, error.message);
  return result;
}

function requireAccount(address) {
  if (String(address).toLowerCase() !== account.address.toLowerCase()) {
    throw new WalletError(UNAUTHORISED, "This account is not connected.");
  }
}

function moveTo(chainId) {
  active = chainId;
  sessionStorage.setItem(CHAIN, String(chainId));
  for (const listener of listeners.get("chainChanged") ?? []) listener(numberToHex(active));
}

const info = Object.freeze({ uuid: crypto.randomUUID(), name: say("demo_name"), icon: ICON, rdns: "org.waymeet.demo" });
const announce = () =>
  window.dispatchEvent(
    new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }),
  );
window.addEventListener("eip6963:requestProvider", announce);
announce();
