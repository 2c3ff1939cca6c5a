// Moving through the list, choosing several, and going back: what the keys press.
import { typing } from "./keys.js";
import { close, openId, rowOf } from "./inbox-open.js";

export const rows = () => [...document.querySelectorAll("#rows > li:not([hidden])")];
export const picked = () => [...document.querySelectorAll("#rows .pick:checked")].map((box) => box.value);

export function current() {
  return document.activeElement?.closest?.("#rows > li") ?? rowOf(openId() ?? "none");
}

/** The row after `li` that can be opened, else the one before it. */
export function neighbour(li) {
  const all = rows();
  const at = all.indexOf(li);
  return all[at + 1] ?? all[at - 1] ?? null;
}

function move(step) {
  const all = rows(), at = all.indexOf(current());
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)] ?? null;
  const link = next?.querySelector(".row");
  link?.focus({ focusVisible: true });
  link?.scrollIntoView({ block: "nearest" });
}

export function showPicked() {
  const count = picked().length, words = document.getElementById("picked");
  if (words) words.textContent = `${count} selected`;
}

const acts = {
  down: () => move(1),
  up: () => move(-1),
  open: () => current()?.querySelector(".row")?.click(),
  pick() {
    const box = (current() ?? rows()[0])?.querySelector(".pick");
    if (box) { box.checked = !box.checked; showPicked(); }
  },
  all() {
    const boxes = rows().map((li) => li.querySelector(".pick")), every = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !every;
    showPicked();
  },
  back() {
    if (typing(document.activeElement)) {
      const row = current()?.querySelector(".row") ?? rowOf(openId() ?? "none")?.querySelector(".row");
      document.activeElement.blur();
      row?.focus();
    } else if (picked().length) {
      for (const box of document.querySelectorAll("#rows .pick:checked")) box.checked = false;
      showPicked();
    } else if (openId()) close();
  },
};

export function followList() {
  document.addEventListener("click", (event) => acts[event.target.closest("[data-act]")?.dataset.act]?.());
  document.addEventListener("change", (event) => { if (event.target.matches(".pick")) showPicked(); });
  showPicked();
}
