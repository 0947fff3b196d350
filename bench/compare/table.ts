/** The results as tables of Markdown, which the terminal shows as well. */
import type { Contestant } from "./contestants.ts";
import { isFromNpm, type PeerName, peerNames } from "./peer_names.ts";
import type { Result } from "./race.ts";
import { infoOf } from "./works.ts";

/** Whether the contestant took as many times as long as it was to take. */
export interface Verdict {
  name: PeerName;
  ns: number;
  /** As many times as long as this package. */
  ratio: number;
  target?: number;
  reached: boolean;
}

export function verdicts({ work, ns }: Result): Verdict[] {
  const own = ns.get("this_package") ?? NaN;
  const targets = infoOf(work).targets ?? {};
  return [...ns].filter(([name]) => name !== "this_package").map(
    ([name, ns]) => {
      const target = targets[name] ?? (isFromNpm(name) ? 1 : undefined);
      const ratio = ns / own;
      const reached = target === undefined || ratio >= target;
      return {
        name,
        ns,
        ratio,
        reached,
        ...(target !== undefined && { target }),
      };
    },
  );
}

/** With the unit that suits it, and three digits. */
export function duration(ns: number): string {
  const [value, unit] = ns < 1e3
    ? [ns, "ns"]
    : ns < 1e6
    ? [ns / 1e3, "µs"]
    : [ns / 1e6, "ms"];
  return `${digits(value)} ${unit}`;
}

export function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value.toPrecision(value >= 10 ? 3 : 2);
}

/** `8.1 ×`, and where there is a target, whether it is reached. */
function cell({ ns, ratio, target, reached }: Verdict): string {
  const text = `${digits(ratio)} × (${duration(ns)})`;
  if (target === undefined) return text;
  if (target === 1) return reached ? text : `**${text}**`;
  const wanted = `${digits(target)} ×`;
  return reached ? `${text}, ≥ ${wanted} ✓` : `**${text}, not ${wanted}**`;
}

const OWN_COLUMNS: [string, PeerName[]][] = [
  ["bare", ["bare"]],
  ["CPython asyncio", ["asyncio"]],
  ["uvloop", ["uvloop"]],
  ["Effect", ["effect"]],
  ["Effection", ["effection"]],
];

/** The peers that share the last column. */
const OTHERS = peerNames.filter((name) =>
  name !== "this_package" &&
  !OWN_COLUMNS.some(([, names]) => names.includes(name))
);

const COLUMNS: [string, PeerName[]][] = [...OWN_COLUMNS, ["others", OTHERS]];

export function ratios(results: Result[], contestants: Contestant[]): string {
  const titles = new Map(contestants.map(({ name, title }) => [name, title]));
  const rows = results.map((result) => {
    const own = result.ns.get("this_package") ?? NaN;
    const { title, unit } = infoOf(result.work);
    const found = verdicts(result);
    const cells = COLUMNS.map(([, names]) =>
      names.flatMap((name) => {
        const verdict = found.find((it) => it.name === name);
        if (verdict === undefined) return [];
        const label = names.length === 1
          ? ""
          : `${titles.get(name)!.replace(/ [\d.]+$/, "")} `;
        return [label + cell(verdict)];
      }).join("; ")
    );
    return [title, `${duration(own)} per ${unit}`, ...cells];
  });
  const header = COLUMNS.map(([title]) => title);
  return table([["work", "this package", ...header], ...rows]);
}

/** Whose columns line up. */
export function table([header, ...rows]: string[][]): string {
  const widths = header!.map((_, column) =>
    Math.max(3, ...[header!, ...rows].map((row) => row[column]!.length))
  );
  const line = (row: string[]) =>
    `| ${row.map((text, i) => text.padEnd(widths[i]!)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(header!), line(rule), ...rows.map(line)].join("\n");
}
