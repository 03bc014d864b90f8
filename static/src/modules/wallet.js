// Wallets of this browser by EIP-6963, and the one that is connected.
import { getAddress, numberToHex } from "viem/utils";
import { say } from "./words.js";

const CAPABILITIES_PATIENCE_MS = 800;
const ATOMIC = ["supported", "ready"];
// An answer for every chain there is.
const ALL_CHAINS = 0n;
const REMEMBERED = "waymeet.wallet";
// Tells the server no more than that there is one: it keeps room for what the wallet holds.
const ROOM_COOKIE = "wallet";
const YEAR_SECONDS = 365 * 24 * 3600;
// A wallet that announces nothing.
const LEGACY = "window.ethereum";
const UNKNOWN_CHAIN_CODES = [4902, -32603];
// The person said no, also to what a batch needs first.
const REJECTED_CODES = [4001, 5750, "ACTION_REJECTED"];
// The wallet no longer lets this page ask, or has no connection.
const LOST_CODES = [4100, 4900, 4901];
const PENDING_CODE = -32002;

const found = new Map();
const listeners = new Set();
let current = null;

/** Start discovery; wallets that load later announce themselves. */
export function discover() {
  window.addEventListener("eip6963:announceProvider", ({ detail }) => {
    const isKnown = [...found.values()].some(({ provider }) => provider === detail?.provider);
    if (!detail?.info?.uuid || isKnown) return;
    found.set(detail.info.uuid, detail);
    notify("found");
    if (!current && remembered() === detail.info.rdns) reconnect(detail);
  });
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  if (remembered() !== LEGACY) return;
  for (const wallet of wallets()) if (wallet.info.rdns === LEGACY) reconnect(wallet);
}

/** Every wallet found so far: {info: {name, icon, rdns}, provider}; one of the old kind only where there is no other. */
export function wallets() {
  const provider = window.ethereum;
  if (found.size > 0 || typeof provider?.request !== "function") return [...found.values()];
  return [{ info: { name: say("browser_wallet"), icon: "", rdns: LEGACY }, provider }];
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

/** Ask a wallet that let go of this page for its account again. Throws the wallet's error. */
export async function regain() {
  if (current.isLost) await connect(current);
}

/** Forget the wallet on this page. */
export function disconnect() {
  current = null;
  storage((store) => store.removeItem(REMEMBERED));
  keepRoom(false);
  notify("disconnected");
}

/**
 * Have the wallet on `chain` (hex id and what a wallet needs to add it) before anything is signed.
 *
 * A wallet that let go of this page is asked for its account again first.
 */
export async function switchTo(chain) {
  await regain();
  if (await isOn(chain)) return;
  const wanted = [{ chainId: chain.chainId }];
  try {
    await request("wallet_switchEthereumChain", wanted);
  } catch (error) {
    if (!UNKNOWN_CHAIN_CODES.includes(errorCode(error)) || chain.rpcUrls.length === 0) throw error;
    const { blockExplorerUrls, ...rest } = chain;
    const described = blockExplorerUrls.length ? chain : rest;
    await request("wallet_addEthereumChain", [described]);
    if (!(await isOn(chain))) await request("wallet_switchEthereumChain", wanted);
  }
}

/** Whether the wallet's active chain is this one. */
export async function isOn(chain) {
  return BigInt(await request("eth_chainId")) === BigInt(chain.chainId);
}

/** One EIP-712 signature of `account`. Throws when another one is connected by now. */
export async function signTypedData(typedData, account) {
  requireAccount(account);
  return request("eth_signTypedData_v4", [account, JSON.stringify(typedData)]);
}

/** One EIP-191 signature of a text. */
export async function signText(text) {
  const bytes = new TextEncoder().encode(text);
  const hex = "0x" + [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return request("personal_sign", [hex, current.account]);
}

/** One transaction of `transaction.from` on this chain (its id); its hash. Throws when the wallet is elsewhere by now. */
export async function sendTransaction(transaction, chainId) {
  await requireReady(transaction.from, chainId);
  return request("eth_sendTransaction", [{ ...transaction, chainId: hexChainId(chainId) }]);
}

/** A number that `contract` answers about an account or a 32-byte id, read through the wallet's node on its active chain. */
export async function readWord(contract, selector, about) {
  const data = selector + about.slice(2).toLowerCase().padStart(64, "0");
  return BigInt(await request("eth_call", [{ to: contract, data }, "latest"]));
}

/**
 * Have the wallet make all calls of `from` on this chain in one atomic transaction, or none (EIP-5792); its name for
 * the batch. Throws when the wallet is elsewhere by now.
 */
export async function sendCalls(calls, { from, chainId }) {
  await requireReady(from, chainId);
  const batch = { version: "2.0.0", chainId: hexChainId(chainId), from, atomicRequired: true, calls };
  return request("wallet_sendCalls", [batch]);
}

/** Whether the connected wallet said that it makes atomic batches on this chain. */
export function canBatch(chainId) {
  return [BigInt(chainId), ALL_CHAINS].some((id) => current?.batching?.has(id));
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
    return BigInt(await request("eth_getBalance", [current.account, "latest"]));
  }
  const data = "0x70a08231" + current.account.slice(2).toLowerCase().padStart(64, "0");
  const answer = await request("eth_call", [{ to: token, data }, "latest"]);
  return answer && answer !== "0x" ? BigInt(answer) : null;
}

/** What `units` of gas may cost soon on the wallet's active chain, in wei. */
export async function gasCost(units) {
  const price = BigInt(await request("eth_gasPrice"));
  return (price * BigInt(units) * 5n) / 2n;
}

/** The EIP-1193 code of an error: the innermost where a wallet wraps it. */
function errorCode(error) {
  return error?.data?.originalError?.code ?? error?.cause?.code ?? error?.code;
}

/** Whether the person said no in the wallet. */
export function isRejected(error) {
  return REJECTED_CODES.includes(errorCode(error));
}

/** What a person is told of a wallet's error that is no rejection. */
export function walletProblem(error) {
  const code = errorCode(error);
  if (LOST_CODES.includes(code)) return say("wallet_lost");
  if (code === PENDING_CODE) return say("wallet_waits");
  const isOurs = error instanceof Error && code === undefined;
  return isOurs ? error.message : say("wallet_error", { message: error?.shortMessage ?? error?.message ?? String(error) });
}

export function hexChainId(chainId) {
  return numberToHex(BigInt(chainId));
}

async function request(method, params = []) {
  const asked = current;
  try {
    return await asked.provider.request({ method, params });
  } catch (error) {
    if (LOST_CODES.includes(errorCode(error))) asked.isLost = true;
    throw error;
  }
}

function requireAccount(account) {
  if (current?.account !== getAddress(account)) throw new Error(say("wrong_account"));
}

async function requireReady(account, chainId) {
  const isThere = current && (await isOn({ chainId }));
  requireAccount(account);
  if (!isThere) throw new Error(say("chain_left"));
}

async function reconnect(wallet) {
  const accounts = await wallet.provider.request({ method: "eth_accounts" }).catch(() => []);
  if (accounts.length && !current) adopt(wallet, accounts[0]);
}

function adopt({ info, provider }, account) {
  if (!account) return;
  const before = current;
  current = { info, provider, account: getAddress(account) };
  storage((store) => store.setItem(REMEMBERED, info.rdns));
  keepRoom(true);
  watch(current);
  if (before?.account === current.account && before.provider === provider) current.batching = before.batching;
  notify(before ? "account" : "connected");
}

const watched = new WeakSet();

function watch({ provider }) {
  if (watched.has(provider) || !provider.on) return;
  watched.add(provider);
  provider.on("accountsChanged", (accounts) => {
    if (current?.provider !== provider) return;
    if (accounts.length === 0) return disconnect();
    adopt(current, accounts[0]);
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

function keepRoom(isKept) {
  document.documentElement.toggleAttribute("data-had-wallet", isKept);
  document.cookie = `${ROOM_COOKIE}=1; path=/; max-age=${isKept ? YEAR_SECONDS : 0}; samesite=lax`;
}

// Private windows may forbid storage; forgetting is harmless.
function storage(use) {
  try {
    return use(window.localStorage);
  } catch {
    return null;
  }
}
