// Pages that move by themselves: WebSocket first, polling when there is none, clocks in local time.
import htmx from "htmx.org";
import { showJoined } from "./joined.js";
import { language, say } from "./words.js";

const POLL_MS = 1500;
const GRACE_MS = 1200;
// The server says something every 25 s: a socket that is silent for longer than this is dead and does not know it.
const SILENT_MS = 70_000;
// This address has as many sockets as it may: somebody else's may be gone after so long, and a bit more.
const TOO_MANY = 4429;
const AGAIN_MS = 30_000;
const lines = new WeakMap();
const kept = new Map();

/** Wire sockets, polling and clocks of the whole page. */
export function setUpLive() {
  document.body.addEventListener("htmx:wsOpen", opened);
  document.body.addEventListener("htmx:wsBeforeMessage", heard);
  document.body.addEventListener("htmx:wsClose", closed);
  document.body.addEventListener("toggle", remember, true);
  for (const name of ["htmx:afterSettle", "htmx:oobAfterSwap", "htmx:wsAfterMessage"]) {
    document.body.addEventListener(name, refreshed);
  }
  const started = performance.now();
  window.setInterval(() => performance.now() - started > GRACE_MS && poll(), POLL_MS);
  window.setInterval(elapse, 1000);
  refreshed();
}

function poll() {
  if (document.hidden) return;
  for (const element of document.querySelectorAll("[ws-connect]")) revive(element);
  for (const element of document.querySelectorAll("[data-poll]")) {
    const isRunning = element.querySelector("[data-running]");
    if (isRunning && !lines.has(element)) htmx.trigger(element, "waymeet:poll");
  }
}

function opened({ target, detail }) {
  lines.set(target, { socket: detail.event.target, wrapper: detail.socketWrapper, heardAt: Date.now() });
}

function heard({ target }) {
  const line = lines.get(target);
  if (line) line.heardAt = Date.now();
}

function closed({ target, detail }) {
  // One that was given up may close long after the next has opened.
  if (lines.get(target)?.socket === detail.event.target) lines.delete(target);
  if (detail.event.code !== TOO_MANY) return;
  window.setTimeout(() => target.isConnected && detail.socketWrapper.reconnect(), AGAIN_MS * (1 + Math.random()));
}

/** After a sleep, or behind a network that forgot us, a socket looks open for ever. */
function revive(element) {
  const line = lines.get(element);
  if (!line || Date.now() - line.heardAt < SILENT_MS) return;
  lines.delete(element);
  line.wrapper.reconnect();
}

function refreshed() {
  for (const element of document.querySelectorAll("time[data-clock]:not([data-local])")) local(element, clockText);
  for (const element of document.querySelectorAll("time[data-moment]:not([data-local])")) local(element, momentText);
  for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  for (const details of document.querySelectorAll("details[data-keep]")) {
    if (kept.has(details.dataset.keep)) details.open = kept.get(details.dataset.keep);
  }
  retitle();
  showJoined();
  for (const element of document.querySelectorAll("[data-remaining]:not([data-over-at])")) {
    element.dataset.overAt = String(performance.now() + Number(element.dataset.remaining) * 1000);
  }
  for (const element of document.querySelectorAll("[data-elapsed]:not([data-since])")) {
    element.dataset.since = String(performance.now() - Number(element.dataset.elapsed) * 1000);
  }
}

/** The title says how it stands, after the number of answers that were not read yet. */
export function retitle() {
  const head = document.querySelector("[data-title]");
  if (!head) return;
  const unread = Number(document.querySelector("[data-unread]")?.dataset.unread ?? 0);
  const mark = unread > 0 ? `(${unread}) ` : "";
  document.title = document.title.replace(/^.*? · /, `${mark}${head.dataset.title} · `);
}

function remember(event) {
  if (event.target.dataset?.keep) kept.set(event.target.dataset.keep, event.target.open);
}

function elapse() {
  for (const element of document.querySelectorAll("[data-over-at]")) {
    const left = Math.round((Number(element.dataset.overAt) - performance.now()) / 1000);
    element.textContent = left > 0 ? say("more", { time: span(left) }) : say("any_moment");
  }
  for (const element of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.round((performance.now() - Number(element.dataset.since)) / 1000));
    element.textContent = span(seconds);
  }
}

function span(seconds) {
  const minutes = Math.floor(seconds / 60);
  return minutes > 0 ? say("minutes", { minutes, seconds: seconds % 60 }) : say("seconds", { count: seconds });
}

function local(element, text) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  element.title = element.textContent;
  element.textContent = text(moment);
  element.dataset.local = "";
}

function clockText(moment) {
  return moment.toLocaleTimeString(language);
}

function momentText(moment) {
  return moment.toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}
