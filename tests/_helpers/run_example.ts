/**
 * Runs a program of examples/ as its user would, in a process of its own.
 *
 * @module
 */
import { fail } from "@std/assert";
import { withoutSlowEnds } from "./slow_ends.ts";

/** A program that takes longer than this hangs. */
const TIME_LIMIT = 180_000;

export const EXAMPLES: URL = new URL("../../examples/", import.meta.url);

/** What a program did. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs `examples/<file>` until it has ended and its output is closed: a process
 * that it started and left behind with this output counts as hanging, too.
 */
export async function runExample(file: string): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", new URL(file, EXAMPLES).href],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  const hangs = new AbortController();
  const limit = setTimeout(() => {
    hangs.abort();
    killGroup(child.pid);
  }, TIME_LIMIT);
  const [{ code }, stdout, stderr] = await Promise.all([
    child.status,
    readText(child.stdout, hangs.signal),
    readText(child.stderr, hangs.signal),
  ]);
  clearTimeout(limit);
  if (hangs.signal.aborted) fail(`${file} hangs after\n${stdout}${stderr}`);
  return { code, stdout, stderr: withoutSlowEnds(stderr) };
}

function killGroup(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch (error) {
    // Gone already: what holds the output open has left the group.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** What the stream gives until it ends, or until the signal aborts. */
async function readText(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): Promise<string> {
  let text = "";
  const sink = new WritableStream<string>({
    write: (chunk) => void (text += chunk),
  });
  try {
    await stream.pipeThrough(new TextDecoderStream()).pipeTo(sink, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return text;
}
