// Wallets of this browser by EIP-6963, and the one that is connected.
import { getAddress, numberToHex } from "viem/utils";

const CAPABILITIES_PATIENCE_MS = 800;
const ATOMIC = ["supported", "ready"];
const REMEMBERED = "waymeet.wallet";
const UNKNOWN_CHAIN_CODES = [4902, -32603];
export const REJECTED_CODE = 4001;

const found = new Map();
const listeners = new Set();
let current = null;

/** Start discovery; wallets that load later announce themselves. */
export function discover() {
  window.addEventListener("eip6963:announceProvider", ({ detail }) => {
    if (!detail?.info?.uuid || found.has(detail.info.rdns)) return;
    found.set(detail.info.rdns, detail);
    notify("found");
    if (!current && remembered() === detail.info.rdns) reconnect(detail);
  });
  window.dispatchEvent(new Event("eip6963:requestProvider"));
}

/** Every wallet found so far: {info: {name, icon, rdns}, provider}. */
export function wallets() {
  return [...found.values()];
}

/** The connected wallet {account, info, provider}, or null. */
export function connected() {
  return current;
}

/** Call `listener(what)` with found, connected, account, chain or disconnected. */
export function onWallet(listener) {
  listeners.add(listener);
}

/** Ask a wallet for its account; this may show the wallet's own dialog. Throws the wallet's error. */
export async function connect(wallet) {
  const [account] = await wallet.provider.request({ method: "eth_requestAccounts" });
  adopt(wallet, account);
}

/** Forget the wallet on this page. */
export function disconnect() {
  current = null;
  storage((store) => store.removeItem(REMEMBERED));
  notify("disconnected");
}

/** Have the wallet on `chain` (hex id and what a wallet needs to add it) before anything is signed. */
export async function switchTo(chain) {
  const { provider } = current;
  if (await isOn(chain)) return;
  try {
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId: chain.chainId }] });
  } catch (error) {
    if (!UNKNOWN_CHAIN_CODES.includes(errorCode(error)) || chain.rpcUrls.length === 0) throw error;
    const { blockExplorerUrls, ...rest } = chain;
    const described = blockExplorerUrls.length ? chain : rest;
    await provider.request({ method: "wallet_addEthereumChain", params: [described] });
    if (!(await isOn(chain))) {
      await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId: chain.chainId }] });
    }
  }
}

/** Whether the wallet's active chain is this one. */
export async function isOn(chain) {
  const active = await current.provider.request({ method: "eth_chainId" });
  return BigInt(active) === BigInt(chain.chainId);
}

/** One EIP-712 signature of the connected account. */
export async function signTypedData(typedData) {
  return current.provider.request({
    method: "eth_signTypedData_v4",
    params: [current.account, JSON.stringify(typedData)],
  });
}

/** One EIP-191 signature of a text. */
export async function signText(text) {
  const bytes = new TextEncoder().encode(text);
  const hex = "0x" + [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return current.provider.request({ method: "personal_sign", params: [hex, current.account] });
}

/** One transaction of the connected account; its hash. */
export async function sendTransaction(transaction) {
  return current.provider.request({ method: "eth_sendTransaction", params: [transaction] });
}

/** A number that `contract` answers about an account, read through the wallet's node on its active chain. */
export async function readWord(contract, selector, account) {
  const data = selector + account.slice(2).toLowerCase().padStart(64, "0");
  return BigInt(await current.provider.request({ method: "eth_call", params: [{ to: contract, data }, "latest"] }));
}

/** Have the wallet make all calls in one atomic transaction, or none (EIP-5792); its name for the batch. */
export async function sendCalls(calls) {
  const { provider, account } = current;
  const chainId = await provider.request({ method: "eth_chainId" });
  const batch = { version: "2.0.0", chainId, from: account, atomicRequired: true, calls };
  return provider.request({ method: "wallet_sendCalls", params: [batch] });
}

/** Whether the connected wallet said that it makes atomic batches on this chain. */
export function canBatch(chainId) {
  return Boolean(current?.batching?.has(BigInt(chainId)));
}

/** Ask the wallet on which chains it makes atomic batches; one that does not answer soon makes none. */
export async function learnBatching() {
  const asked = current;
  if (!asked || asked.batching) return;
  const silence = new Promise((resolve) => window.setTimeout(() => resolve({}), CAPABILITIES_PATIENCE_MS));
  const answer = asked.provider.request({ method: "wallet_getCapabilities", params: [asked.account] });
  const found = (await Promise.race([answer.catch(() => ({})), silence])) ?? {};
  const chains = Object.entries(found).filter(([, able]) => ATOMIC.includes(able?.atomic?.status));
  asked.batching = new Set(chains.map(([id]) => BigInt(id)));
}

/** Balance of a token, or of the chain's own coin, read through the wallet's own node, in base units; only on its active chain. */
export async function tokenBalance(token, chain) {
  if (!current || !(await isOn(chain))) return null;
  if (BigInt(token) === 0n) {
    return BigInt(await current.provider.request({ method: "eth_getBalance", params: [current.account, "latest"] }));
  }
  const data = "0x70a08231" + current.account.slice(2).toLowerCase().padStart(64, "0");
  const answer = await current.provider.request({ method: "eth_call", params: [{ to: token, data }, "latest"] });
  return answer && answer !== "0x" ? BigInt(answer) : null;
}

/** What `units` of gas may cost soon on the wallet's active chain, in wei. */
export async function gasCost(units) {
  const price = BigInt(await current.provider.request({ method: "eth_gasPrice" }));
  return (price * BigInt(units) * 5n) / 2n;
}

/** The EIP-1193 code of an error, also where a wallet wraps it. */
export function errorCode(error) {
  return error?.code ?? error?.data?.originalError?.code ?? error?.cause?.code;
}

export function hexChainId(chainId) {
  return numberToHex(BigInt(chainId));
}

async function reconnect(wallet) {
  const accounts = await wallet.provider.request({ method: "eth_accounts" }).catch(() => []);
  if (accounts.length && !current) adopt(wallet, accounts[0]);
}

function adopt(wallet, account) {
  if (!account) return;
  current = { ...wallet, account: getAddress(account) };
  storage((store) => store.setItem(REMEMBERED, wallet.info.rdns));
  watch(wallet);
  notify("connected");
}

const watched = new WeakSet();

function watch({ provider }) {
  if (watched.has(provider) || !provider.on) return;
  watched.add(provider);
  provider.on("accountsChanged", (accounts) => {
    if (current?.provider !== provider) return;
    if (accounts.length === 0) return disconnect();
    current = { ...current, account: getAddress(accounts[0]), batching: null };
    notify("account");
  });
  provider.on("chainChanged", () => current?.provider === provider && notify("chain"));
  provider.on("disconnect", () => current?.provider === provider && notify("chain"));
}

function notify(what) {
  for (const listener of listeners) listener(what);
}

function remembered() {
  return storage((store) => store.getItem(REMEMBERED));
}

// Private windows may forbid storage; forgetting is harmless.
function storage(use) {
  try {
    return use(window.localStorage);
  } catch {
    return null;
  }
}
