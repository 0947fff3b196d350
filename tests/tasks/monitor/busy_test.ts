import { assert, assertEquals, assertMatch } from "@std/assert";
import { Monitors } from "./_monitored.ts";
import { RawClient } from "./_raw_client.ts";

/** A program that is busy until it is told to end. */
const BUSY = (options: string) => `
  function busyWork() {
    const end = Deno.env.get("XDG_RUNTIME_DIR") + "/end";
    for (;;) {
      try {
        Deno.statSync(end);
        return;
      } catch {
        // Nothing else gets its turn.
      }
    }
  }
  t.run(async () => {
    await listening();
    await t.createTask(async () => {
      await t.sleep(200);
      console.log("ready");
      busyWork();
    }, { name: "hog" });
  }, ${options});
`;

async function end(monitors: Monitors): Promise<void> {
  await Deno.writeTextFile(`${monitors.runtimeDir}/end`, "");
}

Deno.test("monitor: while the loop is busy it says so, and since when", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(BUSY("{}"));

  for (const command of ["ps", "tree"]) {
    const { code, out, err } = await monitors.cliOnce([command, pid]);
    assertEquals({ code, out }, { code: 1, out: "" });
    assertMatch(err, /^the loop has been busy for [\d.]+ s$/);
  }
});

Deno.test("monitor: in debug mode it says where the loop is busy", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(BUSY("{ debug: true }"));

  const { err } = await monitors.cliOnce(["ps", pid]);

  assertMatch(
    err,
    /^the loop has been busy for [\d.]+ s: task "hog", after .*:\d+:\d+/,
  );
});

Deno.test("monitor: the list of programs comes while a loop is busy", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(BUSY("{}"));

  const { err } = await monitors.cli(["ps"]);

  assertMatch(err, new RegExp(`^${pid}  file:`, "m"));
});

Deno.test("monitor top: says that the loop is busy, and goes on when it is not", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(
    BUSY("{}").replace("busyWork();", "busyWork(); await t.sleep(60_000);"),
  );
  await using top = await monitors.startCli([
    "top",
    String(pid),
    "--interval",
    "1",
  ]);
  const line = async () => {
    const bytes = await top.stdout!.readLine();
    assert(bytes.length > 0);
    return new TextDecoder().decode(bytes);
  };

  assertMatch(await line(), /^the loop has been busy for/);
  await end(monitors);
  while (!(await line()).includes("steps/s"));
});

Deno.test("monitor cancel: is not carried out while the loop is busy, and never later", async () => {
  await using monitors = await Monitors.create();
  const program = await monitors.start(`
    ${
    BUSY("{}").replace(
      "busyWork();",
      `busyWork();
      await t.sleep(300);
      console.log("not cancelled");`,
    )
  }
  `);

  const { code, err } = await monitors.cliOnce(["cancel", program.pid, "hog"]);
  await end(monitors);

  assertEquals(code, 1);
  assertMatch(err, /busy/);
  assertEquals((await program.ended()).stdout, "ready\nnot cancelled\n");
});

Deno.test("monitor: the delays are those of each second, also of seconds without a turn", async () => {
  await using monitors = await Monitors.create();
  const program = await monitors.start(`
    t.run(async () => {
      await listening();
      console.log("ready");
      await t.sleep(3_600_000);
    });
  `);
  using client = await RawClient.connect(monitors.socketOf(program));
  const ask = async (request: object) => {
    await client.send({ id: 1, ...request });
    return (await client.next()).value;
  };
  const late = async (): Promise<number[]> =>
    (await ask({ op: "watch" })).activity.late;

  const before = await late();
  await ask({
    op: "evaluate",
    code:
      "for (const start = performance.now(); performance.now() - start < 2500;);",
  });
  let added: number[];
  do {
    added = (await late()).slice(before.length);
  } while (Math.max(...added) < 1000); // until the timer rang

  assert(added.length >= 2, `more: ${added}`);
});
