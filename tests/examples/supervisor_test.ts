import { assertEquals, assertNotEquals } from "@std/assert";
import { until } from "../_helpers/until.ts";
import { Example } from "./_example.ts";
import { Folder } from "../_helpers/folder.ts";

interface Program {
  name: string;
  command: string[];
  health?: string;
  interval?: number;
  grace?: number;
}

async function supervise(folder: Folder, programs: Program[]) {
  await folder.write("programs.json", JSON.stringify(programs));
  return new Example("supervisor.ts", ["programs.json"], { cwd: folder.path });
}

/** Ends the supervisor as a system does: nothing must be left. */
async function end(supervisor: Example): Promise<void> {
  supervisor.kill("SIGTERM");
  const { code, stderr, orphans } = await supervisor.ended();
  assertEquals({ code, stderr, orphans }, { code: 0, stderr: "", orphans: [] });
}

/** A program that is healthy at once. */
const NEXT = { name: "next", command: ["sleep", "1000"] };

Deno.test("a program that crashes starts again, after pauses that double", async () => {
  await using folder = new Folder();
  const command = ["sh", "-c", "exit 7"];
  await using supervisor = await supervise(folder, [{ name: "bad", command }]);
  for (const pause of [100, 200, 400]) {
    await supervisor.line(/^bad starts as \d+$/);
    const [line] = await supervisor.line(/^.* ended .*$/);
    assertEquals(line, `bad ended with 7: again in ${pause} ms`);
  }
  await end(supervisor);
});

Deno.test("a program that is missing is tried again", async () => {
  await using folder = new Folder();
  const command = ["./later"];
  await using supervisor = await supervise(folder, [{ name: "it", command }]);
  await supervisor.line(/"\.\/later".*: again in 100 ms$/);
  await folder.write("new", "#!/bin/sh\necho here; exec sleep 1000\n");
  await Deno.chmod(folder.file("new"), 0o755);
  await Deno.rename(folder.file("new"), folder.file("later"));
  await supervisor.line(/^here$/);
  await end(supervisor);
});

Deno.test("a program that hangs is killed, with what it has started, and starts again", async () => {
  await using folder = new Folder();
  const command = [
    "sh",
    "-c",
    "trap '' TERM; touch ok; sleep 1000 & sleep 1000; sleep 1000",
  ];
  await using supervisor = await supervise(folder, [
    { name: "deaf", command, health: "test -e ok", interval: 1500, grace: 50 },
    NEXT,
  ]);
  const [, first] = await supervisor.line(/^deaf starts as (\d+)$/);
  await supervisor.line(/^next starts/);
  await Deno.remove(folder.file("ok"));
  await supervisor.line(/^deaf is not healthy: again in \d+ ms$/);
  const [, second] = await supervisor.line(/^deaf starts as (\d+)$/);
  assertNotEquals(first, second);
  await end(supervisor);
});

Deno.test("a health check that hangs has failed", async () => {
  await using folder = new Folder();
  const health = "if [ -e slow ]; then sleep 1000; fi";
  await using supervisor = await supervise(folder, [
    { name: "it", command: ["sleep", "1000"], health, interval: 300 },
    NEXT,
  ]);
  await supervisor.line(/^next starts/);
  await folder.write("slow", "");
  await supervisor.line(/^it is not healthy/);
  await end(supervisor);
});

Deno.test("a program that leaves a child behind starts again without it", async () => {
  await using folder = new Folder();
  const command = ["sh", "-c", "sleep 1000 & echo child $!; exit 0"];
  await using supervisor = await supervise(folder, [{ name: "fork", command }]);
  const [, child] = await supervisor.line(/^child (\d+)$/);
  await supervisor.line(/^fork ended with 0/);
  await until(() => !isAlive(Number(child)));
  await end(supervisor);
});

Deno.test("programs start in order, each when the one before is healthy, and end in the reverse order", async () => {
  await using folder = new Folder();
  const program = (name: string): Program => ({
    name,
    command: [
      "sh",
      "-c",
      `trap 'echo down ${name}; exit' TERM; sleep 1000 & echo up ${name}; touch ${name}; wait`,
    ],
    // One check that waits: it has to end within the interval.
    health: `until test -e ${name}; do sleep 0.01; done`,
    interval: 20_000,
  });
  await using supervisor = await supervise(
    folder,
    ["a", "b", "c"].map(program),
  );
  for (const name of ["a", "b", "c"]) {
    const [line] = await supervisor.line(/^up .*$/);
    assertEquals(line, `up ${name}`);
  }
  await until(() => folder.names().includes("c"));
  supervisor.kill("SIGTERM");
  const { code, stdout, stderr, orphans } = await supervisor.ended();
  assertEquals(stdout.match(/^down .$/gm), ["down c", "down b", "down a"]);
  assertEquals([code, stderr, orphans], [0, "", []]);
});

function isAlive(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}
