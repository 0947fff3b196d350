/** The page of `web`. @module */

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, CanvasText 18%, Canvas);
  --soft: color-mix(in srgb, CanvasText 60%, Canvas); --accent: #2f6fed; --bad: #c62f3b; --good: #1f8a4c; --warm: #b26a00; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; background: Canvas; color: CanvasText; }
header, main { max-width: 72rem; margin: 0 auto; padding: 1rem 1.5rem; }
header { display: flex; align-items: center; gap: 1rem; flex-wrap: wrap; }
h1 { font-size: 1.4rem; margin: 0; }
#note { color: var(--soft); margin-left: auto; }
#note.bad { color: var(--bad); }
.paused { background: var(--warm); color: white; border-radius: 1rem; padding: 0 .7rem; font-size: .85rem; }
nav { display: grid; grid-template-columns: repeat(4, 1fr); gap: .75rem; margin-bottom: 1.25rem; }
nav button { text-align: left; border: 1px solid var(--line); border-radius: .6rem; padding: .7rem 1rem; background: none; color: inherit; font: inherit; cursor: pointer; }
nav button[aria-selected=true] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
nav b { display: block; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
nav span { color: var(--soft); }
.bar { display: flex; gap: .5rem; align-items: center; margin-bottom: .5rem; min-height: 2.2rem; }
.bar span { color: var(--soft); margin-right: auto; }
.act { border: 1px solid var(--line); border-radius: .4rem; background: none; color: inherit; font: inherit; font-size: .9rem; padding: .15rem .7rem; cursor: pointer; }
.act:hover { border-color: currentColor; }
.act.bad { color: var(--bad); }
.act:focus-visible, nav button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .85rem; }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td { font-variant-numeric: tabular-nums; }
td.value, td.id { font-family: ui-monospace, monospace; font-size: .85rem; overflow-wrap: anywhere; }
td.do { text-align: right; white-space: nowrap; }
.reason { color: var(--bad); }
progress { width: 6rem; vertical-align: middle; }
.empty { color: var(--soft); padding: 2rem 0; text-align: center; }
`;

const SCRIPT = `
const STATES = { waiting: "Waiting", delayed: "Delayed", leased: "Running", dead: "Dead letters" };
const secret = new URLSearchParams(location.search).get("secret");
let state = "waiting", last, busy = false;
const $ = (id) => document.getElementById(id);
function make(tag, props = {}, ...children) {
  const element = Object.assign(document.createElement(tag), props);
  element.append(...children);
  return element;
}
async function ask(path, body) {
  const answer = await fetch(path, { method: body ? "POST" : "GET", headers: { "x-secret": secret },
    ...(body && { body: JSON.stringify(body) }) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}
async function act(path, body = {}) {
  busy = true;
  try { await ask(path, body); await refresh(); } catch (error) { tell(error); } finally { busy = false; }
}
function tell(error) {
  $("note").textContent = error ? String(error.message || error) : "updated " + new Date().toLocaleTimeString();
  $("note").className = error ? "bad" : "";
}
function button(text, onclick, bad) {
  return make("button", { className: bad ? "act bad" : "act", textContent: text, onclick });
}
function cell(text, className = "") { return make("td", { className, textContent: text }); }
function value(it) { return it === undefined ? "(cannot be decoded)" : typeof it === "string" ? it : JSON.stringify(it); }
function when(text) { return new Date(text).toLocaleString(); }
function remark(job) {
  const td = make("td");
  if (job.due) td.append("due " + when(job.due));
  if (job.reason !== undefined) td.append(make("span", { className: "reason", textContent: job.reason }),
    job.date ? make("div", { textContent: when(job.date) }) : "");
  const { progress } = job;
  if (typeof progress === "number" && progress >= 0 && progress <= 1) {
    td.append(make("progress", { value: progress }), " " + Math.round(progress * 100) + " %");
  } else if (progress !== undefined) td.append(value(progress));
  return td;
}
function actions(job) {
  const ids = [job.id], td = make("td", { className: "do" });
  if (state === "dead") td.append(button("Retry", () => act("retry", { ids })), " ", button("Drop", () => act("drop", { ids }), true));
  else if (state === "leased") td.append(button("Cancel", () => act("cancel", { ids }), true));
  else td.append(button("Remove", () => act("remove", { ids }), true));
  return td;
}
function draw() {
  const { counts, paused, jobs } = last;
  $("paused").hidden = !paused;
  $("hold").textContent = paused ? "Resume" : "Pause";
  $("hold").onclick = () => act(paused ? "resume" : "pause");
  $("tabs").replaceChildren(...Object.entries(STATES).map(([key, title]) => {
    const tab = make("button", { onclick: () => { state = key; draw(); } },
      make("b", { textContent: counts[key].toLocaleString() }), make("span", { textContent: title }));
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-selected", String(key === state));
    return tab;
  }));
  const list = jobs[state];
  const more = counts[state] > list.length ? "the first " + list.length + " of " + counts[state] : "";
  $("bar").replaceChildren(make("span", { textContent: more }));
  if (state === "dead" && list.length > 0) {
    $("bar").append(button("Retry all", () => act("retry")), button("Drop all", () => confirm("Drop all dead letters?") && act("drop"), true));
  }
  const head = ["Id", "Value", "Attempt", "Priority", "Key", "", ""].map((textContent) => make("th", { textContent }));
  const rows = list.map((job) => make("tr", {}, cell(job.id, "id"), cell(value(job.value), "value"), cell(job.attempt),
    cell(job.priority), cell(job.key ?? ""), remark(job), actions(job)));
  $("list").replaceChildren(rows.length === 0 ? make("p", { className: "empty", textContent: "None." })
    : make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)));
}
async function refresh() { last = await ask("state"); draw(); tell(); }
async function loop() {
  if (!busy && !document.hidden) try { await refresh(); } catch (error) { tell(error); }
  setTimeout(loop, 1000);
}
loop();
`;

/** The page, for a queue of this name. */
export function page(name: string, nonce: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${name} · jobs</title>
<style nonce="${nonce}">${STYLE}</style>
<header>
  <h1>${name}</h1>
  <span id="paused" class="paused" hidden>paused</span>
  <button id="hold" class="act">Pause</button>
  <span id="note" role="status"></span>
</header>
<main>
  <nav id="tabs" role="tablist"></nav>
  <div id="bar" class="bar"></div>
  <div id="list" class="scroll"></div>
</main>
<script type="module" nonce="${nonce}">${SCRIPT}</script>
</html>
`;
}
