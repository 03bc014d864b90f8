// Whoever pays the gas: wallets by EIP-6963, an injected one, or an unlocked account of a local node.
import { numberToHex } from "viem/utils";
import { request } from "./actions.js";

const UNKNOWN_CHAIN = [4902, -32603];

/** The wallet did not do what was asked; `reason` names a text. */
class WalletSaid extends Error {
  constructor(reason, params) {
    super(params.message ?? reason);
    this.reason = reason;
    this.params = params;
  }
}

/** Collect wallets into `found` by name as they announce themselves; `changed()` is called for each. */
export function discover(found, changed) {
  window.addEventListener("eip6963:announceProvider", ({ detail }) => {
    if (!detail?.info?.uuid || found.has(detail.info.rdns)) return;
    found.set(detail.info.rdns, { name: detail.info.name, provider: detail.provider });
    changed();
  });
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  window.setTimeout(() => {
    if (!window.ethereum || [...found.values()].some((each) => each.provider === window.ethereum)) return;
    found.set("injected", { name: "window.ethereum", provider: window.ethereum });
    changed();
  }, 300);
}

/** {account, name, send}: ask a wallet for its account. `send(action)` gives a transaction's hash. */
export async function connect({ name, provider }, nodes) {
  const [account] = await asked(provider, "eth_requestAccounts");
  const send = async (action) => {
    await switchTo(provider, nodes().chain(action.chainId), nodes());
    return asked(provider, "eth_sendTransaction", [request(action, account)]);
  };
  return { account, name, send };
}

/** The same for the first unlocked account of local nodes: there is no wallet to ask. */
export async function connectLocal(name, nodes) {
  const [account] = await nodes().rpc(nodes().network.chains[0].chain_id, "eth_accounts");
  const send = async (action) => {
    const price = BigInt(await nodes().rpc(action.chainId, "eth_gasPrice"));
    const gas = { gas: "0x1e8480", gasPrice: numberToHex(3n * price + 10n ** 9n) };
    return nodes().rpc(action.chainId, "eth_sendTransaction", [{ ...request(action, account), ...gas }]);
  };
  return { account, name, send };
}

async function switchTo(provider, chain, nodes) {
  const chainId = numberToHex(BigInt(chain.chain_id));
  if (BigInt(await asked(provider, "eth_chainId")) === BigInt(chainId)) return;
  try {
    await asked(provider, "wallet_switchEthereumChain", [{ chainId }]);
  } catch (error) {
    if (!UNKNOWN_CHAIN.includes(error.params.code)) throw error;
    const rpcUrls = nodes.urls(chain.chain_id);
    const described = { chainId, chainName: chain.name, nativeCurrency: chain.native, rpcUrls };
    await asked(provider, "wallet_addEthereumChain", [described]);
    await asked(provider, "wallet_switchEthereumChain", [{ chainId }]);
  }
  if (BigInt(await asked(provider, "eth_chainId")) !== BigInt(chainId)) {
    throw new WalletSaid("wrong_chain", { chain: chain.name });
  }
}

async function asked(provider, method, params = []) {
  try {
    return await provider.request({ method, params });
  } catch (error) {
    const code = error?.code ?? error?.data?.originalError?.code;
    throw new WalletSaid("wallet", { message: error?.message ?? String(error), code });
  }
}
