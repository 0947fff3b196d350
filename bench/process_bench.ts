/**
 * What starting a program and reading its output costs, beside the least that
 * the runtime takes for it, and beside the same in CPython's asyncio and, where
 * npm can be reached, with execa.
 *
 * A program's start is the system's work, and takes around a millisecond:
 * compare what stands in one group. A process group of its own costs the start
 * of one more program (`setsid`); the runtime's own way costs more the more
 * memory is in use.
 *
 * ```sh
 * deno bench -A $(deno run -A tests/std_source.ts) bench/process_bench.ts
 * ```
 *
 * @module
 */
import {
  createSubprocessExec,
  pipeline,
  runSubprocess,
} from "@asyncio/asyncio/process";
import { gather } from "@asyncio/asyncio/tasks";

const PIPED = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
const MANY = 200;
const LARGE = ["-c", "100000000", "/dev/zero"];

interface Execa {
  execa(program: string, args?: string[], options?: object): Promise<unknown>;
}

/** A peer to measure against; not there without npm. */
async function importExeca(): Promise<Execa | undefined> {
  try {
    return await import(`npm:execa@10.2.1`);
  } catch {
    return undefined;
  }
}

const peer = await importExeca();

/** The same in a CPython that runs already. */
class Python {
  static readonly code = `
import asyncio, sys
async def once():
    process = await asyncio.create_subprocess_exec(
        "true", stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    await process.communicate()
async def main():
    for line in sys.stdin:
        await asyncio.gather(*[once() for _ in range(int(line))])
        print("done", flush=True)
asyncio.run(main())
`;
  #child: Deno.ChildProcess | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  /** Runs `count` programs at once. */
  async run(count: number): Promise<void> {
    if (this.#child === undefined) {
      this.#child = new Deno.Command("python3", {
        args: ["-c", Python.code],
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      this.#writer = this.#child.stdin.getWriter();
      this.#reader = this.#child.stdout.getReader();
    }
    this.#child.ref();
    await this.#writer!.write(new TextEncoder().encode(`${count}\n`));
    await this.#reader!.read();
    this.#child.unref(); // it ends with this program
  }
}

const python = new Python();

async function communicate(
  program: string,
  args: string[],
  group: boolean,
): Promise<void> {
  const options = { ...PIPED, group };
  const process = await createSubprocessExec(program, args, options);
  await process.communicate();
}

function output(program: string, args: string[] = []): Promise<unknown> {
  return new Deno.Command(program, { ...PIPED, args }).output();
}

function times(count: number, one: () => Promise<unknown>): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, one));
}

// --- One program, start to end -----------------------------------------------

const one = { group: "one program" };

Deno.bench("Deno.Command().output()", { ...one, baseline: true }, async () => {
  await output("true");
});

Deno.bench("createSubprocessExec + communicate", one, async () => {
  await communicate("true", [], false);
});

Deno.bench("runSubprocess", one, async () => {
  await runSubprocess(["true"], { captureOutput: true, group: false });
});

Deno.bench("CPython's asyncio", one, async () => {
  await python.run(1);
});

if (peer !== undefined) {
  Deno.bench("execa", one, async () => {
    await peer.execa("true", [], { stdin: "ignore" });
  });
}

// --- One program that leads a group ------------------------------------------

const group = { group: "one program with a group of its own" };

Deno.bench("Deno.Command, detached", { ...group, baseline: true }, async () => {
  await new Deno.Command("true", { ...PIPED, detached: true }).spawn().output();
});

Deno.bench("createSubprocessExec + communicate, group", group, async () => {
  await communicate("true", [], true);
});

// --- Many at once ------------------------------------------------------------

const many = { group: `${MANY} programs at once` };

Deno.bench(
  "Deno.Command().output(), all",
  { ...many, baseline: true },
  async () => {
    await times(MANY, () => output("true"));
  },
);

Deno.bench("createSubprocessExec + communicate, all", many, async () => {
  await gather(
    Array.from({ length: MANY }, () => () => communicate("true", [], false)),
  );
});

Deno.bench("CPython's asyncio, all", many, async () => {
  await python.run(MANY);
});

if (peer !== undefined) {
  Deno.bench("execa, all", many, async () => {
    await times(MANY, () => peer.execa("true", [], { stdin: "ignore" }));
  });
}

// --- A hundred megabytes -----------------------------------------------------

const large = { group: "100 MB of output" };

Deno.bench(
  "Deno.Command().output(), 100 MB",
  { ...large, baseline: true },
  async () => {
    await output("head", LARGE);
  },
);

Deno.bench("communicate, 100 MB", large, async () => {
  await communicate("head", LARGE, false);
});

Deno.bench("read from stdout, 100 MB", large, async () => {
  const options = { ...PIPED, group: false };
  await using process = await createSubprocessExec("head", LARGE, options);
  while ((await process.stdout!.read(65536)).length > 0);
});

Deno.bench("through a pipeline of two, 100 MB", large, async () => {
  await pipeline([["head", "-c", "100000000", "/dev/zero"], ["wc", "-c"]], {
    captureOutput: true,
    group: false,
  });
});
