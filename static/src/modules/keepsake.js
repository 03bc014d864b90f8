// What a person holds before an address is shown: the whole order, as a file, a link, a picture and in this browser.
import { qrCode } from "./qr.js";
import { say } from "./words.js";

const KEPT = "waymeet.recovery.";
// Each is under three kilobytes, and one is kept for every review.
const MOST_KEPT = 500;

/** Keep a recovery code in this browser; the oldest make room. */
export function keep(id, code) {
  storage((store) => {
    const old = Object.keys(store).filter((name) => name.startsWith(KEPT) && name !== KEPT + id);
    const byAge = old.sort((left, right) => at(store, left) - at(store, right));
    for (const name of byAge.slice(0, Math.max(0, old.length - MOST_KEPT + 1))) store.removeItem(name);
    store.setItem(KEPT + id, JSON.stringify({ at: Date.now(), code }));
  });
}

/** The recovery code this browser kept, or "". */
export function kept(id) {
  return storage((store) => JSON.parse(store.getItem(KEPT + id) ?? "{}").code) ?? "";
}

/** Where the money can be brought back with this code, whatever became of us. */
function recoveryLink(code) {
  return `${window.location.origin}/rescue#${code}`;
}

/**
 * The file, the link and the picture, with the boxes to tick where `mustConfirm`: `onKept(isKept)` tells whether
 * all of them are ticked. Taking the file or the link ticks the first.
 */
export function handOver({ order, id, code, chain, mustConfirm = false, onKept = () => undefined }) {
  const section = element("section", { className: "keepsake" });
  const isKept = box(say("kept_box"));
  const isMine = box(say("refund_box", { address: order.user, chain }));
  const told = () => onKept(isKept.input.checked && isMine.input.checked);
  for (const { input } of [isKept, isMine]) input.addEventListener("change", told);
  const took = () => {
    isKept.input.checked = true;
    told();
  };
  const row = element("div", { className: "keepsake-row" });
  const deeds = element("div", { className: "keepsake-deeds" });
  deeds.append(fileButton({ order, id, code }, took), linkButton(code, took));
  if (mustConfirm) deeds.append(isKept.label, isMine.label);
  row.append(deeds, qrCode(recoveryLink(code), say("recovery_qr")));
  section.append(element("h3", { textContent: say("keep_title") }), element("p", { textContent: say("keep_words") }), row);
  return section;
}

function fileButton({ order, id, code }, took) {
  const button = element("button", { type: "button", className: "button ghost small", textContent: say("keep_file") });
  button.dataset.keepFile = "";
  button.addEventListener("click", () => {
    const content = { order_id: id, order, recovery_code: code, recovery_link: recoveryLink(code) };
    const url = URL.createObjectURL(new Blob([JSON.stringify(content, null, 2)], { type: "application/json" }));
    element("a", { href: url, download: `waymeet-${id.slice(2, 10)}.json` }).click();
    window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
    took();
  });
  return button;
}

function linkButton(code, took) {
  const button = element("button", { type: "button", className: "button ghost small", textContent: say("keep_link") });
  button.dataset.copy = recoveryLink(code);
  button.addEventListener("click", took);
  return button;
}

function box(text) {
  const label = element("label", { className: "tick" });
  const input = element("input", { type: "checkbox" });
  label.append(input, element("span", { textContent: text }));
  return { label, input };
}

function element(name, values) {
  return Object.assign(document.createElement(name), values);
}

function at(store, name) {
  try {
    return JSON.parse(store.getItem(name)).at ?? 0;
  } catch {
    return 0;
  }
}

// Private windows may forbid storage: the file and the link remain.
function storage(use) {
  try {
    return use(window.localStorage);
  } catch {
    return null;
  }
}
