// A notification of the browser when a transfer is over or needs its person; asked for only after a click.
import { say } from "./words.js";

const OVER = ["delivered", "returned", "waiting_for_you", "not_started", "staff_checking", "returning"];
const place = document.querySelector("[data-tell]");

/** Wire the button; does nothing where browsers have no notifications. */
export function setUpTell() {
  if (!place || !("Notification" in window)) return;
  const button = place.querySelector("[data-tell-ask]");
  button.hidden = false;
  const note = place.querySelector("[data-tell-note]");
  let isWanted = false;
  let last = shown();
  button.addEventListener("click", async () => {
    const answer = await Notification.requestPermission().catch(() => "denied");
    isWanted = answer === "granted";
    note.textContent = isWanted ? say("will_tell") : say("may_not_tell");
    button.hidden = true;
  });
  document.body.addEventListener("htmx:oobAfterSwap", () => {
    const now = shown();
    if (isWanted && now !== last && OVER.includes(now)) tell();
    last = now;
    // What is over is told no more.
    if (OVER.includes(now) && now !== "returning") button.hidden = true;
  });
}

function shown() {
  return document.getElementById("journey-head")?.dataset.shown ?? "";
}

function tell() {
  const head = document.getElementById("journey-head");
  const body = head.querySelector(".money")?.textContent ?? "";
  try {
    const said = new Notification(head.dataset.title, { body, tag: window.location.pathname });
    said.addEventListener("click", () => window.focus());
  } catch {
    // Phones let only service workers say it; the title of the page still does.
  }
}
