// Close, snooze, assign, tag: seen at once, sent behind it, taken back with z.
import { csrf, toast } from "./toast.js";
import { neighbour, picked, rows, showPicked } from "./inbox-list.js";
import { close, open, openId, refresh, rowOf } from "./inbox-open.js";

const LEAVES = ["close", "snooze", "apart"];
const STAYS_IN = ["all", "closed", "snoozed", "apart"]; // queues that a deed does not take from at once
const queue = () => document.querySelector(".tabs [aria-current]")?.dataset.queue ?? "team";

export async function post(url, body = new FormData()) {
  if (!body.has("csrfmiddlewaretoken")) body.append("csrfmiddlewaretoken", csrf());
  let answer;
  try {
    answer = await fetch(url, { method: "POST", body, headers: { "HX-Request": "true" } });
  } catch {
    throw new Error("The server cannot be reached, so nothing was changed. Look at your connection; then try again.");
  }
  if (answer.status === 401) { location.reload(); return {}; }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.text ?? "The server refused this. Load the page again, then try once more.");
  return told;
}

/** Take rows out of sight; returns how to put them back. */
export function hide(ids) {
  const leaving = ids.map(rowOf).filter(Boolean);
  const wasOpen = openId(), following = leaving.map(neighbour).find((li) => li && !ids.includes(li.dataset.id));
  for (const li of leaving) { li.hidden = true; li.querySelector(".pick").checked = false; }
  showPicked();
  if (wasOpen && ids.includes(wasOpen)) {
    const next = following?.querySelector(".row");
    next?.focus(); // at once: later it would be taken from whoever has already gone on
    if (next) open(next.href, { push: true });
    else close();
  }
  return () => {
    for (const li of leaving) li.hidden = false;
    if (wasOpen && ids.includes(wasOpen) && rowOf(wasOpen)) open(rowOf(wasOpen).querySelector(".row").href);
  };
}

async function run(form, button) {
  const body = new FormData(form, button), deed = button.value.split(":")[0];
  const ids = form.matches(".bulk-form") ? picked() : body.getAll("pick");
  if (!ids.length) return;
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  const back = LEAVES.includes(deed) && !STAYS_IN.includes(queue()) ? hide(ids) : null;
  try {
    const told = await post(form.action, body);
    const undo = told.undo && (async () => {
      try {
        await post(told.undo);
        back?.();
        if (!back) await refresh();
        toast("Undone.");
      } catch (error) { toast(error.message, { error: true }); }
    });
    toast(told.words, { undo: undo || null });
    if (!back) await refresh();
  } catch (error) {
    back?.();
    toast(error.message, { error: true });
  }
}

export function followDeeds() {
  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter;
    if (!form.matches(".deeds, .bulk-form") || !button?.name) return;
    event.preventDefault();
    run(form, button);
  });
  // A label corrected beside the message: the page reads it again, the composer keeps its words.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches(".fixes, footer.reply form")) return;
    event.preventDefault();
    const body = new FormData(form, event.submitter);
    form.closest("details")?.removeAttribute("open");
    try {
      const told = await post(form.action, body);
      toast(told.words);
      await refresh({ whole: told.done === true });
    } catch (error) { toast(error.message, { error: true }); }
  });
}

export { rows };
