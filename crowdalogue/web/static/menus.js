// <details class="menu">: one open at a time, closed by Esc, by a click elsewhere and when focus leaves.
const open = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.("details.menu") || !event.target.open) return;
  for (const menu of open()) if (menu !== event.target && !menu.contains(event.target)) menu.open = false;
  (event.target.querySelector("[autofocus]") ?? event.target.querySelector(".sheet li button, .sheet li a"))?.focus();
}, true);
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (menu && (event.key === "ArrowDown" || event.key === "ArrowUp") && !event.target.matches("select, textarea")) {
    const items = [...menu.querySelectorAll(".sheet a, .sheet button, .sheet input:not([type=hidden]), .sheet select")];
    const at = items.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    items.at(at % items.length)?.focus();
    event.preventDefault();
  }
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
    event.stopImmediatePropagation();
  }
});
document.addEventListener("focusout", (event) => {
  for (const menu of open()) if (event.relatedTarget && menu.contains(event.target) && !menu.contains(event.relatedTarget)) menu.open = false;
});
