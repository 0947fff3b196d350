/** What the page does. @module */

/** Plain JavaScript: nothing has to be built. */
export const SCRIPT: string = String.raw`
const secret = new URLSearchParams(location.search).get("secret");
const PERIOD_MS = 1000, MAX_INDENT = 12, MORE = 200, LANE_CELLS = 200, SECONDS = LANE_CELLS / 10;
const closed = new Set(), shown = {}, rows = new Map();
let last, chosen, current, over = false, drawing = Promise.resolve(), said = "";
const $ = (id) => document.getElementById(id);

function make(tag, props = {}, ...children) {
  const element = Object.assign(document.createElement(tag), props);
  element.append(...children);
  return element;
}
function setText(element, text) { if (element.textContent !== text) element.textContent = text; }
function setAttribute(element, name, value) {
  if (value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}
async function ask(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "x-secret": secret }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}
/** Said once, so that a screen reader is not interrupted each second. */
function say(text, bad = false) {
  if (said === text) return;
  said = text;
  setText($("status"), text);
  $("status").className = bad ? "bad" : "";
}

// --- Colours -----------------------------------------------------------------

/** Hues that are told apart from each other, from green for running, and from red. */
const HUES = [215, 285, 35, 185, 320, 60, 250, 200, 300, 20];
const kinds = new Map();
/** What a wait is for, without names and numbers: these have one colour. */
function kindOf(text) { return text.replace(/ ?"(?:[^"\\]|\\.)*"/g, "").replace(/ ?\b\d[\d.]*\b/g, "") || text; }
function colourOf(kind) {
  if (!kinds.has(kind)) kinds.set(kind, HUES[kinds.size % HUES.length]);
  const hue = kinds.get(kind);
  return "light-dark(hsl(" + hue + " 55% 74%), hsl(" + hue + " 32% 42%))";
}
function cellColour(ran, text) {
  const wait = text < 0 ? "var(--idle)" : colourOf(kindOf(last.view.texts[text]));
  return ran === 0 ? wait : "color-mix(in srgb, var(--run) " + Math.min(15 + ran * 9, 100) + "%, " + wait + ")";
}
/** The cells as one background: hundreds of rows have to be cheap. */
function gradientOf(lane) {
  const stops = [];
  let at = 0;
  for (const [cells, ran, text] of lane) {
    const end = at + cells, colour = cellColour(ran, text);
    stops.push(colour + " " + at * 100 / LANE_CELLS + "% " + end * 100 / LANE_CELLS + "%");
    at = end;
  }
  return stops.length === 0 ? "" : "linear-gradient(to right, " + stops.join(", ") + ")";
}
/** The same in words. */
function laneWords(lane) {
  const waited = new Map();
  let ran = 0;
  for (const [cells, tenths, text] of lane) {
    ran += cells * tenths / 10;
    if (text >= 0) waited.set(text, (waited.get(text) ?? 0) + cells * (1 - tenths / 10));
  }
  const share = (cells) => Math.round(100 * cells / LANE_CELLS) + " %";
  const parts = [...waited].sort(([, a], [, b]) => b - a).slice(0, 3)
    .map(([text, cells]) => "waited for " + last.view.texts[text] + " " + share(cells));
  if (ran > 0) parts.unshift("ran " + (share(ran) === "0 %" ? "less than 1 %" : share(ran)));
  return "last " + SECONDS + " seconds: " + (parts.join(", ") || "nothing known");
}

// --- Rows --------------------------------------------------------------------

function newRow(key) {
  const twist = make("span", { className: "twist" }), id = make("span", { className: "id" }), name = make("span");
  twist.setAttribute("aria-hidden", "true");
  const bar = make("div", { className: "bar" });
  bar.setAttribute("role", "img");
  const cells = [make("td", {}, twist, id, name), make("td"), make("td", { className: "number" }), make("td", { className: "number" }), make("td", {}, bar)];
  const element = make("tr", { tabIndex: -1 }, ...cells);
  element.setAttribute("role", "row");
  for (const cell of cells) cell.setAttribute("role", "gridcell");
  element.dataset.key = key;
  return { element, twist, id, name, bar, cells, gradient: "" };
}
function drawRow(parts, row, index) {
  const { element, twist, id, name, bar, cells } = parts;
  const { task, kind } = row;
  parts.row = row;
  element.className = row.inRing ? "ring" : kind === "task" ? "" : kind === "more" ? "more" : "scope";
  element.style.setProperty("--level", Math.min(row.level, MAX_INDENT));
  setAttribute(element, "aria-level", row.level);
  setAttribute(element, "aria-expanded", row.open);
  setAttribute(element, "aria-selected", row.key === chosen);
  setAttribute(element, "aria-rowindex", index + 2);
  setText(twist, row.open === undefined ? "" : row.open ? "▾" : "▸");
  setText(id, task ? String(task.id) : "");
  setText(name, row.name + (row.inRing ? " (in a ring)" : ""));
  setAttribute(element, "title", row.name);
  setText(cells[1], task ? task.waits + (task.state.endsWith("cancelled") ? " (cancelled)" : "") : "");
  setText(cells[2], task ? task.since : "");
  setText(cells[3], task && task.steps > 0 ? task.steps.toLocaleString("en") : "");
  bar.hidden = !task;
  if (!task) return;
  const gradient = gradientOf(task.lane);
  if (gradient !== parts.gradient) bar.style.backgroundImage = parts.gradient = gradient;
  setAttribute(bar, "aria-label", laneWords(task.lane));
}
function drawRows(list) {
  const body = $("rows"), keys = new Set(list.map(({ key }) => key));
  let focused = document.activeElement?.dataset?.key;
  for (const [key, { element }] of rows) {
    if (keys.has(key)) continue;
    if (key === focused) focused = undefined;
    if (element.contains(document.activeElement)) body.parentElement.focus();
    element.remove();
    rows.delete(key);
  }
  let before = body.firstElementChild;
  for (const [index, row] of list.entries()) {
    let parts = rows.get(row.key);
    if (!parts) rows.set(row.key, parts = newRow(row.key));
    drawRow(parts, row, index);
    if (parts.element === before) before = before.nextElementSibling;
    else body.insertBefore(parts.element, before);
  }
  if (!rows.has(current)) current = list[0]?.key;
  for (const [key, { element }] of rows) element.tabIndex = key === current ? 0 : -1;
  if (focused !== undefined && document.activeElement?.dataset?.key !== focused) rows.get(focused)?.element.focus();
  setAttribute($("tree"), "aria-rowcount", list.length + 1);
  $("empty").hidden = list.length > 0;
  $("tree").hidden = list.length === 0;
}

// --- What is around the rows -------------------------------------------------

const NUMBERS = [
  ["tasks", ({ total }) => total.toLocaleString("en")],
  ["waiting", ({ waiting }) => waiting.toLocaleString("en")],
  ["steps a second", ({ rates }) => rates.stepsPerSecond.toLocaleString("en")],
  ["made / ended a second", ({ rates }) => rates.madePerSecond.toLocaleString("en") + " / " + rates.endedPerSecond.toLocaleString("en")],
  ["late now", ({ rates }) => rates.late + " ms"],
];
function drawNumbers(view) {
  const box = $("numbers");
  if (box.children.length === 0) {
    for (const [title] of NUMBERS) box.append(make("div", {}, make("dt", { textContent: title }), make("dd")));
    box.append(make("div", {}, make("dt", { textContent: "late, in the last minute" }), make("dd", { id: "late" })));
  }
  NUMBERS.forEach(([, text], i) => setText(box.children[i].lastElementChild, text(view)));
  const { late } = view, most = Math.max(50, ...late);
  const NS = "http://www.w3.org/2000/svg", svg = document.createElementNS(NS, "svg");
  for (const [name, value] of Object.entries({ width: 180, height: 28, role: "img", "aria-label": "at most " + view.rates.lateInMinute + " ms" })) svg.setAttribute(name, value);
  late.forEach((ms, i) => {
    const bar = document.createElementNS(NS, "rect"), height = Math.max(1, 28 * ms / most);
    for (const [name, value] of Object.entries({ x: 3 * (60 - late.length + i), y: 28 - height, width: 2, height })) bar.setAttribute(name, value);
    svg.append(bar);
  });
  $("late").replaceChildren(svg);
}
function drawDetails() {
  const box = $("details"), row = rows.get(chosen)?.row, task = row?.task;
  $("cancel").disabled = !task || over;
  if (!task) {
    if (chosen === undefined || box.dataset.key === chosen) box.replaceChildren(make("p", { className: "soft", textContent: chosen === undefined ? "Choose a task." : "It has ended, or is not shown." }));
    return;
  }
  const list = [["task", task.id + " " + task.name], ["state", task.state + (row.inRing ? ", in a ring" : "")], ["waits for", task.waits + (task.since ? ", for " + task.since : "")],
    ...task.details, ["time", laneWords(task.lane)]];
  const text = JSON.stringify(list);
  if (box.dataset.text === text) return;
  box.dataset.text = text;
  box.dataset.key = chosen;
  box.replaceChildren(make("dl", {}, ...list.flatMap(([title, text]) => [make("dt", { textContent: title }), make("dd", { textContent: text })])));
}
function drawQueues({ queues }) {
  $("queues").tBodies[0].replaceChildren(...queues.map(({ name, waiting, longest, first }) =>
    make("tr", {}, make("td", {}, name, first && make("div", { className: "soft", textContent: "first: " + first })), make("td", { className: "number", textContent: waiting.toLocaleString("en") }), make("td", { className: "number", textContent: longest }))));
}
function drawColours({ rows, texts }) {
  const time = new Map();
  for (const { task } of rows) {
    for (const [cells, , text] of task?.lane ?? []) {
      const kind = text < 0 ? undefined : kindOf(texts[text]);
      if (kind) time.set(kind, (time.get(kind) ?? 0) + cells);
    }
  }
  const most = [...time].sort(([, a], [, b]) => b - a).slice(0, 8).map(([kind]) => [kind, colourOf(kind)]);
  const list = [["running", "var(--run)"], ["something foreign, or not known", "var(--idle)"], ...most];
  const text = JSON.stringify(list);
  if ($("colours").dataset.text === text) return;
  $("colours").dataset.text = text;
  $("colours").replaceChildren(...list.map(([name, colour]) => {
    const patch = make("span");
    patch.style.background = colour;
    return make("li", {}, patch, name);
  }));
}
function draw() {
  const { view, busy, ended } = last;
  over = ended !== undefined;
  if (over) say(ended, true);
  else if ($("live").checked) say(busy ? "the loop is busy" : "live", busy !== undefined);
  $("busy").hidden = busy === undefined;
  setText($("busy"), busy ?? "");
  if (!view) return;
  const rings = view.rings.map((text) => "A ring, each task waits for another: " + text);
  $("rings").hidden = rings.length === 0;
  if ($("rings").dataset.text !== rings.join()) {
    $("rings").dataset.text = rings.join();
    $("rings").replaceChildren(...rings.map((textContent) => make("p", { textContent })));
  }
  drawNumbers(view);
  drawRows(view.rows);
  drawDetails();
  drawQueues(view);
  drawColours(view);
  setText($("count"), view.unlisted > 0 ? view.unlisted.toLocaleString("en") + " younger tasks are not listed" : "");
}

// --- What the user does ------------------------------------------------------

function focusRow(key) {
  if (!rows.has(key)) return;
  for (const [other, { element }] of rows) element.tabIndex = other === key ? 0 : -1;
  current = key;
  rows.get(key).element.focus();
}
function choose(key) {
  const { row } = rows.get(key) ?? {};
  if (row === undefined) return;
  if (row.kind === "more") return showMore(row);
  chosen = key;
  $("details").dataset.text = "";
  for (const [other, { element }] of rows) setAttribute(element, "aria-selected", other === key);
  drawDetails();
}
function showMore({ parent }) {
  if (parent === undefined) return;
  shown[parent] = (shown[parent] ?? (parent === "root" ? 200 : 50)) + MORE;
  refresh();
}
function fold(key, isClosed) {
  rows.get(key).row.open = !isClosed; // the next key may come before the answer
  if (isClosed) closed.add(key);
  else closed.delete(key);
  refresh();
}
function neighbour(key, step) {
  const list = last.view.rows, index = list.findIndex((row) => row.key === key);
  return list[Math.min(Math.max(index + step, 0), list.length - 1)]?.key;
}
function parentOf(key) {
  const list = last.view.rows, index = list.findIndex((row) => row.key === key);
  for (let i = index - 1; i >= 0; i--) if (list[i].level < list[index].level) return list[i].key;
}
function confirmCancel() {
  const task = rows.get(chosen)?.row.task;
  if (!task || over) return;
  $("confirm-title").textContent = "Cancel task " + task.id + " “" + task.name + "”?";
  $("confirm-text").textContent = "It waits for " + task.waits + (task.since ? ", for " + task.since : "") + ". Its wait rejects with a CancelledError; the tasks in its groups are cancelled with it.";
  const dialog = $("confirm"), key = chosen;
  dialog.returnValue = "no";
  dialog.onclose = async () => {
    if (dialog.open) return; // it was closed before, and has been opened again
    dialog.onclose = null;
    focusRow(key);
    if (dialog.returnValue !== "yes") return;
    try {
      await ask("/cancel", { task: task.id });
      say("cancelled task " + task.id + " “" + task.name + "”");
    } catch (error) { say(error.message, true); }
    refresh();
  };
  dialog.showModal();
}
$("rows").addEventListener("click", (event) => {
  const key = event.target.closest("tr")?.dataset.key, row = rows.get(key)?.row;
  if (row === undefined) return;
  if (event.target.className === "twist" && row.open !== undefined) return fold(key, row.open);
  focusRow(key);
  choose(key);
});
$("rows").addEventListener("keydown", (event) => {
  const key = event.target.closest("tr")?.dataset.key, row = rows.get(key)?.row;
  if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = {
    ArrowDown: () => focusRow(neighbour(key, 1)), ArrowUp: () => focusRow(neighbour(key, -1)),
    PageDown: () => focusRow(neighbour(key, 20)), PageUp: () => focusRow(neighbour(key, -20)),
    Home: () => focusRow(neighbour(key, -Infinity)), End: () => focusRow(neighbour(key, Infinity)),
    ArrowRight: () => row.open === false ? fold(key, false) : row.open && focusRow(neighbour(key, 1)),
    ArrowLeft: () => row.open ? fold(key, true) : focusRow(parentOf(key)),
    Enter: () => choose(key), " ": () => choose(key),
    Delete: () => { choose(key); confirmCancel(); }, c: () => { choose(key); confirmCancel(); },
  }[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, select, dialog")) return;
  event.preventDefault();
  $("filter").focus();
});
$("cancel").onclick = confirmCancel;
$("tools").onsubmit = (event) => event.preventDefault();
$("filter").oninput = () => refresh();
$("order").onchange = () => refresh();
$("live").onchange = () => { if ($("live").checked) refresh(); else say("paused"); };

// --- The samples -------------------------------------------------------------

async function take() {
  try {
    last = await ask("/state", { filter: $("filter").value, order: $("order").value, closed: [...closed], shown });
    draw();
  } catch (error) {
    over = true;
    say(error instanceof TypeError ? "the monitor has ended" : error.message, true);
    drawDetails();
  }
}
/** One after the other, so that an old answer does not hide a new one. */
function refresh() { return drawing = drawing.then(take); }
async function loop() {
  if ($("live").checked && !document.hidden) await refresh();
  if (!over) setTimeout(loop, PERIOD_MS);
}
loop();
`;
