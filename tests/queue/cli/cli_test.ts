import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ignore, NatsServer } from "../nats/_nats_server.ts";
import { cli, filled } from "./_program.ts";

function test(
  what: string,
  fn: (server: NatsServer) => Promise<void>,
): void {
  Deno.test({
    name: `queue/cli: ${what}`,
    ignore,
    async fn() {
      await using server = await NatsServer.start();
      await fn(server);
    },
  });
}

test("ls shows the queues, and the jobs of one", async (server) => {
  await using _jobs = await filled(server);
  const queues = await cli(server, "ls");
  assertEquals(
    queues.out.split("\n").map((line) => line.split(/ +/)),
    [
      ["name", "waiting", "delayed", "leased", "dead", "paused"],
      ["mails", "3", "1", "1", "1", "false"],
    ],
  );
  const { out } = await cli(server, "ls", "mails");
  const lines = out.split("\n").slice(1).map((line) =>
    line.split(/ +/).slice(0, 2)
  );
  assertEquals(lines, [
    ["waiting", "bob"],
    ["waiting", "cyd"],
    ["waiting", "dan"],
    ["delayed", "report"],
    ["leased", "eve"],
    ["dead", "ada"],
  ]);
  const dead = await cli(server, "--json", "ls", "mails", "dead");
  const [{ id, reason }] = JSON.parse(dead.out);
  assertEquals([id, reason], ["ada", "Error: no such address"]);
});

test("counts and show tell what there is", async (server) => {
  await using _jobs = await filled(server);
  assertEquals(
    JSON.parse((await cli(server, "counts", "mails", "--json")).out),
    { waiting: 3, delayed: 1, leased: 1, dead: 1, paused: false },
  );
  const { out } = await cli(server, "show", "mails", "eve");
  assertStringIncludes(out, '{"to":"eve@example.com"}');
  assertStringIncludes(out, "progress  0.4");
  const { code, err } = await cli(server, "show", "mails", "unknown");
  assertEquals(code, 1);
  assertEquals(err, "there is no such job: unknown");
});

test("retry, remove and cancel take jobs where they belong", async (server) => {
  await using jobs = await filled(server);
  assertEquals((await cli(server, "retry", "mails", "ada")).out, "put back: 1");
  assertEquals((await cli(server, "retry", "mails", "ada")).code, 1);
  assertEquals((await cli(server, "remove", "mails", "bob", "report")).code, 0);
  assertEquals((await cli(server, "remove", "mails", "eve")).code, 1); // it runs
  assertEquals((await cli(server, "cancel", "mails", "eve")).code, 0);
  assertEquals(
    (await cli(server, "cancel", "mails", "unknown")).err,
    "there is no such job, or it is dead: unknown",
  );
  assertEquals(
    await jobs.counts(),
    { waiting: 3, delayed: 0, leased: 0, dead: 0 },
  );
  for (let i = 0; i < 3; i++) await (await jobs.get()).fail("no");
  assertEquals((await cli(server, "retry", "mails", "--all")).code, 0);
  assertEquals((await jobs.counts()).waiting, 3);
  await (await jobs.get()).fail("no");
  assertEquals((await cli(server, "remove", "mails", "--dead")).code, 0);
  assertEquals((await jobs.counts()).dead, 0);
});

test("retry tells which dead letters it has not put back", async (server) => {
  await using jobs = await filled(server);
  const { code, out, err } = await cli(server, "retry", "mails", "x", "ada");
  assertEquals(
    [code, out, err],
    [1, "put back: 1", "there is no such dead letter: x"],
  );
  const once = { id: "once", unique: "untilDone" } as const;
  await jobs.put({ to: "first" }, { ...once, priority: 0 });
  const first = await jobs.get();
  await first.fail("no");
  await jobs.put({ to: "second" }, once);
  const again = await cli(server, "retry", "mails", "--all", "--json");
  assertEquals(again.code, 1);
  assertEquals(JSON.parse(again.out), { done: [], failed: ["once"] });
  assertEquals(again.err, "a job with this id is in the queue: once");
});

test("with --json, what a command has done is JSON, too", async (server) => {
  await using _jobs = await filled(server);
  const outcomes: unknown[] = [];
  for (
    const args of [
      ["pause", "mails"],
      ["resume", "mails"],
      ["remove", "mails", "bob", "x"],
      ["cancel", "mails", "eve"],
      ["retry", "mails", "ada"],
      ["remove", "mails", "--dead"],
    ]
  ) outcomes.push(JSON.parse((await cli(server, "--json", ...args)).out));
  assertEquals(outcomes, [
    { paused: true },
    { paused: false },
    { done: ["bob"], failed: ["x"] },
    { done: ["eve"], failed: [] },
    { done: ["ada"], failed: [] },
    { done: [], failed: [] },
  ]);
});

test("pause and resume hold the queue", async (server) => {
  await using _jobs = await filled(server);
  assertEquals((await cli(server, "pause", "mails")).out, "paused");
  assertStringIncludes((await cli(server, "counts", "mails")).out, "paused");
  assertEquals((await cli(server, "resume", "mails")).out, "resumed");
  assert(!(await cli(server, "counts", "mails")).out.includes("paused"));
});

test("a command line that makes no sense shows how it is used", async (server) => {
  for (
    const args of [
      ["destroy", "mails"],
      ["toString", "mails"],
      ["counts"],
      ["--speed", "1"],
      ["ls", "mails", "--limit", "x"],
      ["pause", "mails", "ada"],
      ["ls", "mails", "dead", "ada"],
      ["show", "mails", "ada", "bob"],
      ["retry", "mails", "--all", "ada"],
      ["remove", "mails", "--dead", "ada"],
    ]
  ) {
    const { code, err } = await cli(server, ...args);
    assertEquals(code, 2);
    assertStringIncludes(err, "usage: cli");
  }
  assertEquals((await cli(server, "--help")).code, 0);
});

test("a queue that is not there is an error, and is not made", async (server) => {
  const { code, err } = await cli(server, "counts", "mails");
  assertEquals([code, err], [1, "there is no queue mails"]);
  for (const name of ["a.b", "a b", "*"]) {
    const { code, err } = await cli(server, "counts", name);
    assertEquals(code, 1);
    assertStringIncludes(err, "its name is made of letters");
  }
  assertEquals((await cli(server, "ls")).out, "no queues");
});

test("what is in a queue cannot command the terminal", async (server) => {
  await using jobs = await filled(server);
  await jobs.put("\u001b[2J\u202e\u009b", { id: "\u001b]0;x\u0007" });
  const { out } = await cli(server, "ls", "mails");
  // deno-lint-ignore no-control-regex -- they are what is looked for
  assert(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.test(out));
  assertStringIncludes(out, "\\u001b");
});
