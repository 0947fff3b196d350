/** Draws the events of a trace as a picture: a lane for each task. */

interface TraceEvent {
  ph: "X" | "M" | "s" | "f";
  name: string;
  tid: number;
  cat?: string;
  ts: number;
  dur: number;
  id: number;
  args?: { name?: string };
}

const WIDTH = 860;
const LEFT = 80;
const TOP = 14;
const LANE = 34;
const BAR = 20;

const INK = "#263238";

const COLORS: Record<string, string> = {
  running: "#2e7d32",
  foreign: "#9e9e9e",
  sleep: "#cfd8dc",
  Queue: "#90caf9",
  Lock: "#ffab91",
  taskGroup: "#eceff1",
};

function colorOf({ name, cat }: TraceEvent): string {
  const [first] = (cat === "waiting" ? name : cat!).split(/[ .]/);
  return COLORS[first!] ?? "#e1bee7";
}

/** Gives the picture as SVG. */
export function draw(events: TraceEvent[]): string {
  const slices = events.filter(({ ph }) => ph === "X");
  const lanes = new Map(
    events.filter(({ ph, name }) => ph === "M" && name === "thread_name")
      .filter(({ tid }) => slices.some((slice) => slice.tid === tid))
      .map(({ tid, args }) => [tid, args!.name!]),
  );
  const rows = [...lanes.keys()];
  const from = Math.min(...slices.map(({ ts }) => ts));
  const to = Math.max(...slices.map(({ ts, dur }) => ts + dur));
  const x = (ts: number) =>
    LEFT + (ts - from) / (to - from) * (WIDTH - LEFT - 12);
  const y = (tid: number) => TOP + rows.indexOf(tid) * LANE;
  const height = TOP + rows.length * LANE + 22;

  const names = rows.map((tid) =>
    text(LEFT - 8, y(tid) + 14, lanes.get(tid)!, "end")
  );
  // What ran lies on top: it is short.
  const order = slices.toSorted((a, b) => b.dur - a.dur);
  const bars = order.map((slice) => {
    const width = Math.max(x(slice.ts + slice.dur) - x(slice.ts), 1.5);
    const bar = `<rect x="${x(slice.ts).toFixed(1)}" y="${
      y(slice.tid)
    }" width="${width.toFixed(1)}" height="${BAR}" fill="${
      colorOf(slice)
    }"><title>${slice.name}, ${
      (slice.dur / 1000).toFixed(2)
    } ms</title></rect>`;
    const label = slice.name;
    const color = slice.cat === "running" ? "#fff" : INK;
    return label.length * 5.6 > width ? bar : bar +
      text(
        x(slice.ts) + width / 2,
        y(slice.tid) + 14,
        label,
        "middle",
        color,
      );
  });
  const arrows = events.filter(({ ph }) => ph === "f").flatMap((end) => {
    const start = events.find(({ ph, id }) => ph === "s" && id === end.id);
    if (start === undefined || !lanes.has(start.tid)) return [];
    const down = y(end.tid) > y(start.tid);
    const y1 = y(start.tid) + (down ? BAR : 0);
    const y2 = y(end.tid) + (down ? -1 : BAR + 1);
    return `<line x1="${x(start.ts).toFixed(1)}" y1="${y1}" x2="${
      x(end.ts).toFixed(1)
    }" y2="${y2}" stroke="#c62828" marker-end="url(#tip)"/>`;
  });
  const ticks = [];
  const step = (to - from) > 50_000 ? 10_000 : 5_000;
  for (let ts = 0; ts <= to - from; ts += step) {
    const at = x(from + ts).toFixed(1);
    ticks.push(
      `<line x1="${at}" y1="${TOP - 6}" x2="${at}" y2="${
        height - 20
      }" stroke="#eee"/>`,
      text(Number(at), height - 6, `${ts / 1000} ms`, "middle"),
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">
<defs><marker id="tip" markerWidth="6" markerHeight="6" refX="5" refY="3" orient="auto"><path d="M0 0 L6 3 L0 6 z" fill="#c62828"/></marker></defs>
<rect width="${WIDTH}" height="${height}" rx="6" fill="#fff"/>
${[...ticks, ...names, ...bars, ...arrows].join("\n")}
</svg>
`;
}

function text(
  x: number,
  y: number,
  content: string,
  anchor: string,
  color = INK,
): string {
  return `<text x="${
    x.toFixed(1)
  }" y="${y}" text-anchor="${anchor}" fill="${color}">${content}</text>`;
}
