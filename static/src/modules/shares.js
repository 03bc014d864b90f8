// What the connected wallet holds in a demonstration app, read from the local chain itself.
import { exactAmount } from "./amounts.js";
import { connected, onWallet } from "./wallet.js";
import { say } from "./words.js";

const POLL_MS = 2000;
const BALANCE_OF = "0x70a08231";
const DECIMALS = "0x313ce567";
const SYMBOL = "0x95d89b41";

const line = document.querySelector("[data-shares]");
const place = document.getElementById("shares");

/** Show the shares and keep them fresh; does nothing on pages without any. */
export function setUpShares() {
  if (!line || !place) return;
  const { chain, vault } = JSON.parse(place.textContent);
  const [url] = JSON.parse(document.getElementById("network").textContent)[chain].wallet.rpcUrls;
  const show = () => shown(url, vault).catch(() => undefined);
  onWallet(show);
  window.setInterval(() => document.hidden || show(), POLL_MS);
  show();
}

async function shown(url, vault) {
  const account = connected()?.account;
  if (!account) return;
  const padded = account.slice(2).toLowerCase().padStart(64, "0");
  const [held, decimals, symbol] = await Promise.all(
    [BALANCE_OF + padded, DECIMALS, SYMBOL].map((data) => call(url, { to: vault, data })),
  );
  if (connected()?.account !== account) return;
  line.textContent = say("shares", { amount: exactAmount(BigInt(held), Number(decimals)), symbol: text(symbol) });
}

async function call(url, transaction) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_call", params: [transaction, "latest"] }),
  });
  return (await response.json()).result;
}

// An ABI-encoded string: offset, length, bytes.
function text(encoded) {
  const length = Number(`0x${encoded.slice(66, 130)}`);
  const bytes = encoded.slice(130, 130 + 2 * length).match(/../g) ?? [];
  return new TextDecoder().decode(new Uint8Array(bytes.map((byte) => parseInt(byte, 16))));
}
