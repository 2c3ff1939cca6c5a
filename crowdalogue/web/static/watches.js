// y and w call the message in focus right or wrong and go on to the next one.
const list = document.querySelector("[data-judged]");

function judge(value) {
  const rows = [...list.querySelectorAll("li")];
  const at = Math.max(0, rows.indexOf(document.activeElement.closest("[data-judged] > li")));
  const next = rows[at + 1]?.querySelector("a");
  rows[at]?.querySelector(`button[name="right"][value="${value}"]`)?.click();
  next?.focus({ focusVisible: true });
  next?.scrollIntoView({ block: "nearest" });
}

if (list) {
  const place = document.createElement("span");
  place.className = "vh";
  place.ariaHidden = "true";
  for (const [key, name, value] of [["y", "Right: what the watch is meant to find", "yes"], ["w", "Wrong: not what the watch is meant to find", "no"]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", tabIndex: -1 });
    Object.assign(button.dataset, { key, command: name, unseen: "" });
    button.addEventListener("click", () => judge(value));
    place.append(button);
  }
  list.after(place);
}
