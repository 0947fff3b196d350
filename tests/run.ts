/**
 * Runs the tests, and prints what failed: all that a failing test has printed,
 * nothing of one that passed. `deno task test` runs all of them, in parts, each
 * in a process of its own, beside one that checks the types of everything;
 * `deno task test tests/sync` runs those in one folder.
 *
 * @module
 */
import { TextLineStream } from "@std/streams";

const ROOT = new URL("../", import.meta.url);

/** The files that take longest: a part each, begun first. */
const LONGEST = [
  "tests/streams/tls/again_test.ts",
  "tests/queue/nats/contract_test.ts",
  "tests/queue/nats/work_test.ts",
  "tests/tasks/monitor/web_test.ts",
  "tests/queue/nats/cluster_test.ts",
  "tests/examples_test.ts",
  "tests/queue/many_waiters_test.ts",
  "tests/docs/printed_test.ts",
  "tests/process/capture_test.ts",
];

/** Folders with slow tests: begun next, in small parts. */
const SLOW = [
  "tests/tasks/monitor",
  "tests/queue/nats",
  "tests/examples",
  "tests/process",
  "tests/sync",
];

/**
 * How many parts run at a time: twice as many as there are processors, as most
 * of them wait, for sockets and programs.
 */
const JOBS = 2 * navigator.hardwareConcurrency;

/** How often a long run says that it goes on, if it does. */
const PROGRESS_INTERVAL_MS = 60_000;

/** The last line of `deno test`. */
const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed(?:.*? \| (\d+) ignored)?/;

/** What one process of `deno test` prints, line by line. */
class Report {
  passed = 0;
  failed = 0;
  ignored = 0;
  /** Whether its summary has come: everything there is to know was printed. */
  ended = false;
  /** What was printed since the last test has ended. */
  #held: string[] = [];
  #showsErrors = false;

  add(line: string): void {
    const summary = SUMMARY.exec(line);
    if (summary !== null) {
      const [passed, failed, ignored = 0] = summary.slice(1).map(Number);
      Object.assign(this, { passed, failed, ignored: ignored || 0 });
      this.ended = true;
      this.#held = [];
    } else if (this.#showsErrors) {
      if (!this.ended) console.log(line);
    } else if (/^\S.* \.\.\. ok \(/.test(line)) {
      this.passed++;
      this.#held = [];
    } else if (/^\S.* \.\.\. \w+ \(|^Uncaught error from/.test(line)) {
      this.#held.push(line);
      this.flush();
    } else if (line === " ERRORS ") {
      this.#showsErrors = true;
    } else {
      this.#held.push(line);
    }
  }

  /** Prints what is held back. */
  flush(): void {
    for (const line of this.#held) if (line !== "") console.log(line);
    this.#held = [];
  }
}

/** A run of deno with these arguments; `report` gets what it prints. */
class Part {
  readonly report = new Report();
  readonly #child: Deno.ChildProcess;
  #ended = false;

  constructor(args: string[]) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args,
      cwd: ROOT,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Resolves with its exit code. */
  async finish(): Promise<number> {
    const notes = new Report(); // what deno itself has to say
    const read = async (
      stream: ReadableStream<Uint8Array<ArrayBuffer>>,
      report: Report,
    ) => {
      const lines = stream.pipeThrough(new TextDecoderStream())
        .pipeThrough(new TextLineStream());
      for await (const line of lines) report.add(line);
    };
    await Promise.all([
      read(this.#child.stdout, this.report),
      read(this.#child.stderr, notes),
    ]);
    const { code } = await this.#child.status;
    this.#ended = true;
    if (code !== 0 && !this.report.ended) {
      notes.flush();
      this.report.flush();
    }
    return code;
  }

  /** Ends it, and prints what it was doing. */
  stop(): void {
    this.report.flush();
    if (!this.#ended) this.#child.kill();
  }
}

/** How many files are in a part: with more, the last one would end alone. */
const PART_SIZE = 12;
const SLOW_PART_SIZE = 4;

/**
 * The parts of everything, those first that take long. A process takes time to
 * start as well: folders with few files share one.
 */
function findParts(): string[][] {
  const rest = testsIn("tests").filter((path) => !LONGEST.includes(path));
  const isSlow = (path: string) => SLOW.includes(folderOf(path));
  return [
    ...LONGEST.map((path) => [path]),
    ...cut(
      SLOW.flatMap((folder) => rest.filter((it) => folderOf(it) === folder)),
      SLOW_PART_SIZE,
    ),
    ...cut(rest.filter((path) => !isSlow(path)), PART_SIZE),
  ];
}

function cut(paths: string[], size: number): string[][] {
  return Array.from(
    { length: Math.ceil(paths.length / size) },
    (_, i) => paths.slice(i * size, (i + 1) * size),
  );
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function entriesOf(folder: string): string[] {
  return [...Deno.readDirSync(new URL(`${folder}/`, ROOT))]
    .map(({ name }) => name).sort();
}

function testsIn(folder: string): string[] {
  return entriesOf(folder).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (!name.includes(".")) return testsIn(path);
    return name.endsWith("_test.ts") ? [path] : [];
  });
}

async function findStd(): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("std_source.ts", import.meta.url).href],
    stderr: "inherit",
  }).output();
  return new TextDecoder().decode(stdout).trim().split(" ").filter(Boolean);
}

async function main(): Promise<number> {
  const started = performance.now();
  const std = await findStd();
  const test = ["test", "-A", ...std];
  const todo = Deno.args.length > 0 ? [[...test, "--doc", ...Deno.args]] : [
    ["check", "--quiet", "--doc", ...std, "."],
    ...findParts().map((paths) => [...test, "--no-check", ...paths]),
  ];
  const parts: Part[] = [];
  const sum = (count: "passed" | "failed" | "ignored") =>
    parts.reduce((total, { report }) => total + report[count], 0);
  const seconds = () => Math.round((performance.now() - started) / 1000);

  let before = 0;
  const progress = setInterval(() => {
    const passed = sum("passed");
    if (passed > before) console.log(`${passed} passed in ${seconds()} s ...`);
    before = passed;
  }, PROGRESS_INTERVAL_MS);
  Deno.addSignalListener("SIGTERM", () => {
    for (const part of parts) part.stop();
    Deno.exit(143);
  });

  let status = 0;
  const work = async () => {
    for (let args = todo.shift(); args !== undefined; args = todo.shift()) {
      const part = new Part(args);
      parts.push(part);
      status = await part.finish() || status;
    }
  };
  await Promise.all(Array.from({ length: JOBS }, work));
  clearInterval(progress);
  const ignored = sum("ignored");
  console.log(
    `${status === 0 ? "ok" : "FAILED"} | ${sum("passed")} passed | ${
      sum("failed")
    } failed${ignored > 0 ? ` | ${ignored} ignored` : ""} (${seconds()}s)`,
  );
  return status;
}

Deno.exit(await main());
