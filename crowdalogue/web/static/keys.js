// Keys press what carries data-key: one list for the keyboard, for `?` and for Ctrl K.
// Letters do nothing while a field is written in, nor when keys are switched off; chords with Ctrl always work.
const SEQUENCE_MS = 1200;
let pending = "", timer = 0;

export const typing = (node) => !!node?.closest?.("textarea, select, [contenteditable], input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit])");
const shown = (node) => node.checkVisibility ? node.checkVisibility({ visibilityProperty: true }) || node.hasAttribute("data-unseen") : true;

export function nameOf(event) {
  const mods = (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.shiftKey && event.key.length > 1 ? "Shift+" : "");
  let key = event.key === " " ? "Space" : event.key;
  if (key.length === 1 && (event.ctrlKey || event.metaKey)) key = key.toUpperCase();
  return mods + key;
}

/** Everything a key can press on this page now: [{key, name, node}]. */
export function commands() {
  const found = [];
  const scope = document.querySelector("dialog[open]") ?? document;
  for (const node of scope.querySelectorAll("[data-key]")) {
    if (node.disabled || (!shown(node) && !node.closest(".menu"))) continue;
    if (node.closest("[aria-busy=true]")) continue; // what is being replaced is not what the key is meant for
    for (const key of node.dataset.key.split("|")) found.push({ key, node, name: node.dataset.command || node.getAttribute("aria-label") || node.textContent.replace(/\s+/g, " ").trim() });
  }
  return found;
}

export function press(node) {
  const menu = node.closest("details.menu");
  if (menu && !menu.open && node.matches("summary")) menu.open = true;
  else if (node.matches("textarea, select, input:not([type=checkbox]):not([type=radio])")) { node.focus(); node.select?.(); }
  else if (node.matches("summary")) { node.parentElement.open = !node.parentElement.open; node.focus(); }
  else node.click();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const name = nameOf(event), chord = event.ctrlKey || event.metaKey;
  if (!chord && name !== "Escape") {
    if (document.documentElement.dataset.keys === "off" || typing(event.target)) return;
    if (event.key.length > 1 && !["Enter"].includes(event.key)) return;
    if (event.key === "Enter" && event.target.closest("a, button, summary, input")) return; // its own meaning
  }
  if (document.querySelector("dialog[open]") && !chord) return;
  const all = commands(), whole = pending ? `${pending} ${name}` : name;
  const hit = all.find((c) => c.key === whole) ?? all.find((c) => c.key === name);
  clearTimeout(timer);
  pending = "";
  if (hit) {
    event.preventDefault();
    press(hit.node);
  } else if (!chord && all.some((c) => c.key.startsWith(name + " "))) {
    pending = name;
    timer = setTimeout(() => { pending = ""; }, SEQUENCE_MS);
    event.preventDefault();
  }
});
