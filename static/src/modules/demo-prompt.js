// The demo wallet's own dialog: what a real wallet would show, with Approve and Reject.
import { say } from "./words.js";

/** Show the question; resolves to whether it was approved. */
export function ask({ title, rows, body = "" }) {
  const dialog = element("dialog", "dialog demo-prompt");
  dialog.dataset.demoPrompt = "";
  const heading = element("h2", "", title);
  heading.id = "demo-prompt-title";
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(heading, element("p", "hint", say("demo_intro")), table(rows));
  if (body) {
    const pre = element("pre", "", body);
    pre.tabIndex = 0;
    dialog.append(pre);
  }
  const actions = element("div", "dialog-actions");
  const reject = button("button ghost", say("demo_reject"), "demoReject");
  const approve = button("button", say("demo_approve"), "demoApprove");
  actions.append(reject, approve);
  dialog.append(actions);
  document.body.append(dialog);
  dialog.showModal();
  approve.focus();
  return new Promise((resolve) => {
    const finish = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    approve.addEventListener("click", () => finish(true));
    reject.addEventListener("click", () => finish(false));
    dialog.addEventListener("cancel", () => finish(false));
  });
}

function table(rows) {
  const body = element("tbody", "");
  for (const [name, value] of rows) {
    const line = element("tr", "");
    const head = element("th", "", name);
    head.scope = "row";
    line.append(head, element("td", "hash", value));
    body.append(line);
  }
  const whole = element("table", "signed");
  whole.append(body);
  return whole;
}

function button(className, text, data) {
  const made = element("button", className, text);
  made.type = "button";
  made.dataset[data] = "";
  return made;
}

function element(name, className, text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}
