// Keeps relative times and promise clocks fresh, twice a minute, without moving anything.
const MIN = 60, HOUR = 3600, DAY = 86400;
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const midnight = (d) => new Date(d.getFullYear(), d.getMonth(), d.getDate());

export function duration(seconds) {
  const s = Math.floor(Math.abs(seconds));
  if (s < MIN) return `${s} s`;
  if (s < HOUR) return `${Math.floor(s / MIN)} min`;
  const m = Math.floor((s % HOUR) / MIN), h = Math.floor((s % DAY) / HOUR);
  if (s < DAY) return `${h} h${m ? " " + String(m).padStart(2, "0") : ""}`;
  if (s >= 365 * DAY) return s >= 730 * DAY ? `${Math.floor(s / (365 * DAY))} years` : `${Math.floor(s / (30 * DAY))} months`;
  return `${Math.floor(s / DAY)} d${h && s < 10 * DAY ? ` ${h} h` : ""}`;
}

export function relative(at, now = new Date()) {
  const s = (now - at) / 1000;
  if (s > -30 && s < MIN) return "now";
  if (s < 0) return null; // what is to come was worded by the server
  if (s < HOUR) return `${Math.floor(s / MIN)} min`;
  const gone = Math.round((midnight(now) - midnight(at)) / (DAY * 1000));
  if (s < 12 * HOUR || gone === 0) return `${Math.floor(s / HOUR)} h`;
  if (gone === 1) return "yesterday";
  return gone < 7 ? days[at.getDay()] : null; // older: as the server wrote it
}

export function promise(due, since, now = new Date()) {
  const left = (due - now) / 1000;
  if (left <= 0) return { look: "late", share: 0, words: `${duration(Math.max(-left, MIN))} late` };
  const span = Math.max((due - since) / 1000, MIN), soon = Math.max(600, Math.min(span / 4, HOUR));
  return { look: left <= soon ? "soon" : "ok", share: Math.min(100, Math.max(3, Math.round((100 * left) / span))), words: duration(Math.max(left, MIN)) };
}

function write(node, words) {
  if (words && node.textContent !== words) node.textContent = words;
}

export function freshen(root = document) {
  for (const node of root.querySelectorAll("time[data-fresh]")) write(node, relative(new Date(node.dateTime)));
  for (const node of root.querySelectorAll(".clock[data-due]")) {
    const { look, share, words } = promise(new Date(node.dataset.due), new Date(node.dataset.since));
    const ring = node.querySelector("circle:not(.track)");
    if (look === "late" && ring) {
      node.querySelector("svg").outerHTML = '<svg viewBox="0 0 12 12" aria-hidden="true"><path d="M6 0l6 6-6 6-6-6z"/></svg>';
    } else if (ring) ring.setAttribute("stroke-dasharray", `${share} 100`);
    node.classList.remove("ok", "soon", "late");
    node.classList.add(look);
    write(node.querySelector(".left"), look === "late" || !node.dataset.word ? words : `${words} ${node.dataset.word}`);
  }
}

setInterval(freshen, 20000);
document.addEventListener("visibilitychange", () => document.hidden || freshen());
