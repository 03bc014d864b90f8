// The address to pay to on a transfer's page: recomputed here, and refused when it is not this transfer's.
import { depositAddress } from "./deposit-address.js";
import { handOver, kept } from "./keepsake.js";
import { orderId, sameText } from "./order.js";
import { qrCode } from "./qr.js";
import { orderOfCode, recoveryCode } from "./recovery.js";
import { compiled } from "./trust.js";
import { say } from "./words.js";

/** Check the address, draw it, and follow what is missing; does nothing where nothing is to be paid. */
export function setUpDeposit() {
  const panel = document.querySelector("[data-deposit]");
  if (!panel) return;
  const terms = trusted(panel);
  if (!terms) return refuse(panel);
  const id = panel.dataset.order;
  const code = recoveryCode(terms);
  if (!kept(id)) warn(panel, terms);
  panel.querySelector("[data-deposit-qr]").append(qrCode(panel.dataset.address, say("address_qr")));
  panel.querySelector("[data-deposit-keep]").append(handOver({ order: terms, id, code, chain: panel.dataset.chain }));
  for (const name of ["htmx:afterSettle", "htmx:oobAfterSwap", "htmx:wsAfterMessage"]) {
    document.body.addEventListener(name, () => follow(panel));
  }
  const until = performance.now() + Number(panel.querySelector("[data-until]").dataset.until) * 1000;
  window.setInterval(() => countDown(panel, until), 1000);
}

// What this browser kept when the transfer was confirmed counts for more than what the server says now.
function trusted(panel) {
  try {
    const terms = orderOfCode(kept(panel.dataset.order)) ?? JSON.parse(panel.dataset.terms);
    const { settler, deposit_implementation: implementation } = {
      ...compiled,
      ...compiled.deviating[terms.originChainId],
    };
    const id = orderId(terms, settler);
    const address = depositAddress(id, { settler, implementation });
    const isThis = sameText(id, panel.dataset.order) && window.location.pathname.toLowerCase().includes(id);
    return isThis && shows(panel, address) ? terms : null;
  } catch {
    return null;
  }
}

function shows(panel, address) {
  const shown = panel.querySelector("[data-deposit-address]").textContent.trim();
  const copied = [...panel.querySelectorAll("[data-copy]")].map((button) => button.dataset.copy);
  return sameText(shown, address) && sameText(panel.dataset.address, address) && copied.includes(address);
}

// Address and terms of somebody else's transfer fit each other too: whose it is only the person can know.
function warn(panel, { user }) {
  const note = panel.querySelector("[data-deposit-note]");
  note.textContent = say("not_made_here", { address: user });
  note.hidden = false;
}

function refuse(panel) {
  panel.querySelector("[data-deposit-body]").remove();
  const problem = panel.querySelector("[data-deposit-problem]");
  problem.textContent = say("address_differs");
  problem.hidden = false;
}

function follow(panel) {
  const { missing } = document.getElementById("journey-head").dataset;
  panel.hidden = missing === undefined;
  if (missing === undefined) return;
  panel.querySelector("[data-deposit-missing]").textContent = missing;
  panel.querySelector("[data-copy-missing]").dataset.copy = missing;
}

function countDown(panel, until) {
  const left = Math.max(0, Math.round((until - performance.now()) / 1000));
  const minutes = Math.floor(left / 60);
  panel.querySelector("[data-until]").textContent =
    minutes > 0 ? say("minutes", { minutes, seconds: left % 60 }) : say("seconds", { count: left });
}
