// Says that this conversation is open here, and shows who else has it open.
import { csrf, say } from "./toast.js";
import { openId } from "./inbox-open.js";

const EVERY_MS = 10000;
let timer = 0, told = "";

function body(leave) {
  const form = new FormData();
  form.append("csrfmiddlewaretoken", csrf());
  form.append("writing", document.getElementById("answer")?.value.trim() ? "1" : "0");
  if (leave) form.append("leave", "1");
  return form;
}

function show({ words, writing }) {
  const bar = document.getElementById("presence");
  if (!bar) return;
  bar.hidden = !words;
  bar.querySelector("span").textContent = words;
  if (writing && words !== told) say(words);
  told = words;
}

async function tell() {
  clearTimeout(timer);
  timer = setTimeout(tell, EVERY_MS);
  const id = openId();
  if (!id || document.hidden) return;
  try {
    const answer = await fetch(`/inbox/${id}/here/`, { method: "POST", body: body(false), headers: { "HX-Request": "true" } });
    if (answer.ok && openId() === id) show(await answer.json());
  } catch { /* no connection: the next beat tries again */ }
}

export function followPresence() {
  document.addEventListener("opened", tell);
  addEventListener("pagehide", () => { if (openId()) navigator.sendBeacon(`/inbox/${openId()}/here/`, body(true)); });
  tell();
}
