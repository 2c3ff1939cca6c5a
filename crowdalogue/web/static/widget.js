// The chat on a customer's page: one script, no framework, no cookies. It draws itself into a shadow root with a
// constructed stylesheet and builds every node by hand, so that a strict policy of the page it stands on lets it.
//   <script async src="https://care.example.com/chat/KEY/widget.js"></script>
(() => {
  "use strict";
  const tag = document.currentScript;
  if (!tag) return;
  if (window.crowdalogueChat) { window.crowdalogueChat.attach(); return; } // the site has changed its page by script
  const base = tag.src.replace(/widget\.js.*$/, "");
  const prefix = `crowdalogue:${base}:`;
  const STYLES = "/* widget.css */";
  const FIRST_MS = 10000, SILENT_MS = 45000, POLL_MS = 5000, POLLS = 24, FRESH_MS = 300000, TYPING_MS = 4000, FIRST_TRIES = 6;

  let identity = identityOf(tag.dataset);
  let conf = null, confAt = 0, token = "", visitor = "", knowsEmail = false;
  let begun = null, stream = null, streamTry = 0, sending = false, retryTimer = 0, retries = 0;
  let isOpen = false, last = 0, first = 0, typedAt = 0, offline = false, thanked = false, readTo = 0;
  const shown = new Map(); // message id -> {item, message}
  const queue = []; // what the visitor wrote and the server has not got yet
  const items = new Map(); // the client's id of an own message -> where it is drawn
  const ui = {};

  // ---------- what the browser keeps for us; where it keeps nothing, the page's own memory has to do

  const memory = new Map();
  const store = {
    get(name) { try { return localStorage.getItem(prefix + name) ?? memory.get(name) ?? null; } catch { return memory.get(name) ?? null; } },
    set(name, value) { try { localStorage.setItem(prefix + name, value); } catch { memory.set(name, value); } },
    drop(name) { try { localStorage.removeItem(prefix + name); } catch { /* as below */ } memory.delete(name); },
    names(start) {
      try { return Object.keys(localStorage).filter((n) => n.startsWith(prefix + start)).map((n) => n.slice(prefix.length)); }
      catch { return [...memory.keys()].filter((n) => n.startsWith(start)); }
    },
  };

  function identityOf(given) {
    if (!given || !given.signature) return null;
    return { customer_id: given.customer || given.customer_id || "", email: given.email || "", name: given.name || "", signature: given.signature };
  }

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  }

  // ---------- calls

  class Trouble extends Error {
    constructor(status, text, wait) { super(text); this.status = status; this.wait = wait; }
  }

  async function call(path, { json, form, auth = token, signal } = {}) {
    const headers = {};
    if (auth) headers.Authorization = `Bearer ${auth}`;
    if (json) headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await fetch(base + path, {
        method: json || form ? "POST" : "GET", body: json ? JSON.stringify(json) : form, headers, signal,
        credentials: "omit", cache: "no-store", mode: "cors",
      });
    } catch (error) {
      throw new Trouble(0, String(error && error.message));
    }
    if (answer.ok) return answer;
    let text = "";
    try { text = (await answer.json()).error.text; } catch { /* not ours: the status says enough */ }
    throw new Trouble(answer.status, text, Number(answer.headers.get("Retry-After")) || 0);
  }

  const post = async (path, json, auth) => (await call(path, { json, auth })).json();

  function warn(text) { console.warn(`Crowdalogue chat: ${text}`); }

  // ---------- nodes

  function node(name, given = {}, ...inside) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(given)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (key in made && key !== "list") made[key] = value;
      else made.setAttribute(key, value);
    }
    made.append(...inside.filter((one) => one !== null && one !== undefined));
    return made;
  }

  function icon(path) {
    const ns = "http://www.w3.org/2000/svg", svg = document.createElementNS(ns, "svg"), line = document.createElementNS(ns, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  }
  const CHAT = "M4 5h16v11H10l-5 4v-4H4z", CROSS = "M6 6l12 12M18 6L6 18", SEND = "M4 12h14M12 5l7 7-7 7", CLIP = "M8 12.5l5.6-5.6a3 3 0 0 1 4.2 4.2l-7.4 7.4a5 5 0 0 1-7-7L11 4";

  const word = (name, filled = {}) => Object.entries(filled).reduce((text, [k, v]) => text.replace(`{${k}}`, v), conf.words[name] || "");

  function build() {
    const host = node("div", { id: "crowdalogue-chat" });
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`${STYLES}\n.chat{--own:${conf.colour};--own-ink:${conf.ink}}`);
    root.adoptedStyleSheets = [sheet];
    ui.badge = node("span", { className: "badge", hidden: true });
    ui.launch = node("button", { type: "button", className: "launch", onclick: () => (isOpen ? shut() : open()) }, icon(CHAT), ui.badge);
    ui.launch.setAttribute("aria-haspopup", "dialog");
    ui.news = node("p", { className: "vh", role: "status" });
    ui.panel = panel();
    ui.chat = node("div", { className: "chat", lang: conf.lang, dir: conf.dir }, ui.panel, ui.launch, ui.news);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const theme = () => ui.chat.classList.toggle("dark", tag.dataset.theme ? tag.dataset.theme === "dark" : dark.matches);
    dark.addEventListener("change", theme);
    theme();
    if (tag.dataset.side === "left") ui.chat.classList.add("left");
    root.append(ui.chat);
    ui.host = host;
    attach();
    label();
  }

  const attach = () => { if (!ui.host.isConnected) document.body.append(ui.host); };

  function panel() {
    ui.title = node("h2", { id: "title" }, conf.title);
    ui.banner = node("p", { className: "banner", role: "status", hidden: true });
    ui.away = node("p", { className: "away", hidden: true });
    ui.earlier = node("button", { type: "button", className: "quiet", hidden: true, onclick: earlier }, word("earlier"));
    ui.greeting = node("p", { className: "greeting", hidden: !conf.greeting }, conf.greeting);
    ui.list = node("ol");
    ui.log = node("div", { className: "log", role: "log", tabIndex: 0 }, ui.earlier, ui.greeting, ui.list);
    ui.log.setAttribute("aria-label", word("log"));
    ui.typing = node("p", { className: "typing", role: "status" });
    const close = node("button", { type: "button", className: "icon", title: word("close"), onclick: shut }, icon(CROSS));
    close.setAttribute("aria-label", word("close"));
    const box = node("section", { className: "panel", role: "dialog", hidden: true, onkeydown: keys },
      node("header", {}, ui.title, close), ui.banner, ui.away, ui.log, ui.typing, composer());
    box.setAttribute("aria-labelledby", "title");
    return box;
  }

  function composer() {
    ui.ask = node("div", { className: "ask", hidden: true });
    ui.text = node("textarea", { id: "text", rows: 2, maxLength: conf.longest, placeholder: word("write"), value: store.get("draft") || "", oninput: drafted, onkeydown: entered, onpaste: pasted });
    ui.text.setAttribute("aria-label", word("write"));
    ui.wrong = node("p", { className: "wrong", id: "wrong", role: "alert", hidden: true });
    ui.file = node("input", { type: "file", accept: conf.files, hidden: true, tabIndex: -1, onchange: chosen });
    ui.file.setAttribute("aria-label", word("attach"));
    const attach = node("button", { type: "button", className: "icon", title: word("attach"), hidden: !conf.files, onclick: () => ui.file.click() }, icon(CLIP));
    attach.setAttribute("aria-label", word("attach"));
    const send = node("button", { className: "icon send", title: word("send") }, icon(SEND));
    send.setAttribute("aria-label", word("send"));
    return node("form", { noValidate: true, onsubmit: (e) => { e.preventDefault(); write(); } },
      ui.ask, ui.wrong, node("div", { className: "line" }, ui.text, ui.file, attach, send));
  }

  // ---------- questions before the first message, and the address out of hours

  function questions() {
    const wanted = shown.size || queue.length ? [] : conf.questions.filter((q) => !(q.name === "email" && knowsEmail));
    if (asksAddress() && !wanted.some((q) => q.name === "email")) wanted.push({ name: "email", label: word("email"), needed: true, away: true });
    const signature = JSON.stringify(wanted);
    if (ui.asked === signature) return;
    ui.asked = signature;
    const kept = Object.fromEntries([...ui.ask.querySelectorAll("input")].map((i) => [i.name, i.value]));
    ui.ask.replaceChildren(...wanted.map((q) => {
      const input = node("input", { id: `ask-${q.name}`, name: q.name, required: q.needed, value: kept[q.name] || store.get(`answer:${q.name}`) || "",
        type: { email: "email", phone: "tel" }[q.name] || "text", maxLength: 500, onchange: (e) => store.set(`answer:${q.name}`, e.target.value) });
      input.setAttribute("autocomplete", { name: "name", email: "email", phone: "tel" }[q.name] || "off");
      const says = q.needed ? [] : [" ", node("span", { className: "soft" }, `(${word("optional")})`)];
      return node("div", { className: "field" }, node("label", { htmlFor: input.id }, q.label, ...says), input, node("p", { className: "wrong", id: `wrong-${q.name}`, hidden: true }));
    }));
    ui.ask.hidden = !wanted.length;
  }

  const asksAddress = () => !conf.there && conf.away === "form" && !knowsEmail && !store.get("away-address");

  function answers() {
    const found = {};
    let wrong = null;
    for (const input of ui.ask.querySelectorAll("input")) {
      const value = input.value.trim(), says = input.nextSibling;
      const fault = input.required && !value ? "needed" : value && input.type === "email" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? "bad_email" : "";
      says.textContent = fault ? word(fault) : "";
      says.hidden = !fault;
      input.setAttribute("aria-invalid", fault ? "true" : "false");
      if (fault) { input.setAttribute("aria-describedby", says.id); wrong = wrong || input; } else { input.removeAttribute("aria-describedby"); found[input.name] = value; }
    }
    if (wrong) wrong.focus();
    return wrong ? null : found;
  }

  // ---------- writing

  function drafted() {
    store.set("draft", ui.text.value);
    fault("");
    if (token && shown.size && Date.now() - typedAt > TYPING_MS) {
      typedAt = Date.now();
      post("typing", { on: true }).catch(() => {});
    }
  }

  function entered(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); write(); }
  }

  function fault(text) {
    ui.wrong.textContent = text;
    ui.wrong.hidden = !text;
    if (text) ui.text.setAttribute("aria-describedby", "wrong"); else ui.text.removeAttribute("aria-describedby");
  }

  function more() {
    const given = answers();
    if (!given) return null;
    const found = { language: conf.lang, page: { url: location.origin + location.pathname, title: document.title.slice(0, 200) } };
    if (Object.keys(given).length) found.answers = given;
    if (!conf.there && conf.away === "form") {
      found.away = true;
      const address = given.email || store.get("away-address") || "";
      if (address) { found.answer_to = address; store.set("away-address", address); }
    }
    return found;
  }

  function write() {
    const text = ui.text.value.trim();
    if (!text) { fault(word("empty")); ui.text.focus(); return; }
    const rest = more();
    if (!rest) return;
    put({ id: newId(), text, more: rest, at: Date.now(), token, visitor });
    ui.text.value = "";
    store.drop("draft");
    ui.text.focus();
  }

  function chosen() {
    const file = ui.file.files[0];
    if (file) give(file);
    ui.file.value = "";
  }

  function pasted(event) {
    const file = event.clipboardData && event.clipboardData.files[0];
    if (file && conf.files) { event.preventDefault(); give(file); }
  }

  function give(file) {
    if (file.size > conf.largest) { fault(word("too_large", { size: conf.largest >> 20 })); return; }
    const ending = file.name.slice(file.name.lastIndexOf(".")).toLowerCase();
    if (!conf.files.split(",").includes(ending)) { fault(word("bad_file")); return; }
    fault("");
    const rest = more();
    if (rest) put({ id: newId(), text: "", file, more: rest, at: Date.now(), token, visitor });
  }

  function put(entry) {
    queue.push(entry);
    keep(entry);
    draw(entry);
    questions();
    flush();
  }

  // A file is kept by the open page only: browsers give no room for it.
  function keep(entry) {
    if (entry.file) return;
    store.set(`q:${entry.id}`, JSON.stringify(entry));
  }

  function takeUp() {
    const found = store.names("q:").map((name) => { try { return JSON.parse(store.get(name)); } catch { return null; } });
    for (const entry of found.filter((e) => e && e.id).sort((a, b) => a.at - b.at)) { queue.push(entry); draw(entry); }
  }

  async function flush() {
    if (sending) return;
    sending = true;
    clearTimeout(retryTimer);
    try {
      if (!token && (isOpen || store.get("token"))) await begin();
      for (let entry = waiting(); entry; entry = waiting()) {
        if (!token) await begin();
        await deliver(entry);
        retries = 0;
      }
      reach(true);
    } catch (error) {
      trouble(error);
    } finally {
      sending = false;
    }
  }

  const waiting = () => queue.find((e) => !e.failed);

  async function deliver(entry) {
    try {
      const auth = entry.token || token;
      let answer;
      if (entry.file) {
        const form = new FormData();
        form.append("id", entry.id);
        form.append("more", JSON.stringify(entry.more));
        form.append("file", entry.file, entry.file.name);
        answer = await (await call("files", { form, auth })).json();
      } else {
        answer = await post("messages", { id: entry.id, text: entry.text, ...entry.more }, auth);
      }
      settle(entry, answer.message);
    } catch (error) {
      if (error.status === 401 && entry.token && entry.token !== token) { // its time is over: sent as who we are now
        if (entry.visitor && entry.visitor !== visitor) { forget(entry); return; }
        entry.token = "";
        keep(entry);
        return;
      }
      if (error.status === 401) { expired(); return; }
      if ([400, 403, 413, 415, 422].includes(error.status)) { refused(entry, error); return; }
      throw error;
    }
  }

  function settle(entry, message) {
    forget(entry);
    if (isMine(entry)) {
      if (message) add(message); else items.get(entry.id)?.querySelector(".state").replaceChildren();
      if (!conf.there && !thanked) { thanked = true; thank(entry); }
    }
    if (!stream) listen();
  }

  const isMine = (entry) => !entry.visitor || entry.visitor === visitor;

  function forget(entry) {
    const at = queue.indexOf(entry);
    if (at >= 0) queue.splice(at, 1);
    store.drop(`q:${entry.id}`);
  }

  function refused(entry, error) {
    entry.failed = { 413: "too_long", 415: "bad_file" }[error.status] || "failed";
    if (entry.file && error.status === 413) entry.failed = "too_large";
    keep(entry);
    state(entry);
    warn(error.message);
  }

  function trouble(error) {
    if (error.status === 403 || error.status === 404) { warn(error.message); reach(false); return; }
    if (error.status === 0) reach(false);
    retries += 1;
    const wait = Math.max(1000 * (error.wait || 0), Math.min(30000, 1000 * 2 ** Math.min(retries, 5)) * (0.7 + 0.6 * Math.random()));
    retryTimer = setTimeout(flush, wait);
  }

  function reach(well) {
    offline = !well;
    ui.banner.textContent = offline ? word("offline") : "";
    ui.banner.hidden = !offline;
  }

  function thank(entry) {
    const when = moment(conf.opens), email = conf.mails ? entry.more && entry.more.answer_to : "";
    const name = email ? (when ? "got_mail_when" : "got_mail") : when ? "got_when" : "got";
    ui.list.append(node("li", { className: "note" }, word(name, { when, email })));
    bottom();
  }

  // ---------- drawing the talk

  function time(at) {
    const day = new Date(at), today = new Date().toDateString() === day.toDateString();
    const style = today ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
    return node("time", { dateTime: day.toISOString() }, new Intl.DateTimeFormat(conf.lang, style).format(day));
  }

  function moment(iso) {
    if (!iso) return "";
    const far = new Date(iso) - Date.now() > 6 * 86400000;
    const style = { weekday: "long", hour: "2-digit", minute: "2-digit", ...(far ? { day: "numeric", month: "long" } : {}) };
    return new Intl.DateTimeFormat(conf.lang, style).format(new Date(iso));
  }

  function said(message) {
    const who = node("span", { className: message.ours ? "who" : "vh" }, message.ours ? message.name || conf.title : word("you"));
    const text = message.text ? [node("p", { dir: "auto" }, ...linked(message.text))] : [];
    const files = message.files.map((f) => node("a", { className: "file", href: new URL(f.path, base).href, target: "_blank", rel: "noopener", download: f.name }, icon(CLIP), node("bdi", {}, f.name), node("span", { className: "soft", dir: "ltr" }, size(f.size))));
    return [who, ...text, ...files, node("span", { className: "state" }, time(message.at))];
  }

  function linked(text) {
    return text.split(/(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/).map((piece, n) => (n % 2 ? node("a", { href: piece, target: "_blank", rel: "noopener noreferrer" }, piece) : piece));
  }

  const size = (bytes) => (bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

  // What the visitor wrote is drawn at once and becomes the message when the server has it, in the same place.
  function draw(entry) {
    items.set(entry.id, ui.list.appendChild(node("li", { className: "mine waiting" })));
    state(entry);
    bottom();
  }

  function state(entry) {
    const label = entry.file ? `${entry.file.name} (${size(entry.file.size)})` : entry.text;
    const says = node("span", { className: "state" });
    const button = (name, deed) => node("button", { type: "button", className: "link", onclick: deed }, word(name));
    if (entry.failed) {
      const fault = entry.failed === "failed" ? "" : ` ${word(entry.failed, { size: conf.largest >> 20 })}`;
      const again = button("again", () => { entry.failed = ""; keep(entry); state(entry); flush(); });
      const drop = button("drop", () => { forget(entry); items.get(entry.id).remove(); ui.text.focus(); });
      says.append(node("span", { className: "late" }, word("failed") + fault), " ", again, " ", drop);
    } else says.append(word("sending"));
    items.get(entry.id).replaceChildren(node("span", { className: "vh" }, word("you")), node("p", { dir: "auto" }, label), says);
  }

  function add(message) {
    if (shown.has(message.id)) return false;
    const pending = queue.find((e) => e.id === message.key);
    if (pending) forget(pending);
    const known = message.key ? items.get(message.key) : null, item = known || node("li");
    item.className = message.ours ? "ours" : "mine";
    item.replaceChildren(...said(message));
    item.dataset.place = message.place;
    shown.set(message.id, { item, message });
    last = Math.max(last, message.place);
    if (!known) place(item, message);
    ui.greeting.hidden = true;
    questions();
    return true;
  }

  function place(item, message) {
    const after = [...ui.list.children].find((li) => Number(li.dataset.place) > message.place || li.classList.contains("waiting"));
    ui.list.insertBefore(item, after || null);
  }

  function bottom() { ui.log.scrollTop = ui.log.scrollHeight; }

  const atBottom = () => ui.log.scrollHeight - ui.log.scrollTop - ui.log.clientHeight < 80;

  // Old messages are not read out one after the other.
  function history(messages) {
    ui.log.setAttribute("aria-live", "off");
    messages.forEach(add);
    setTimeout(() => ui.log.removeAttribute("aria-live"), 500);
  }

  async function earlier() {
    try {
      const answer = await (await call(`messages?before=${first}`)).json();
      const height = ui.log.scrollHeight;
      history(answer.messages);
      first = Math.min(first, ...answer.messages.map((m) => m.place));
      ui.earlier.hidden = !answer.earlier;
      ui.log.scrollTop = ui.log.scrollHeight - height;
    } catch (error) { trouble(error); }
  }

  // ---------- who we are

  function begin() {
    begun = begun || starting().catch((error) => { begun = null; throw error; });
    return begun;
  }

  async function starting() {
    const given = { token: store.get("token") || "", identity };
    let answer;
    try {
      answer = await post("start", given, "");
    } catch (error) {
      if (error.status !== 403 || !identity) throw error;
      warn(error.message);
      identity = null;
      answer = await post("start", { token: given.token }, "");
    }
    if (visitor && visitor !== answer.visitor) clear();
    const before = store.get("visitor");
    token = answer.token;
    visitor = answer.visitor;
    if (before && before !== visitor) strangers();
    knowsEmail = answer.email;
    store.set("token", token);
    store.set("visitor", visitor);
    history(answer.messages);
    first = answer.messages.length ? answer.messages[0].place : last;
    ui.earlier.hidden = !answer.earlier;
    ui.greeting.hidden = !conf.greeting || shown.size > 0;
    reach(true);
    questions();
    count();
    if (shown.size) listen();
  }

  // The server does not know this visitor any more: what waits is sent as whoever we become.
  function expired() {
    for (const entry of queue.filter((e) => e.visitor === visitor)) { entry.token = entry.visitor = ""; keep(entry); }
    token = "";
    begun = null;
    store.drop("token");
    store.drop("visitor");
  }

  // Somebody else used this browser before: what they typed goes out in their name and is shown to nobody here.
  function strangers() {
    ["draft", "away-address", ...store.names("answer:")].forEach((name) => store.drop(name));
    ui.text.value = "";
    queue.filter((e) => !isMine(e)).forEach((e) => items.get(e.id).remove());
  }

  function clear() {
    shown.clear();
    ui.list.replaceChildren(...queue.map((e) => items.get(e.id)));
    last = first = readTo = 0;
    if (stream) stream.abort();
    stream = null;
  }

  async function meet(given) {
    identity = identityOf(given);
    begun = null;
    try { await begin(); seen(); } catch (error) { trouble(error); }
  }

  // ---------- live

  async function listen() {
    if (stream || !token || document.hidden) return;
    const mine = stream = new AbortController();
    let watch = 0, silent = false;
    const alive = (wait = SILENT_MS) => { clearTimeout(watch); watch = setTimeout(() => { silent = true; mine.abort(); }, wait); };
    try {
      alive(FIRST_MS);
      const answer = await call(`events?after=${last}`, { signal: mine.signal });
      streamTry = 0;
      reach(true);
      flush();
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        alive();
        rest += value;
        const blocks = rest.split("\n\n");
        rest = blocks.pop();
        blocks.forEach(hear);
      }
    } catch (error) {
      if (error.status === 0 && !mine.signal.aborted) reach(false);
      if (error.status === 401) { expired(); begin().catch(trouble); }
      streamTry += 1;
    } finally {
      clearTimeout(watch);
      if (stream === mine) {
        stream = null;
        if (silent) poll(POLLS);
        else if (!document.hidden) setTimeout(listen, streamTry ? Math.min(30000, 800 * 2 ** Math.min(streamTry, 6)) : 200);
      }
    }
  }

  // Something between us holds the stream back: ask every few seconds, and try the stream again after a while.
  async function poll(left) {
    if (stream || !token || document.hidden) return;
    try {
      (await (await call(`messages?after=${last}`)).json()).messages.forEach(arrive);
      reach(true);
    } catch (error) {
      if (error.status === 0) reach(false);
    }
    setTimeout(() => (left ? poll(left - 1) : listen()), POLL_MS);
  }

  function hear(block) {
    const found = {};
    for (const line of block.split("\n")) { const at = line.indexOf(": "); if (at > 0) found[line.slice(0, at)] = line.slice(at + 2); }
    if (!found.event) return;
    const value = JSON.parse(found.data);
    if (found.event === "typing") ui.typing.textContent = value ? word("typing") : "";
    if (found.event === "message") arrive(value);
  }

  function arrive(message) {
    const low = atBottom();
    if (!add(message)) return;
    if (low || !message.ours) bottom();
    if (!message.ours) return;
    ui.typing.textContent = "";
    if (isOpen) seen(); else { count(); ui.news.textContent = ""; setTimeout(() => { ui.news.textContent = word("news"); }, 50); }
  }

  const unread = () => [...shown.values()].filter(({ message }) => message.ours && !message.read);

  function count() {
    const n = isOpen ? 0 : unread().length;
    ui.badge.textContent = n > 9 ? "9+" : n || "";
    ui.badge.hidden = !n;
    label();
  }

  function label() {
    const n = isOpen || !conf ? 0 : unread().length;
    ui.launch.setAttribute("aria-expanded", String(isOpen));
    ui.launch.setAttribute("aria-label", isOpen ? word("close") : n ? `${word("open")}, ${word("unread", { n })}` : word("open"));
  }

  function seen() {
    if (!isOpen || document.hidden) return;
    const fresh = unread();
    if (!fresh.length) return;
    const place = Math.max(...fresh.map(({ message }) => message.place));
    if (place <= readTo) return;
    readTo = place;
    fresh.forEach(({ message }) => { message.read = true; });
    post("read", { place }).catch(() => { readTo = 0; fresh.forEach(({ message }) => { message.read = false; }); });
    count();
  }

  // ---------- open and shut

  async function open() {
    if (isOpen) return;
    isOpen = true;
    ui.panel.hidden = false;
    ui.chat.classList.add("open");
    ui.panel.setAttribute("aria-modal", String(narrow()));
    hours();
    questions();
    count();
    (ui.ask.querySelector("input") || ui.text).focus();
    bottom();
    if (Date.now() - confAt > FRESH_MS) configure().then(() => { hours(); questions(); }).catch(() => {});
    try { await begin(); bottom(); seen(); } catch (error) { trouble(error); }
  }

  function shut() {
    if (!isOpen) return;
    isOpen = false;
    ui.panel.hidden = true;
    ui.chat.classList.remove("open");
    count();
    ui.launch.focus();
  }

  function hours() {
    const when = moment(conf.opens);
    ui.away.textContent = conf.there ? "" : conf.away_text || (when ? word("away", { when }) : word("away_open"));
    ui.away.hidden = conf.there;
  }

  const narrow = () => matchMedia("(max-width: 480px)").matches;

  function keys(event) {
    if (event.key === "Escape") { event.stopPropagation(); shut(); }
    if (event.key !== "Tab" || !narrow()) return;
    const stops = [...ui.panel.querySelectorAll("button, input, textarea, a[href], [tabindex='0']")].filter((n) => !n.hidden && n.tabIndex >= 0 && n.offsetParent !== null);
    const at = stops.indexOf(ui.chat.getRootNode().activeElement), end = event.shiftKey ? 0 : stops.length - 1;
    if (at === end) { event.preventDefault(); stops[event.shiftKey ? stops.length - 1 : 0].focus(); }
  }

  // ---------- begin

  async function configure() {
    const lang = tag.dataset.lang || document.documentElement.lang || navigator.language || "";
    conf = await (await call(`config?lang=${encodeURIComponent(lang)}`, { auth: "" })).json();
    confAt = Date.now();
  }

  async function boot(tries = 1) {
    try { await configure(); } catch (error) {
      warn(error.status ? error.message : "nothing answers. Is this site named in the chat's settings, and does its Content-Security-Policy allow this address in connect-src?");
      if (tries < FIRST_TRIES && (error.status === 0 || error.status >= 429)) setTimeout(() => boot(tries + 1), 1000 * 2 ** tries);
      return;
    }
    build();
    takeUp();
    addEventListener("online", () => { retries = streamTry = 0; flush(); listen(); });
    addEventListener("offline", () => reach(false));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) { if (stream) stream.abort(); stream = null; } else { listen(); seen(); }
    });
    window.crowdalogueChat = { open, close: shut, identify: meet, signOut: () => meet(null), attach };
    dispatchEvent(new Event("crowdalogue-chat-ready"));
    if (tag.dataset.open !== undefined) open();
    else if (store.get("token")) begin().then(flush).catch(trouble);
    else if (queue.length) flush();
  }

  if (document.body) boot(); else addEventListener("DOMContentLoaded", () => boot());
})();
