const ROOT = new URL("../../", import.meta.url);

/** How a program ended, and what it wrote. */
export interface Ended {
  code: number;
  signal: Deno.Signal | null;
  stdout: string;
  stderr: string;
}

/** A program under test: TypeScript, run by a deno of its own. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #stderr: Promise<string>;
  #unread = "";
  #stdout = "";

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#stderr = new Response(child.stderr).text();
  }

  /** @param flags In place of `-A`, if they grant permissions of their own. */
  static async start(
    code: string,
    flags: string[] = [],
    env: Record<string, string> = {},
  ): Promise<Program> {
    const all = flags.some((flag) => flag.startsWith("--allow-")) ? [] : ["-A"];
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-lock", ...all, ...flags, "-"],
      cwd: ROOT,
      env: { NO_COLOR: "1", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(code));
    await writer.close();
    return new Program(child);
  }

  /** Waits until it has written `line`. */
  async wrote(line: string): Promise<void> {
    while (!this.#unread.includes(`${line}\n`)) {
      const { done, value } = await this.#lines.read();
      if (done) {
        const { stderr } = await this.ended();
        throw new Error(
          `it ended before it wrote ${line}:\n${this.#stdout}\n${stderr}`,
        );
      }
      this.#stdout += value;
      this.#unread += value;
    }
    const end = this.#unread.indexOf(`${line}\n`) + line.length + 1;
    this.#unread = this.#unread.slice(end);
  }

  get pid(): number {
    return this.#child.pid;
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Kills it, if it has not ended, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.ended();
  }

  /** Waits until it has ended. */
  async ended(): Promise<Ended> {
    while (true) {
      const { done, value } = await this.#lines.read();
      if (done) break;
      this.#stdout += value;
    }
    const { code, signal } = await this.#child.status;
    return {
      code,
      signal,
      stdout: this.#stdout,
      stderr: await this.#stderr,
    };
  }
}

/** Runs a program to its end. */
export async function runProgram(
  code: string,
  flags?: string[],
  env?: Record<string, string>,
): Promise<Ended> {
  return await (await Program.start(code, flags, env)).ended();
}
