/** A program of examples/ that is watched while it runs. @module */
import { EXAMPLES } from "../_helpers/run_example.ts";
import { withoutSlowEnds } from "../_helpers/slow_ends.ts";

/** A program that takes longer than this hangs. */
const TIME_LIMIT = 180_000;

/** In the environment of a program, and so of all that it starts. */
const MARK = "EXAMPLE_UNDER_TEST";

/** How a program ended, and what it wrote. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
  /** Who of those that it had started lived on. */
  orphans: number[];
}

/** Where and how the program starts. */
export interface StartOptions {
  cwd?: string;
}

/** A running program; disposed, it is killed, and all that it has started. */
export class Example implements AsyncDisposable {
  readonly #file: string;
  readonly #mark = crypto.randomUUID();
  readonly #child: Deno.ChildProcess;
  readonly #stderr: Promise<string>;
  readonly #reading: Promise<void>;
  readonly #limit: ReturnType<typeof setTimeout>;
  #stdout = "";
  /** Up to where `line` has looked. */
  #looked = 0;
  #more = Promise.withResolvers<void>();
  #closed = false;

  constructor(file: string, args: string[] = [], options: StartOptions = {}) {
    this.#file = file;
    const config = new URL("../../deno.json", import.meta.url);
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", "--config", config.pathname],
        ...[new URL(file, EXAMPLES).href, ...args],
      ],
      env: { NO_COLOR: "1", [MARK]: this.#mark },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...options,
    }).spawn();
    this.#stderr = new Response(this.#child.stderr).text();
    this.#reading = this.#read();
    this.#limit = setTimeout(() => this.#killAll(), TIME_LIMIT);
  }

  /** The next line that fits the pattern; those before it are passed over. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    while (true) {
      const end = this.#stdout.indexOf("\n", this.#looked);
      if (end >= 0) {
        const found = pattern.exec(this.#stdout.slice(this.#looked, end));
        this.#looked = end + 1;
        if (found !== null) return found;
      } else if (!this.#closed) {
        await this.#more.promise;
      } else {
        const output = `${this.#stdout}${await this.#stderr}`;
        throw new Error(`${this.#file} wrote no ${pattern}:\n${output}`);
      }
    }
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits until it has ended, and its output is closed. */
  async ended(): Promise<Ended> {
    const { code } = await this.#child.status;
    const orphans = this.#living();
    await this.#reading;
    clearTimeout(this.#limit);
    const stderr = withoutSlowEnds(await this.#stderr);
    return { code, stdout: this.#stdout, stderr, orphans };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#killAll();
    await this.ended();
  }

  async #read(): Promise<void> {
    const text = this.#child.stdout.pipeThrough(new TextDecoderStream());
    for await (const chunk of text) {
      this.#stdout += chunk;
      this.#wake();
    }
    this.#closed = true;
    this.#wake();
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }

  /** Itself, and all that it has started, wherever that has gone. */
  #living(): number[] {
    return [...Deno.readDirSync("/proc")]
      .map((entry) => Number(entry.name))
      .filter((pid) => pid > 0 && this.#isMarked(pid));
  }

  /** A process that has ended has no environment any more. */
  #isMarked(pid: number): boolean {
    try {
      const environment = Deno.readTextFileSync(`/proc/${pid}/environ`);
      return environment.includes(`${MARK}=${this.#mark}`);
    } catch {
      return false;
    }
  }

  #killAll(): void {
    for (const pid of this.#living()) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }
}

/** Ends a program, unless it has ended, and waits for that. */
export async function killed(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It was killed already.
  }
  await child.status;
}
