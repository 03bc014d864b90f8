// What one takes along from a transfer: its link as a QR code, its token into the wallet.
import { qrCode } from "./qr.js";
import { connected, hexChainId, isOn, onWallet } from "./wallet.js";
import { say } from "./words.js";

/** Wire both; does nothing on other pages. */
export function setUpShare() {
  for (const place of document.querySelectorAll("[data-qr]")) {
    place.append(qrCode(new URL(place.dataset.qr, window.location.href).href, say("link_qr")));
    place.closest("details").hidden = false;
  }
  if (!document.getElementById("journey-result")) return;
  const show = () => showWatch().catch(() => undefined);
  onWallet(show);
  document.body.addEventListener("htmx:oobAfterSwap", show);
  document.body.addEventListener("click", (event) => {
    const button = event.target.closest("[data-watch]");
    if (button) watch(button);
  });
  show();
}

// A wallet keeps tokens by chain: it takes one of the chain that it is on.
async function showWatch() {
  const button = document.querySelector("[data-watch]");
  if (!button) return;
  button.hidden = !connected() || !(await isOn({ chainId: hexChainId(button.dataset.chain) }));
}

async function watch(button) {
  const { address, symbol, decimals } = button.dataset;
  const params = { type: "ERC20", options: { address, symbol, decimals: Number(decimals) } };
  const isTaken = await connected()
    .provider.request({ method: "wallet_watchAsset", params })
    .catch(() => false);
  if (isTaken) button.hidden = true;
}
