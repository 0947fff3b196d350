/** Programs that can be looked into, and the program that does. @module */
import {
  createSubprocessExec,
  PIPE,
  type Process,
} from "@asyncio/asyncio/process";
import { Program } from "../../_helpers/program.ts";

const MONITOR = new URL("../../../tasks/monitor.ts", import.meta.url).pathname;

/** How often a program may be too busy to answer. */
const MAX_TRIES = 10;

/** What came of a run of the program. */
export interface Outcome {
  code: number;
  out: string;
  err: string;
}

/** How to start what looks into a program. */
export interface CliOptions {
  /** What is typed. */
  readonly input?: string;
  readonly env?: Record<string, string>;
}

/** Programs whose sockets are in a folder of their own. */
export class Monitors implements AsyncDisposable {
  /** `XDG_RUNTIME_DIR`. */
  readonly runtimeDir: string;
  readonly #programs: Program[] = [];

  private constructor(runtimeDir: string) {
    this.runtimeDir = runtimeDir;
  }

  static async create(): Promise<Monitors> {
    return new Monitors(await Deno.makeTempDir({ prefix: "monitor-" }));
  }

  /** The folder of the sockets. */
  get folder(): string {
    return `${this.runtimeDir}/asyncio`;
  }

  /** Where the socket of a program is. */
  socketOf({ pid }: { pid: number }): string {
    return `${this.folder}/${pid}.sock`;
  }

  /**
   * Starts a program with all names of tasks, sync and queue, and waits until it
   * has printed `"ready"`, if it does.
   */
  async start(
    code: string,
    { flags = [], env = {} }: {
      flags?: string[];
      env?: Record<string, string>;
    } = {},
  ): Promise<Program> {
    const program = await Program.start(IMPORTS + code, flags, {
      XDG_RUNTIME_DIR: this.runtimeDir,
      ASYNCIO_MONITOR: "1",
      ...env,
    });
    this.#programs.push(program);
    if (code.includes('"ready"')) await program.wrote("ready");
    return program;
  }

  /** Starts what looks into programs. */
  async startCli(args: string[], options: CliOptions = {}): Promise<Process> {
    const process = await createSubprocessExec(Deno.execPath(), [
      "run",
      "-A",
      "--quiet",
      MONITOR,
      ...args,
    ], {
      stdin: PIPE,
      stdout: PIPE,
      stderr: PIPE,
      env: {
        XDG_RUNTIME_DIR: this.runtimeDir,
        ASYNCIO_MONITOR: "",
        ...options.env,
      },
    });
    if (options.input !== undefined) {
      process.stdin!.write(new TextEncoder().encode(options.input));
      process.stdin!.close();
    }
    return process;
  }

  /**
   * Looks into a program, or lists those that can be looked into; again, if the
   * program was busy, as it may be on a slow machine.
   */
  async cli(args: (string | number)[], options?: CliOptions): Promise<Outcome> {
    for (let tries = 1;; tries++) {
      const outcome = await this.cliOnce(args, options);
      const wasBusy = outcome.err.startsWith("the loop has been busy");
      if (!wasBusy || tries === MAX_TRIES) return outcome;
    }
  }

  /** The same, whether the program is busy or not. */
  async cliOnce(
    args: (string | number)[],
    options?: CliOptions,
  ): Promise<Outcome> {
    await using process = await this.startCli(args.map(String), {
      input: "",
      ...options,
    });
    const { stdout, stderr } = await process.communicate();
    const text = new TextDecoder();
    return {
      code: await process.wait(),
      out: text.decode(stdout!).trimEnd(),
      err: text.decode(stderr!).trimEnd(),
    };
  }

  /** The same as JSON. */
  // deno-lint-ignore no-explicit-any -- JSON of many shapes
  async json(...args: (string | number)[]): Promise<any> {
    const { out, err } = await this.cli(["--json", ...args]);
    if (err !== "") throw new Error(err);
    return JSON.parse(out);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) {
      await program[Symbol.asyncDispose]();
    }
    await Deno.remove(this.runtimeDir, { recursive: true });
  }
}

/** A program that all tests of a file look into: none of them changes it. */
export interface SharedProgram {
  readonly monitors: Monitors;
  readonly program: Program;
}

/** Starts a program before the tests of this file, and ends it after them. */
export function programForTests(code: string): () => SharedProgram {
  let shared: SharedProgram;
  Deno.test.beforeAll(async () => {
    const monitors = await Monitors.create();
    shared = { monitors, program: await monitors.start(code) };
  });
  Deno.test.afterAll(() => shared.monitors[Symbol.asyncDispose]());
  return () => shared;
}

const IMPORTS = `
  import * as t from "@asyncio/asyncio/tasks";
  import * as sync from "@asyncio/asyncio/sync";
  import * as queue from "@asyncio/asyncio/queue";

  /** Resolves when the monitor listens. */
  async function listening() {
    const path = Deno.env.get("XDG_RUNTIME_DIR") + "/asyncio/" + Deno.pid + ".sock";
    for (;;) {
      try {
        return (await Deno.connect({ transport: "unix", path })).close();
      } catch {
        await t.sleep(10);
      }
    }
  }

  /** Runs for a time, without letting anything else. */
  function keepBusy(ms) {
    const end = performance.now() + ms;
    while (performance.now() < end);
  }
`;
