// The answer to a question: the ready reply goes into the box without loading the page anew.

/** Wire the links that put a ready text into the form beside them. */
export function setUpTicket() {
  for (const link of document.querySelectorAll("[data-insert]")) link.addEventListener("click", insert);
}

function insert(event) {
  const link = event.currentTarget;
  const box = link.closest("form").elements.text;
  const text = document.querySelector(link.dataset.insert).content.textContent;
  event.preventDefault();
  box.value = box.value.trim() ? `${box.value.trimEnd()}\n\n${text}` : text;
  box.focus();
}
