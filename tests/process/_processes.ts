/** The process table, as the tests see it. @module */
import { fail } from "@std/assert";
import { run, sleep } from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";

/** How long a condition may take to come true, however slow the machine. */
const PATIENCE = 20_000;

/** Lets the loop turn until `condition` holds. */
export async function until(
  condition: () => boolean,
  what: string,
): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!condition()) {
    if (performance.now() > end) fail(`it never came true that ${what}`);
    await sleep(0);
  }
}

/** Longer than any time limit of a test. */
const OVER_MS = 3_600_000;

/**
 * Runs `body` on a clock that stands still until one of its programs does the
 * command `ready`. Then all time limits are over at once: no limit is over before,
 * however slow the machine.
 */
export async function limitedWhenReady<T>(
  body: (ready: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  const clock = new VirtualClock({ autoJump: false });
  const running = run(() => body(`echo > ${folder}/ready`), { clock });
  running.catch(() => {}); // it may fail before the program is ready
  try {
    const isReady = () => [...Deno.readDirSync(folder)].length > 0;
    await until(isReady, "the program is ready");
    await clock.advance(OVER_MS);
    return await running;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface Entry {
  pid: number;
  state: string;
  parent: number;
  group: number;
}

function entry(pid: string): Entry | undefined {
  let stat: string;
  try {
    stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  } catch {
    return undefined;
  }
  const [state, parent, group] = stat.slice(stat.lastIndexOf(")") + 2)
    .split(" ");
  return {
    pid: Number(pid),
    state: state!,
    parent: Number(parent),
    group: Number(group),
  };
}

function table(): Entry[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) =>
    /^\d+$/.test(name) ? entry(name) ?? [] : []
  );
}

/**
 * The state of a process in a letter, as `ps` shows it: S sleeps, T is stopped,
 * Z is a zombie; `undefined` where there is none.
 */
export function stateOf(pid: number): string | undefined {
  return entry(String(pid))?.state;
}

/** Whether a process is there, and has not ended. */
export function isAlive(pid: number): boolean {
  const state = stateOf(pid);
  return state !== undefined && state !== "Z" && state !== "X";
}

/**
 * Who in a group has not ended. Those who have and are orphans, process 1 reaps
 * when it likes.
 */
export function livingIn(group: number): number[] {
  return table()
    .filter((it) => it.group === group && it.state !== "Z" && it.state !== "X")
    .map((it) => it.pid);
}

/** The children of this program that have ended and were not reaped. */
export function zombies(): number[] {
  return table()
    .filter((it) => it.parent === Deno.pid && it.state === "Z")
    .map((it) => it.pid);
}

/** How many files, pipes and sockets this program has open. */
export function openFiles(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** How often this program has the file at `path` open. */
export function timesOpen(path: string): number {
  const { dev, ino } = Deno.statSync(path);
  return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
    try {
      const file = Deno.statSync(`/proc/self/fd/${name}`);
      return file.dev === dev && file.ino === ino;
    } catch {
      return false; // the descriptor of the listing itself
    }
  }).length;
}

export function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
