// A line at the foot that says what was done, with a way back. Read out politely; gone after ten seconds.
const KEPT = 10000;
const place = () => document.getElementById("toasts");

export function say(words) {
  const live = document.getElementById("live");
  if (live) live.textContent = words;
}

export function csrf() {
  return document.querySelector('input[name="csrfmiddlewaretoken"]')?.value ?? "";
}

function leave(node, after = KEPT) {
  let timer = setTimeout(() => node.remove(), after);
  node.addEventListener("pointerenter", () => clearTimeout(timer));
  node.addEventListener("pointerleave", () => { timer = setTimeout(() => node.remove(), 3000); });
  node.addEventListener("focusin", () => clearTimeout(timer));
}

/** Show `words`; `undo` is an address to POST to, or a function; `error` keeps it until it is closed. */
export function toast(words, { undo = null, seconds = 0, error = false } = {}) {
  const node = document.createElement("div");
  node.className = error ? "toast error" : "toast";
  if (error) node.setAttribute("role", "alert");
  const text = document.createElement("span");
  text.textContent = words;
  node.append(text);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn quiet small";
  if (undo) {
    button.dataset.key = "z";
    button.dataset.command = "Undo";
    button.append("Undo", ...(seconds ? [`, ${seconds} s`] : []), " ", Object.assign(document.createElement("kbd"), { textContent: "z" }));
    button.addEventListener("click", async () => {
      node.remove();
      if (typeof undo === "function") return undo();
      await fetch(undo, { method: "POST", headers: { "X-CSRFToken": csrf(), "HX-Request": "true" } });
      location.reload();
    });
    node.append(button);
  } else if (error) {
    button.textContent = "Close";
    button.addEventListener("click", () => node.remove());
    node.append(button);
  }
  for (const old of place().children) if (!old.matches(".error")) old.remove();
  place().append(node);
  if (!error) leave(node, seconds ? seconds * 1000 : KEPT);
  return node;
}

for (const node of document.querySelectorAll("#toasts > .toast:not(.error)")) leave(node);
