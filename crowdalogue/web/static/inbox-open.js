// Opening a conversation beside the list, with the browser's own back.
import { toast } from "./toast.js";
import { freshen } from "./times.js";

let main, running = null, listScroll = 0;
const opened = () => document.getElementById("opened");
export const openId = () => opened().querySelector(".talk[data-id]")?.dataset.id ?? null;
export const rowOf = (id) => document.querySelector(`#rows > li[data-id="${id}"]`);
const wide = () => matchMedia("(min-width: 720px)").matches;
const idIn = (url) => new URL(url, location.href).pathname.match(/^\/inbox\/(\d+)\/$/)?.[1] ?? null;

/** A piece of a page, or null when it was overtaken by a later one. Throws with words for the person. */
export async function piece(url, signal) {
  let answer, html;
  try {
    answer = await fetch(url, { headers: { "HX-Request": "true" }, cache: "no-store", signal });
    html = await answer.text(); // may be overtaken here as well
  } catch (error) {
    if (error.name === "AbortError") return null;
    throw new Error("The server cannot be reached. Look at your connection; then try again.");
  }
  if (answer.status === 401) { location.reload(); return null; }
  if (answer.status === 404) throw new Error("This conversation is no longer there. Load the page again.");
  if (!answer.ok) throw new Error("The server could not show this. Try again in a moment.");
  return html;
}

export function mark(id) {
  for (const row of document.querySelectorAll("#rows .row[aria-current]")) row.removeAttribute("aria-current");
  const row = id && rowOf(id)?.querySelector(".row");
  if (!row) return;
  row.setAttribute("aria-current", "true");
  row.classList.add("read");
  row.scrollIntoView({ block: "nearest" });
}

export async function open(url, { push = true, focus = false } = {}) {
  running?.abort();
  running = new AbortController();
  if (!main.classList.contains("has-open")) listScroll = scrollY;
  mark(idIn(url));
  opened().setAttribute("aria-busy", "true");
  let html;
  try {
    html = await piece(url, running.signal);
  } catch (error) {
    toast(error.message, { error: true });
    opened().removeAttribute("aria-busy");
    return;
  }
  if (html === null) return;
  opened().innerHTML = html;
  opened().removeAttribute("aria-busy");
  main.classList.add("has-open");
  if (push) history.pushState({ opened: true }, "", url);
  document.title = `${opened().querySelector(".talk")?.dataset.title ?? "Conversation"} · Crowdalogue`;
  freshen(opened());
  if (!wide()) scrollTo(0, document.body.scrollHeight);
  if (focus) opened().querySelector("#answer")?.focus();
  document.dispatchEvent(new CustomEvent("opened"));
}

/** Read the open conversation again. The composer stays as it is unless `whole`. */
export async function refresh({ whole = false } = {}) {
  const id = openId();
  if (!id) return;
  const html = await piece(location.href.split("#")[0]).catch(() => null);
  if (!html || openId() !== id) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const parts = whole ? [".talk", ".context"] : [".talk-head", "#thread", ".context"];
  for (const part of parts) {
    const old = opened().querySelector(part), now = fresh.content.querySelector(part);
    if (old && now && !old.querySelector("details.menu[open]") && old.innerHTML !== now.innerHTML) old.replaceWith(now);
  }
  freshen(opened());
  if (whole) document.dispatchEvent(new CustomEvent("opened"));
}

export function close({ push = true } = {}) {
  const id = openId();
  main.classList.remove("has-open");
  opened().replaceChildren(document.getElementById("nothing-open").content.cloneNode(true));
  if (push) history.pushState({}, "", `/inbox/${main.dataset.kept ? "?" + main.dataset.kept : ""}`);
  mark(null);
  document.title = "Inbox · Crowdalogue";
  if (!wide()) scrollTo(0, listScroll);
  (id && rowOf(id)?.querySelector(".row"))?.focus({ preventScroll: true });
}

export function followOpening(where) {
  main = where;
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a");
    if (link?.matches("#rows .row")) {
      event.preventDefault();
      open(link.href, { push: link.href !== location.href });
    } else if (link?.matches(".talk-head > .back")) {
      event.preventDefault();
      history.state?.opened ? history.back() : close();
    }
  });
  if (openId() && !wide() && !location.hash) scrollTo(0, document.body.scrollHeight);
  let path = location.pathname;
  addEventListener("popstate", () => {
    const here = location.pathname;
    if (here === path && openId() === idIn(location.href)) return; // only the part after # changed
    path = here;
    if (idIn(location.href)) open(location.href, { push: false });
    else if (location.search.slice(1) === main.dataset.kept) close({ push: false });
    else location.reload();
  });
  document.addEventListener("opened", () => { path = location.pathname; });
}
