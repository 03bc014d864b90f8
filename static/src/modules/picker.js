// The button in the corner, what it says of the connected wallet, and the list of wallets.
import { connect, connected, disconnect, isRejected, onWallet, walletProblem, wallets } from "./wallet.js";
import { say } from "./words.js";

const dialog = document.getElementById("wallet-dialog");
const account = document.getElementById("account-dialog");
const button = document.querySelector("[data-connect]");
const ICON = /^data:image\/(png|jpeg|gif|webp|svg\+xml)[;,]/;

/** Wire the wallet button; does nothing on pages without one. */
export function setUpPicker() {
  if (!button || !dialog) return;
  button.hidden = false;
  button.addEventListener("click", () => (connected() ? showAccount() : choose()));
  for (const each of [dialog, account]) {
    each.querySelector("[data-cancel]").addEventListener("click", () => each.close());
  }
  account.querySelector("[data-disconnect]").addEventListener("click", disconnect);
  account.querySelector("[data-change-wallet]").addEventListener("click", () => {
    account.close();
    openList();
  });
  onWallet((what) => {
    if (what === "found" && dialog.open) list();
    // What it says of the wallet is true no more.
    if (what !== "found" && what !== "chain") account.close();
    showWallet();
  });
}

/** Connect: at once when there is one wallet, else by the list. */
export async function choose() {
  const all = wallets();
  if (all.length === 1) return use(all[0]);
  openList();
}

/** Show who is connected on the button. */
export function showWallet() {
  if (!button) return;
  const now = connected();
  const icon = button.querySelector("[data-wallet-icon]");
  const label = button.querySelector("[data-wallet-label]");
  icon.hidden = !(now && ICON.test(now.info.icon ?? ""));
  if (!icon.hidden) icon.src = now.info.icon;
  label.textContent = now ? `${now.account.slice(0, 6)}…${now.account.slice(-4)}` : say("connect");
  button.title = now ? `${now.info.name}: ${now.account}` : "";
  if (now) button.setAttribute("aria-haspopup", "dialog");
  else button.removeAttribute("aria-haspopup");
  showPlace(now);
}

// Which wallet it is, and on which chain.
async function showPlace(now) {
  const place = button.querySelector("[data-wallet-place]");
  place.hidden = !now;
  if (!now) return;
  const name = String(now.info.name).slice(0, 40);
  place.textContent ||= name;
  const id = await now.provider.request({ method: "eth_chainId" }).catch(() => null);
  if (connected() !== now) return;
  const network = JSON.parse(document.getElementById("network")?.textContent ?? "{}");
  const chain = id ? (network[BigInt(id).toString()]?.wallet.chainName ?? say("other_chain")) : "";
  place.textContent = chain ? `${name} · ${chain}` : name;
}

function showAccount() {
  const now = connected();
  account.querySelector("[data-account-name]").textContent = button.querySelector("[data-wallet-place]").textContent;
  account.querySelector("[data-account]").textContent = now.account;
  account.querySelector("[data-copy]").dataset.copy = now.account;
  account.querySelector("[data-change-wallet]").hidden = wallets().length < 2;
  account.showModal();
}

function openList() {
  list();
  complain("");
  dialog.showModal();
}

function list() {
  const all = wallets();
  dialog.querySelector("[data-no-wallet]").hidden = all.length > 0;
  dialog.querySelector("[data-wallets]").replaceChildren(...all.map(entry));
}

function entry(wallet) {
  const item = document.createElement("li");
  const choice = document.createElement("button");
  choice.type = "button";
  // A wallet's icon is a stranger's picture: only ever inside <img>, where it cannot run.
  if (ICON.test(wallet.info.icon ?? "")) {
    const icon = document.createElement("img");
    Object.assign(icon, { src: wallet.info.icon, alt: "", width: 28, height: 28 });
    choice.append(icon);
  }
  choice.append(String(wallet.info.name).slice(0, 40));
  choice.addEventListener("click", () => {
    dialog.close();
    use(wallet);
  });
  item.append(choice);
  return item;
}

async function use(wallet) {
  const label = button.querySelector("[data-wallet-label]");
  label.textContent = say("connecting");
  try {
    await connect(wallet);
  } catch (error) {
    if (isRejected(error)) return;
    list();
    complain(walletProblem(error));
    if (!dialog.open) dialog.showModal();
  } finally {
    showWallet();
  }
}

function complain(text) {
  const place = dialog.querySelector("[data-wallet-problem]");
  place.textContent = text;
  place.hidden = !text;
}
