// Writing: drafts keep themselves, an answer goes once, and can be taken back for a few seconds.
import { toast } from "./toast.js";
import { freshen } from "./times.js";
import { hide, post } from "./inbox-deeds.js";
import { open, openId, refresh } from "./inbox-open.js";

const DRAFT_MS = 800;
let timer = 0;

function say(words) {
  const state = document.getElementById("draft-state");
  if (state) state.textContent = words;
}

function draftOf(form) {
  const body = new FormData();
  for (const name of ["csrfmiddlewaretoken", "key", "text", "as"]) body.append(name, form.elements[name]?.value ?? "");
  return body;
}

async function save(form) {
  if (form.dataset.sent) return;
  try {
    const answer = await fetch(form.dataset.draft, { method: "POST", body: draftOf(form), headers: { "HX-Request": "true" } });
    say(answer.ok ? "Draft kept" : "Draft not kept");
  } catch { say("Draft not kept: no connection"); }
}

// How much room is left, said only when it gets scarce.
function count(form) {
  const text = form.elements.text, left = form.querySelector("#left");
  if (!left) return;
  const rest = Number(text.dataset.longest) - [...text.value].length;
  left.textContent = rest < 0 ? `${-rest} too many` : rest < 60 ? `${rest} left` : "";
  left.classList.toggle("late", rest < 0);
}

function changed(form) {
  count(form);
  say("");
  clearTimeout(timer);
  timer = setTimeout(() => save(form), DRAFT_MS);
  form.dataset.unsaved = "yes";
}

async function send(form, button) {
  clearTimeout(timer);
  delete form.dataset.unsaved;
  const id = openId(), body = new FormData(form, button), wrong = form.querySelector("#answer-wrong");
  wrong.replaceChildren();
  try {
    const told = await post(form.action, body);
    const undo = told.undo && (async () => {
      try {
        const taken = await post(told.undo);
        toast(taken.words, { error: !taken.done });
        if (taken.done) await open(taken.open + location.search, { focus: true });
      } catch (error) { toast(error.message, { error: true }); }
    });
    toast(told.words, { undo: undo || null, seconds: told.seconds });
    if (body.get("then") === "close") hide([id]);
    else await refresh({ whole: true });
  } catch (error) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
    const line = document.createElement("p");
    line.className = "wrong";
    line.textContent = error.message;
    wrong.append(line);
    form.elements.text.focus();
  }
}

export function followComposer() {
  const composer = (node) => node.closest?.("form.composer");
  document.addEventListener("input", (event) => { const form = composer(event.target); if (form && event.target.name === "text") changed(form); });
  document.addEventListener("change", (event) => {
    const form = composer(event.target);
    if (!form) return;
    if (event.target.name === "as") { changed(form); form.classList.toggle("noting", event.target.value === "note"); }
    if (event.target.name === "files") {
      form.querySelector(".attached").replaceChildren(...[...event.target.files].map((file) => Object.assign(document.createElement("li"), { textContent: file.name, className: "file" })));
    }
  });
  document.addEventListener("click", (event) => { if (event.target.matches?.(".composer .how input")) composer(event.target).elements.text.focus(); });
  // Where nothing can be sent, r must not let the letters that follow press other keys.
  document.addEventListener("click", (event) => {
    const why = event.target.closest?.("[data-no-reply]");
    if (!why) return;
    toast(`${why.textContent} What you write is a note.`);
    composer(why).elements.text.focus();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form.composer") || event.defaultPrevented) return;
    event.preventDefault();
    send(form, event.submitter);
  });
  addEventListener("pagehide", () => {
    const form = document.querySelector("form.composer[data-unsaved]:not([data-sent])");
    if (form) navigator.sendBeacon(form.dataset.draft, draftOf(form));
  });
  document.addEventListener("opened", () => freshen());
}
