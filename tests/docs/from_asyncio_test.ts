import { assert, assertEquals } from "@std/assert";
import { has } from "../_helpers/installed.ts";
import { blocksOf, codeIn, namesIn, readPage, rowsOf } from "./_markdown.ts";
import { publicNames } from "./_public_names.ts";

const page = readPage("FROM_ASYNCIO.md");
const [everyName = "", beside = ""] = page.split("## From the modules around");
const rows = rowsOf(everyName, "asyncio");
const mapped = rows.flatMap(([theirs]) => namesIn(theirs!));
const exported = await publicNames();

/** The names of asyncio 3.15, one a line. */
const expected = Deno.readTextFileSync(
  new URL("./asyncio_names.txt", import.meta.url),
).trim().split("\n");

Deno.test("FROM_ASYNCIO.md has every public name of asyncio exactly once", () => {
  assertEquals(expected.length, 327);
  assertEquals(mapped.toSorted(), expected.toSorted());
});

Deno.test("FROM_ASYNCIO.md names nothing as being here that is not exported", () => {
  const tables = [
    ...rows,
    ...rowsOf(beside, "Python"),
    ...rowsOf(beside, "here").map(([ours]) => ["", ours!]),
  ];
  const claimed = tables.map(([_, ours]) => ours!)
    .filter((ours) => ours !== "–").flatMap(namesIn);
  assert(claimed.length > 200);
  assertEquals(claimed.filter((name) => !exported.has(name)), []);
});

/** What there is no such thing for in JavaScript, or in this package's model. */
const NOWHERE = [
  // An engine has no coroutine objects, and does not tell what it has suspended.
  "Task.get_coro",
  "iscoroutine",
  "iscoroutinefunction",
  "FrameCallGraphEntry",
  "loop.shutdown_asyncgens",
  '"destroyed but it is pending"',
  // The current loop and task go with the code, across every `await`.
  "set_event_loop",
  "_set_running_loop",
  "_register_task",
  "_unregister_task",
  "_enter_task",
  "_leave_task",
  "future_add_to_awaited_by",
  "future_discard_from_awaited_by",
  // Threads share nothing.
  "The context of handlers and threads",
  // The runtime has no raw descriptors and sockets.
  "loop.add_reader",
  "loop.remove_reader",
  "loop.add_writer",
  "loop.remove_writer",
  "loop.sock_recv",
  "loop.sock_recv_into",
  "loop.sock_recvfrom",
  "loop.sock_recvfrom_into",
  "loop.sock_sendall",
  "loop.sock_sendto",
  "loop.sock_connect",
  "loop.sock_accept",
  "loop.sock_sendfile",
  "SendfileNotAvailableError",
  // Deprecated or removed in asyncio, or no public name there.
  "get_event_loop_policy",
  "set_event_loop_policy",
  "AbstractEventLoopPolicy",
  "DefaultEventLoopPolicy",
  "WindowsSelectorEventLoopPolicy",
  "WindowsProactorEventLoopPolicy",
  "Child watchers",
  "Coroutines of generators",
  "loop= arguments",
  "Classes of unix_events and windows_events",
];

Deno.test("FROM_ASYNCIO.md has a dash only for what there cannot be here", () => {
  const dashes = rows.filter(([_, ours]) => ours === "–")
    .flatMap(([theirs]) => namesIn(theirs!));
  assertEquals(dashes.toSorted(), NOWHERE.toSorted());
});

Deno.test("FROM_ASYNCIO.md says why, wherever it has no name", () => {
  const silent = rows.filter(([_, ours, note]) => ours === "–" && note === "");
  assertEquals(silent, []);
});

Deno.test("every member of a class that FROM_ASYNCIO.md speaks of is there", () => {
  const members = codeIn(page.slice(page.indexOf("## Every name")))
    .filter((code) => exported.has(/^(\w+)\.\w+$/.exec(code)?.[1] ?? ""));
  const theirs = new Set(rows.flatMap(([names]) => namesIn(names!)));
  assertEquals(
    members.filter((name) => !exported.has(name) && !theirs.has(name)),
    [],
  );
});

Deno.test("README.md maps the names of asyncio as FROM_ASYNCIO.md does", () => {
  const full = new Map(
    rows.flatMap(([theirs, ours]) =>
      namesIn(theirs!).map((name) => [name, ours!] as const)
    ),
  );
  const short = rowsOf(readPage("README.md"), "asyncio")
    .flatMap(([theirs, ours]) => zip(namesIn(theirs!), namesIn(ours!)));
  assert(short.length >= 40);
  for (const [theirs, ours] of short) {
    assert(full.has(theirs), `asyncio has no ${theirs}`);
    assert(namesIn(full.get(theirs)!).includes(ours), `${theirs}: ${ours}`);
  }
});

Deno.test({
  name: "FROM_ASYNCIO.md has every name that an installed asyncio exports",
  ignore: !has("python3"),
  fn: async () => {
    const names = JSON.parse(
      await output("python3", [
        "-c",
        "import asyncio, json; print(json.dumps(asyncio.__all__))",
      ]),
    ) as string[];
    const watcher = /child_?watcher$/i; // one row for all of them
    assert(names.length > 80);
    assertEquals(
      names.filter((name) => !watcher.test(name) && !mapped.includes(name)),
      [],
    );
  },
});

Deno.test({
  name: "the program in Python and the one beside it print the same",
  ignore: !has("python3"),
  fn: async () => {
    const [python] = blocksOf(page, "python");
    const [typescript] = blocksOf(page, "ts");
    const theirs = await output("python3", ["-c", python!]);
    assertEquals(theirs, "slow gave up\nfast a\n");
    const ours = await output(Deno.execPath(), ["run", "-A", "-"], typescript);
    assertEquals(ours, theirs);
  },
});

function zip<A, B>(a: A[], b: B[]): [A, B][] {
  assertEquals(a.length, b.length);
  return a.map((one, i) => [one, b[i]!]);
}

/** What a program prints, given `input`. */
async function output(
  program: string,
  args: string[],
  input = "",
): Promise<string> {
  const child = new Deno.Command(program, {
    args,
    cwd: new URL("../../", import.meta.url),
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout } = await child.output();
  assertEquals(code, 0);
  return new TextDecoder().decode(stdout);
}
