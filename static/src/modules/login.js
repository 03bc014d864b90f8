// Signing a wallet in, to see its whole history: one signature over a text that the server composed.
import { choose } from "./picker.js";
import { connected, isRejected, onWallet, regain, signText, walletProblem } from "./wallet.js";
import { say } from "./words.js";

const form = document.querySelector("[data-login-form]");
const signedIn = document.querySelector("[data-signed-in]");
let isWanted = false;

/** Wire the sign-in of the history page; does nothing elsewhere. */
export function setUpLogin() {
  if (signedIn) onWallet(leaveToAnother);
  if (!form) return;
  const button = form.querySelector("[data-login]");
  button.hidden = false;
  button.addEventListener("click", () => {
    isWanted = true;
    if (connected()) signIn();
    else choose();
  });
  onWallet((what) => what === "connected" && isWanted && signIn());
}

// Who uses the wallet now is somebody else than who signed in.
function leaveToAnother() {
  const account = connected()?.account;
  if (account && account !== signedIn.dataset.signedIn) signedIn.requestSubmit();
}

async function signIn() {
  isWanted = false;
  const line = document.querySelector("[data-login-problem]");
  line.hidden = true;
  try {
    await regain();
    const { account } = connected();
    const { message } = await answer(`/login/message?address=${account}`);
    if (!isForHere(message, account)) throw new Error(say("wrong_text"));
    const signature = await signText(message);
    await answer("/login", { method: "POST", body: JSON.stringify({ signature }) });
    window.location.reload();
  } catch (error) {
    line.textContent = isRejected(error) ? say("rejected_own") : walletProblem(error);
    line.hidden = false;
  }
}

// EIP-4361: the text begins with the site and the account that it signs in.
function isForHere(text, account) {
  const { host } = window.location;
  return String(text).startsWith(`${host} wants you to sign in with your Ethereum account:\n${account}\n`);
}

async function answer(url, options = {}) {
  const headers = {
    "Content-Type": "application/json",
    Accept: "application/json",
    "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
  };
  const response = await fetch(url, { ...options, headers });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ? `${body.error.message} (${body.error.code})` : say("network_error"));
  return body;
}
