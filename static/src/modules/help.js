// The page on which a person writes to our staff: secrets stay in the browser, new answers are told.
import { retitle } from "./live.js";

const PHRASE_WORDS = 12;
const KEY = /[0-9a-f](?:[\s:_.-]{0,3}[0-9a-f]){63}/;
const EXTENDED_KEY = /[xyzt]prv[1-9A-HJ-NP-Za-km-z]{40,}/;
// Words of everyday English that are in no seed phrase: a run without any of them is hardly a sentence.
const EVERYDAY = new Set(
  ("the and for not are was but has had its his her him she our out off too yes did does been being were your from " +
    "than them these those which while would could should because into also here more most my me we us it is in on " +
    "of to at by as an be if or so do no he up am go").split(" "),
);

/** Wire the form and the messages; does nothing on other pages. */
export function setUpHelp() {
  const page = document.querySelector("[data-help]");
  if (!page) return;
  page.querySelector("[data-help-form]").addEventListener("submit", refuseSecret);
  const messages = document.getElementById("help-messages");
  if (!messages) return;
  new MutationObserver(() => told(messages)).observe(messages, { childList: true });
  document.addEventListener("visibilitychange", () => document.hidden || told(messages));
  told(messages);
}

/** Whether a text seems to hold a seed phrase or a private key; `known` are hashes that are neither. */
export function looksSecret(text, known = []) {
  const plain = text.normalize("NFKC").replace(/\p{Cf}/gu, "");
  const without = plain.toLowerCase().replace(/0x[0-9a-f]{64}(?![0-9a-f])/g, (hash) => (known.includes(hash) ? "|" : hash));
  return KEY.test(without) || EXTENDED_KEY.test(plain) || hasPhrase(plain.toLowerCase());
}

// The server knows the words themselves; here any run of short words without an everyday one is enough.
function hasPhrase(text) {
  let run = 0;
  for (const [word] of text.matchAll(/[\p{L}\p{M}']+|[.!?;:](?=\s)/gu)) {
    run = /^[a-z]{3,8}$/.test(word) && !EVERYDAY.has(word) ? run + 1 : /^[.:]$/.test(word) ? run : 0;
    if (run >= PHRASE_WORDS) return true;
  }
  return false;
}

function refuseSecret(event) {
  const form = event.currentTarget;
  const problem = form.querySelector("[data-help-problem]");
  const isSecret = looksSecret(form.elements.text.value, form.dataset.known.split(" "));
  problem.hidden = !isSecret;
  if (!isSecret) return;
  event.preventDefault();
  problem.textContent = form.querySelector("[data-help-secret]").content.textContent;
  form.elements.text.value = "";
  form.elements.text.focus();
}

// What comes while the page is hidden is counted in its title until somebody looks.
function told(messages) {
  const answers = messages.querySelectorAll(".theirs").length;
  if (!document.hidden) messages.dataset.looked = String(answers);
  messages.dataset.unread = String(answers - Number(messages.dataset.looked ?? answers));
  retitle();
}
