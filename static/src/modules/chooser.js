// One list with a search box for both ends (ARIA combobox with a listbox). The selects stay underneath: what is
// chosen here is chosen there, and without scripts they are all there is.
import { choiceOf, learnChoices } from "./choices.js";
import { mark } from "./mark.js";
import { connected } from "./wallet.js";
import { say } from "./words.js";

const form = document.getElementById("ask");
const dialog = document.getElementById("choice-dialog");
const search = document.getElementById("choice-search");
const list = document.getElementById("choice-list");
const PAGE = 6;

let end = "";
let shown = [];
let active = -1;

/** Wire the list; does nothing on pages without it. */
export function setUpChooser() {
  if (!dialog || !form) return;
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-choose]");
    if (button) open(button.dataset.choose);
  });
  form.addEventListener("keydown", (event) => {
    const button = event.target.closest("[data-choose]");
    if (button && event.key === "ArrowDown") {
      event.preventDefault();
      open(button.dataset.choose);
    }
  });
  form.addEventListener("input", (event) => ["from", "to"].includes(event.target.name) && showChosen());
  search.addEventListener("input", () => render());
  search.addEventListener("keydown", key);
  list.addEventListener("click", (event) => {
    const item = event.target.closest("[role=option]");
    if (item) take(shown[Number(item.dataset.index)]);
  });
  dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
  showChosen();
}

/** Show on both buttons what the selects say. */
export function showChosen() {
  if (!dialog) return;
  for (const name of ["from", "to"]) {
    const select = form.elements[name];
    const button = form.querySelector(`[data-choose=${name}]`);
    if (!button) continue;
    button.hidden = false;
    select.classList.add("underneath");
    select.tabIndex = -1;
    select.setAttribute("aria-hidden", "true");
    form.querySelector(`label[for=${name}]`)?.setAttribute("for", button.id);
    const chosen = entry(select.selectedOptions[0]);
    button.replaceChildren(...(chosen?.value ? face(chosen).slice(0, 2) : [text("span", "chosen-none", say("choose"))]));
    // Why the token itself cannot be had now, whichever end it is at: an offer would say so later.
    button.classList.toggle("held", Boolean(chosen?.why_from));
    if (chosen?.why_from) button.append(text("span", "choice-why", chosen.why_from));
  }
}

// What a select's option says, with what the server knows of it.
function entry(option) {
  if (!option) return null;
  const [symbol, chain = ""] = option.textContent.split(" · ");
  return { value: option.value, symbol, chain, held: "", why_from: "", why_to: "", ...choiceOf(option.value) };
}

function face({ symbol, chain, held, ...rest }) {
  const name = text("span", "choice-name", "");
  name.append(text("b", "", symbol), " ", text("span", "choice-chain", chain || say("any_chain")));
  return [mark({ symbol, chain, ...rest }), name, text("span", "choice-held", held)];
}

async function open(name) {
  end = name;
  search.value = "";
  document.getElementById("choice-title").textContent = say(name === "from" ? "choose_from" : "choose_to");
  render({ atChosen: true });
  dialog.showModal();
  search.focus();
  await learn();
  if (dialog.open) render({ atChosen: !search.value });
}

function learn() {
  return learnChoices({ user: connected()?.account ?? "", from: form.elements.from.value });
}

function entries() {
  const all = [...form.elements[end].options].filter((option) => option.value).map(entry);
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (each) => [each.symbol, each.name, each.chain, each.value, each.address].join(" ").toLowerCase();
  return all.filter((each) => words.every((word) => text(each).includes(word))).sort(byWorth);
}

function byWorth(one, other) {
  const reasons = Number(Boolean(why(one))) - Number(Boolean(why(other)));
  if (reasons) return reasons;
  const held = Number(Boolean(other.held)) - Number(Boolean(one.held));
  return held || Number(BigInt(other.usd_e8 ?? 0) - BigInt(one.usd_e8 ?? 0));
}

function why(each) {
  return end === "from" ? each.why_from : each.why_to;
}

function render({ atChosen = false } = {}) {
  shown = entries();
  const chosen = form.elements[end].value;
  list.replaceChildren(...shown.map((each, index) => option(each, index, each.value === chosen)));
  const note = dialog.querySelector("[data-choice-note]");
  note.textContent = shown.length ? "" : say(/^0x[0-9a-f]{40}$/i.test(search.value.trim()) ? "no_such_token" : "no_choice");
  const at = atChosen ? shown.findIndex((each) => each.value === chosen) : 0;
  point(shown.length ? Math.max(at, 0) : -1, atChosen ? "center" : "nearest");
}

function option(each, index, isChosen) {
  const item = document.createElement("li");
  item.id = `choice-${index}`;
  item.dataset.index = String(index);
  item.dataset.value = each.value;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", String(isChosen));
  item.className = "choice";
  item.append(...face(each));
  if (each.held && each.usd_e8) item.lastChild.append(text("small", "", dollars(each.usd_e8)));
  if (why(each)) {
    item.setAttribute("aria-disabled", "true");
    item.append(text("span", "choice-why", why(each)));
  }
  return item;
}

function dollars(usd_e8) {
  const cents = BigInt(usd_e8) / 1_000_000n;
  const whole = (cents / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  return `$${whole}.${(cents % 100n).toString().padStart(2, "0")}`;
}

function point(index, block = "nearest") {
  list.children[active]?.classList.remove("active");
  active = index;
  const item = list.children[index];
  if (!item) return search.removeAttribute("aria-activedescendant");
  item.classList.add("active");
  search.setAttribute("aria-activedescendant", item.id);
  item.scrollIntoView({ block });
}

function key(event) {
  const last = shown.length - 1;
  const moves = { ArrowDown: active >= last ? 0 : active + 1, ArrowUp: active <= 0 ? last : active - 1 };
  Object.assign(moves, { PageDown: Math.min(active + PAGE, last), PageUp: Math.max(active - PAGE, 0) });
  if (event.key in moves) {
    event.preventDefault();
    point(moves[event.key]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    take(shown[active]);
  }
}

function take(each) {
  if (!each || why(each)) return;
  const select = form.elements[end];
  select.value = each.value;
  dialog.close();
  select.dispatchEvent(new Event("input", { bubbles: true }));
  form.querySelector(`[data-choose=${end}]`).focus();
}

function text(name, className, content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = content;
  return made;
}
