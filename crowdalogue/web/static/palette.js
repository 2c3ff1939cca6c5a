// Ctrl K: every command of this page, found by its words. `?`: the same as a list of keys.
import { commands, press } from "./keys.js";

const palette = document.getElementById("palette"), keys = document.getElementById("keys");
const field = document.getElementById("palette-q"), list = document.getElementById("palette-list");
let offered = [], at = 0, came = null;

const said = (key) => key.replace("Ctrl+", "Ctrl ").replace("Shift+", "Shift ").replace("Escape", "Esc");
const caps = (key) => said(key).split(" ").map((part) => Object.assign(document.createElement("kbd"), { textContent: part }));

function draw() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fit = offered.filter((c) => words.every((w) => c.name.toLowerCase().includes(w)));
  at = Math.min(at, Math.max(fit.length - 1, 0));
  list.replaceChildren(...fit.map((command, i) => {
    const item = document.createElement("li");
    item.id = `command-${i}`;
    item.role = "option";
    item.ariaSelected = String(i === at);
    const keysOf = document.createElement("span");
    keysOf.append(...caps(command.key));
    item.append(command.name, keysOf);
    item.addEventListener("click", () => run(command));
    return item;
  }));
  palette.querySelector(".none").hidden = fit.length > 0;
  field.setAttribute("aria-activedescendant", fit.length ? `command-${at}` : "");
  list.children[at]?.scrollIntoView({ block: "nearest" });
  return fit;
}

function run(command) {
  palette.close();
  press(command.node);
}

function once(all) {
  const seen = new Set();
  return all.filter((c) => c.name && !seen.has(c.key) && seen.add(c.key));
}

function openPalette() {
  if (palette.open) return palette.close();
  came = document.activeElement;
  offered = once(commands()).filter((c) => c.key !== "Ctrl+K");
  at = 0;
  field.value = "";
  palette.showModal();
  draw();
}

function openKeys() {
  const all = once(commands());
  document.getElementById("keys-list").replaceChildren(...all.map((command) => {
    const line = document.createElement("div"), key = document.createElement("dt"), name = document.createElement("dd");
    key.append(...caps(command.key));
    name.append(command.name);
    line.append(key, name);
    return line;
  }));
  keys.showModal();
}

if (palette && keys) {
  for (const button of document.querySelectorAll("[data-opens]")) {
    button.hidden = false;
    button.addEventListener("click", () => (button.dataset.opens === "palette" ? openPalette() : openKeys()));
  }
  field.addEventListener("input", () => { at = 0; draw(); });
  field.addEventListener("keydown", (event) => {
    const fit = draw();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + fit.length) % Math.max(fit.length, 1);
      draw();
      event.preventDefault();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (fit[at]) run(fit[at]);
    }
  });
  palette.addEventListener("close", () => came?.focus?.());
}
