// A new alarm is said aloud and waits behind a link, so that nothing moves while it is read.
import { say } from "./toast.js";

const here = document.querySelector("[data-alarms]");
let fresh = 0;

function told() {
  fresh += 1;
  const words = fresh === 1 ? "1 new alarm" : `${fresh} new alarms`;
  say(words);
  const place = document.getElementById("news");
  if (!place) return;
  const link = Object.assign(document.createElement("a"), { href: location.href, className: "news", textContent: words });
  link.dataset.key = ".";
  link.dataset.command = "Show what is new";
  place.replaceChildren(link);
}

if (here) {
  const source = new EventSource(`/stream/?after=${here.dataset.alarms}`);
  source.addEventListener("alarm_raised", told);
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}
