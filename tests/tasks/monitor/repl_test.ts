import { assert, assertEquals, assertMatch } from "@std/assert";
import { Monitors, programForTests } from "./_monitored.ts";

const PROGRAM = `
  globalThis.orders = new Map([["ada", 3]]);
  t.run(async () => {
    await listening();
    t.createTask(() => t.sleep(60_000), { name: "sleeper" });
    console.log("ready");
    await t.sleep(60_000);
  });
`;

const shared = programForTests(PROGRAM);

async function typed(
  input: string,
  args: string[] = [],
): Promise<{ code: number; out: string; err: string }> {
  const { monitors, program } = shared();
  return await monitors.cli(["repl", program.pid, ...args], { input });
}

/** What is typed, and what is printed. */
const TYPED: Record<string, [string, string]> = {
  "an expression": ["1 + 1\n", "2"],
  "what is global in the program": ['orders.get("ada")\n', "3"],
  "await": [
    "await asyncio.sleep(1), await Promise.resolve(7)\n",
    "7",
  ],
  "an object, and not a block": ["{ a: 1 }\n", "{ a: 1 }"],
  "variables that are kept": [
    "const a = 2\nlet b = 3\na * b\nb = 5\na * b\n",
    "6\n5\n10",
  ],
  "a variable without a value": ["let a\na = 1\na\n", "1\n1"],
  "a destructuring": ["const { a, b: [c] } = { a: 1, b: [2] }\na + c\n", "3"],
  "functions and classes that are kept": [
    "function f(n) { return n + 1 }\nclass A { x = f(1) }\nasync function g() { return 4 }\nnew A().x + await g()\n",
    "6",
  ],
  "statements on several lines": [
    "let sum = 0\nfor (const n of [1, 2, 3]) {\n  sum += n\n}\nsum\n",
    "6",
  ],
  "nothing for undefined": ["undefined\n", ""],
  "tasks": [
    "tasks.map((task) => task.name)\n",
    '[ "Task-1", "sleeper", "monitor repl" ]',
  ],
  "the names of tasks": ["asyncio.currentTask().name\n", '"monitor repl"'],
  "a long text": [`"x".repeat(20_000).length\n`, "20000"],
};

for (const [name, [input, output]] of Object.entries(TYPED)) {
  Deno.test(`monitor repl: ${name}`, async () => {
    assertEquals(await typed(input), { code: 0, out: output, err: "" });
  });
}

Deno.test("monitor repl: cancel takes a task, a number or a name", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(PROGRAM);
  const { out } = await monitors.cli(["repl", pid], {
    input: 'cancel("sleeper")\nawait asyncio.sleep(0)\ntasks.length\n',
  });
  assertEquals(out, '{ id: 2, name: "sleeper" }\n2');
});

Deno.test("monitor repl: what throws is told, what follows still runs, and the exit code is 1", async () => {
  const { code, out, err } = await typed(
    'throw new TypeError("no")\nnope\n1 +* 1\n2\n',
  );

  assertEquals({ code, out }, { code: 1, out: "2" });
  const [first, second, third] = err.split("\n");
  assertEquals([first, second], [
    "TypeError: no",
    "ReferenceError: nope is not defined",
  ]);
  assertMatch(third!, /^SyntaxError/);
});

Deno.test("monitor repl: code that is not complete at the end is an error", async () => {
  assertEquals(await typed("if (true) {\n"), {
    code: 1,
    out: "",
    err: "the code is not complete",
  });
});

Deno.test("monitor repl --json: a value or an error on each line", async () => {
  const { out } = await typed("1\nthrow 2\n", ["--json"]);
  assertEquals(out, '{"value":"1"}\n{"thrown":"2"}');
});

Deno.test("monitor repl: the variables of one client are not those of another", async () => {
  await typed("const mine = 1\n");

  const { err } = await typed("mine\n");

  assertEquals(err, "ReferenceError: mine is not defined");
});

Deno.test("monitor repl: code that waits is cancelled when the program ends", async () => {
  await using monitors = await Monitors.create();
  const program = await monitors.start(`
    await t.run(async () => {
      await listening();
      console.log("ready");
      for (;;) {
        await t.sleep(5);
        if (globalThis.enough) break;
      }
    });
  `);

  const { code, err } = await monitors.cli(["repl", program.pid], {
    input:
      "try { globalThis.enough = true; await asyncio.sleep(60_000) } finally { console.log('cleaned up') }\n",
  });

  assertEquals((await program.ended()).stdout, "ready\ncleaned up\n");
  assertEquals(code, 1);
  assert(/CancelledError|ended/.test(err), err);
});

Deno.test("monitor repl: on a terminal Ctrl-C cancels the code, and not the program", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(PROGRAM);
  const command =
    `${Deno.execPath()} run -A --quiet tasks/monitor.ts repl ${pid}`;
  const child = new Deno.Command("script", {
    args: ["-qec", command, "/dev/null"],
    cwd: new URL("../../../", import.meta.url),
    env: { XDG_RUNTIME_DIR: monitors.runtimeDir, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const type = (text: string) => writer.write(new TextEncoder().encode(text));
  let shown = "";
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const until = async (text: string) => {
    while (!shown.includes(text)) {
      const { done, value } = await reader.read();
      assert(!done, shown);
      shown += value;
    }
    shown = shown.slice(shown.indexOf(text) + text.length);
  };

  await until(">>> ");
  await type("await asyncio.sleep(3_600_000)\r");
  const running = async () =>
    (await monitors.json("ps", pid)).some((it: { name: string }) =>
      it.name === "monitor repl"
    );
  while (!await running());
  await type("\x03");
  await until("CancelledError");
  await until(">>> ");
  await type("6 * 7\r");
  await until("42");
  await type("\x04");
  while (!(await reader.read()).done);
  await writer.close().catch(() => {});
  assertEquals((await child.status).code, 0);
});
