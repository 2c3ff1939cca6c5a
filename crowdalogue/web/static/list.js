// j and k move through any list marked data-list (its rows' first links); Enter is the link's own.
const list = document.querySelector("[data-list]");

const links = () => [...list.querySelectorAll("li, tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);

function move(step) {
  const all = links(), at = all.indexOf(document.activeElement);
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  next?.focus({ focusVisible: true });
  next?.scrollIntoView({ block: "nearest" });
}

if (list) {
  const place = document.createElement("span");
  place.className = "vh";
  place.ariaHidden = "true";
  for (const [key, name, step] of [["j", "Next in the list", 1], ["k", "One before in the list", -1]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", tabIndex: -1 });
    Object.assign(button.dataset, { key, command: name, unseen: "" });
    button.addEventListener("click", () => move(step));
    place.append(button);
  }
  list.after(place);
}
