// What arrives while the page is open. Rows change in place; new ones wait behind "3 new", so nothing moves.
import { say } from "./toast.js";
import { freshen } from "./times.js";
import { mark, openId, piece, refresh, rowOf } from "./inbox-open.js";

const GATHER_MS = 200;
let main, ids = new Set(), fresh = new Set(), timer = 0;
const news = () => document.getElementById("news");

function heard(id) {
  ids.add(id);
  if (!timer) timer = setTimeout(look, GATHER_MS);
}

async function look() {
  const asked = [...ids].slice(0, 200);
  for (const id of asked) ids.delete(id);
  timer = ids.size ? setTimeout(look, GATHER_MS) : 0;
  const query = new URLSearchParams(main.dataset.kept);
  query.set("ids", asked.join(","));
  const html = await piece(`${main.dataset.rows}?${query}`).catch(() => null);
  if (html) put(asked, html);
  if (asked.includes(openId())) refresh();
}

function put(asked, html) {
  const came = document.createElement("template");
  came.innerHTML = html;
  for (const id of asked) {
    const now = came.content.querySelector(`li[data-id="${id}"]`), old = rowOf(id);
    if (now && old) replace(old, now);
    else if (now) fresh.add(id);
    else {
      fresh.delete(id);
      old?.classList.add("gone"); // it left the queue; its place is kept until the list is read again
    }
  }
  counts(came.content.querySelector("template[data-counts]"));
  if (fresh.size && !document.querySelector("#rows > li:not([hidden])")) reload();
  else bar();
}

function replace(old, now) {
  now.querySelector(".pick").checked = old.querySelector(".pick").checked;
  now.hidden = old.hidden;
  const focused = old.contains(document.activeElement);
  old.replaceWith(now);
  if (openId() === now.dataset.id) mark(now.dataset.id);
  if (focused) now.querySelector(".row").focus({ preventScroll: true });
  freshen(now);
}

function counts(told) {
  if (!told) return;
  for (const one of told.content.querySelectorAll("i")) {
    const tab = document.querySelector(`.tabs [data-queue="${one.dataset.queue}"]`), words = one.textContent;
    if (!tab) continue;
    let span = tab.querySelector("span");
    if (!span && words !== "0") { span = document.createElement("span"); tab.append(" ", span); }
    if (span) words === "0" ? span.remove() : (span.textContent = words);
    if (one.dataset.queue === "team") inRail(words);
    const total = document.getElementById("count");
    if (tab.hasAttribute("aria-current") && total && !document.querySelector(".chips")) total.textContent = words;
  }
}

function inRail(words) {
  const link = document.querySelector('.rail a[href="/inbox/"]');
  let count = link?.querySelector(".count");
  if (words === "0") return count?.remove();
  if (!count) link?.append((count = Object.assign(document.createElement("span"), { className: "count" })));
  if (count) count.textContent = words;
}

function bar() {
  const place = news();
  if (!place) return;
  if (!fresh.size) return place.replaceChildren();
  let button = place.querySelector("button");
  if (!button) {
    button = Object.assign(document.createElement("button"), { type: "button", className: "news" });
    button.dataset.key = ".";
    button.dataset.command = "Show what is new";
    button.addEventListener("click", reload);
    place.append(button);
  }
  button.textContent = `${fresh.size} new`;
}

async function reload() {
  const html = await piece(`/inbox/?${main.dataset.kept}`).catch(() => null);
  const list = document.getElementById("list");
  if (!html || !list) return;
  const now = document.createElement("template");
  now.innerHTML = html;
  const count = fresh.size;
  fresh.clear();
  list.replaceWith(now.content);
  mark(openId());
  freshen(document.getElementById("list"));
  document.getElementById("list").scrollTop = 0;
  say(count ? `${count} new conversations shown` : "");
}

export function followNews(where) {
  main = where;
  const source = new EventSource(`/stream/?after=${main.dataset.live}`);
  source.addEventListener("conversation", (event) => heard(event.data));
  source.addEventListener("reset", () => { reload(); refresh(); });
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}
