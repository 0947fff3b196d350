/** Draws the results: a group of bars for each work, the time for each unit. */
import type { Contestant } from "./contestants.ts";
import { isFromNpm, type PeerName } from "./peer_names.ts";
import type { Result } from "./race.ts";
import { duration } from "./table.ts";
import { infoOf } from "./works.ts";

const WIDTH = 860;
const MARGIN = 16;
const NAME = 96;
const VALUE = 52;
const BAR = 11;
const STEP = 14;
const TITLE = 18;
const GAP = 14;
const HEAD = 46;
const COLUMN = WIDTH / 2;

const INK = "#263238";
const FAINT = "#607d8b";

/** The bars that are drawn besides that of the fastest from npm. */
const COLORS: Partial<Record<PeerName, [label: string, color: string]>> = {
  this_package: ["this package", "#2e7d32"],
  bare: ["bare promises", "#b0bec5"],
  asyncio: ["CPython asyncio", "#ffab91"],
  uvloop: ["uvloop", "#ffd54f"],
};
const NPM = "#90caf9";

interface Bar {
  label: string;
  color: string;
  ns: number;
}

function barsOf({ ns }: Result, contestants: Contestant[]): Bar[] {
  const bars: Bar[] = [];
  for (const [name, [label, color]] of Object.entries(COLORS)) {
    const time = ns.get(name as PeerName);
    if (time !== undefined) bars.push({ label, color, ns: time });
  }
  const [fastest] = [...ns].filter(([name]) => isFromNpm(name))
    .sort(([, a], [, b]) => a - b);
  if (fastest !== undefined) {
    const { title } = contestants.find(({ name }) => name === fastest[0])!;
    const label = title.replace(/ [\d.]+$/, "");
    bars.push({ label, color: NPM, ns: fastest[1] });
  }
  return bars;
}

function heightOf(bars: Bar[]): number {
  return TITLE + bars.length * STEP + GAP;
}

function drawGroup(result: Result, bars: Bar[], x: number, y: number): string {
  const longest = Math.max(...bars.map(({ ns }) => ns));
  const room = COLUMN - 2 * MARGIN - NAME - VALUE;
  const { title, unit } = infoOf(result.work);
  const lines = bars.map(({ label, color, ns }, i) => {
    const top = y + TITLE + i * STEP;
    const width = Math.max(1, ns / longest * room);
    const own = i === 0 ? ` font-weight="bold"` : "";
    return [
      text(x + NAME - 6, top + 9, label, `text-anchor="end"${own}`),
      `<rect x="${x + NAME}" y="${top}" width="${
        width.toFixed(1)
      }" height="${BAR}" fill="${color}"/>`,
      text(x + NAME + width + 4, top + 9, duration(ns), own.trim()),
    ].join("");
  });
  const heading = text(x, y + 9, title, `font-weight="bold"`) +
    text(
      x + COLUMN - 2 * MARGIN,
      y + 9,
      `per ${unit}`,
      `text-anchor="end" fill="${FAINT}"`,
    );
  return [heading, ...lines].join("\n");
}

/** Gives the picture as SVG: it brings its own background, for pages dark and light. */
export function draw(results: Result[], contestants: Contestant[]): string {
  const groups = results.map((result) => ({
    result,
    bars: barsOf(result, contestants),
  }));
  const half = Math.ceil(groups.length / 2);
  const drawn: string[] = [];
  let height = 0;
  for (
    const [column, part] of [groups.slice(0, half), groups.slice(half)]
      .entries()
  ) {
    let y = HEAD;
    for (const { result, bars } of part) {
      drawn.push(drawGroup(result, bars, MARGIN + column * COLUMN, y));
      y += heightOf(bars);
    }
    height = Math.max(height, y);
  }
  const heading = text(
    MARGIN,
    24,
    "Time for each: shorter is better",
    `font-size="14" font-weight="bold"`,
  ) +
    text(
      WIDTH - MARGIN,
      24,
      "every group has a scale of its own; blue: the fastest from npm",
      `text-anchor="end" fill="${FAINT}"`,
    );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="10.5" fill="${INK}">
<rect width="${WIDTH}" height="${height}" rx="6" fill="#fff"/>
${[heading, ...drawn].join("\n")}
</svg>
`;
}

function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${x.toFixed(1)}" y="${
    y.toFixed(1)
  }" ${attributes}>${content}</text>`;
}
