// The page on which a person writes to our staff: secrets stay in the browser, new answers are told.
import { retitle } from "./live.js";
import { looksSecret } from "./secret-text.js";

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
