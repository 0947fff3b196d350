/**
 * The first call of a function that loads what it needs. Each is in a program of
 * its own: there is one first call.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { runSubprocess } from "@asyncio/asyncio/process";
import { runProgram } from "../_helpers/program.ts";

const ROOT = new URL("../../", import.meta.url);

/** What a program prints whose main task is `body`, after these imports. */
async function printedBy(
  body: string,
  options = "",
  flags: string[] = [],
): Promise<string> {
  const { stdout, stderr } = await runProgram(
    `
    import * as asyncio from "./mod.ts";
    import { VirtualClock } from "./testing/mod.ts";
    await asyncio.run(async () => {
      ${body}
    }, { ${options} });
  `,
    flags,
  );
  assertEquals(stderr, "");
  return stdout;
}

/** The same, with `code` in place of the module that looks up hosts. */
async function printedWith(
  code: string,
  body: string,
  options?: string,
): Promise<string> {
  const map = await Deno.makeTempFile({ suffix: ".json" });
  const module = new URL("streams/names/host_lookup.ts", ROOT);
  const imports = { [module.href]: `data:text/javascript,${encodeURI(code)}` };
  await Deno.writeTextFile(map, JSON.stringify({ imports }));
  try {
    return await printedBy(body, options, [`--import-map=${map}`]);
  } finally {
    await Deno.remove(map);
  }
}

Deno.test("virtual time stands still while the first call loads", async () => {
  const printed = await printedWith(
    `
    await new Promise((resolve) => setTimeout(resolve, 20));
    export const lookUpHost = () => Promise.resolve("loaded");
  `,
    `
    const loop = asyncio.getRunningLoop();
    asyncio.createTask(() => asyncio.sleep(60_000));
    const before = loop.time();
    console.log(await asyncio.getaddrinfo("a.test"), loop.time() - before);
  `,
    "clock: new VirtualClock()",
  );
  assertEquals(printed, "loaded 0\n");
});

Deno.test("later calls have as many turns as they had if nothing were loaded", async () => {
  const printed = await printedWith(
    `export const lookUpHost = () => Promise.resolve("loaded");`,
    `
    await asyncio.getaddrinfo("a.test");
    let turns = 0;
    const looking = asyncio.getaddrinfo("a.test").then(() => turns);
    await Promise.resolve();
    turns++;
    console.log(await looking);
  `,
  );
  assertEquals(printed, "0\n");
});

Deno.test("a first call rejects if what it needs cannot be loaded", async () => {
  const printed = await printedWith(
    `throw new Error("not there")`,
    `
    for (let i = 0; i < 2; i++) {
      await asyncio.getaddrinfo("a.test").catch((error) => {
        console.log(error.message);
      });
    }
  `,
  );
  assertEquals(printed, "not there\nnot there\n");
});

Deno.test("a first call that is cancelled while it loads ends at once, and leaves nothing", async () => {
  const printed = await printedBy(`
    const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = free.addr;
    free.close();
    const start = () => asyncio.startServer(() => {}, { hostname, port });
    const task = asyncio.createTask(async () => {
      const starting = start();
      task.cancel();
      await starting;
    });
    await asyncio.wait([task]);
    await using server = await start();
    console.log(task.cancelled, server.isServing);
  `);
  assertEquals(printed, "true true\n");
});

Deno.test("a first call whose signal aborts while it loads rejects with the reason", async () => {
  const printed = await printedBy(`
    const controller = new AbortController();
    const { signal } = controller;
    const opening = asyncio.openDatagram({ hostname: "127.0.0.1", signal });
    controller.abort("no more");
    await opening.catch((error) => console.log(error));
  `);
  assertEquals(printed, "no more\n");
});

Deno.test("a first call that is handed over while it loads is given up in time", async () => {
  const printed = await printedBy(
    `
    try {
      await asyncio.waitFor(asyncio.getaddrinfo("localhost"), 0);
    } catch (error) {
      console.log(error.name);
    }
    console.log((await asyncio.getaddrinfo("127.0.0.1"))[0].hostname);
  `,
  );
  assertEquals(printed, "TimeoutError\n127.0.0.1\n");
});

Deno.test("first calls at the same time load once, and go on in their order", async () => {
  const printed = await printedBy(`
    const order = [];
    await asyncio.gather([1, 2, 3].map((host) => async () => {
      await asyncio.getaddrinfo("127.0.0." + host);
      order.push(host);
    }));
    console.log(...order);
  `);
  assertEquals(printed, "1 2 3\n");
});

Deno.test("a first call rejects arguments that are invalid", async () => {
  const printed = await printedBy(`
    const opened = await Promise.allSettled([
      asyncio.openConnection(null),
      asyncio.startServer(() => {}, 5),
      asyncio.openDatagram({ signal: 5 }),
      asyncio.getaddrinfo("", 80),
      asyncio.serve(),
    ]);
    console.log(...opened.map(({ reason }) => reason.name));
  `);
  assertEquals(
    printed,
    "TypeError TypeError TypeError TypeError TypeError\n",
  );
});

Deno.test("a first call that loads when its run ends is cancelled", async () => {
  const { stdout, stderr } = await runProgram(`
    import * as asyncio from "./mod.ts";
    const left = [];
    const options = { hostname: "127.0.0.1" };
    const main = async () => {
      const server = asyncio.startServer(() => {}, options);
      const endpoint = asyncio.openDatagram(options);
      const child = asyncio.createSubprocessExec("true");
      asyncio.runSubprocess(["true"]); // no unhandled rejection
      left.push(server, endpoint, child);
    };
    await asyncio.run(main);
    for (const { reason } of await Promise.allSettled(left)) {
      console.log(asyncio.isCancelled(reason), reason.message);
    }
  `);
  assertEquals(stderr, "");
  assertEquals(stdout, "true the run has ended\n".repeat(3));
});

Deno.test("a first call needs no permission to read the package", async () => {
  const printed = await printedBy(
    `
    const [{ hostname }] = await asyncio.getaddrinfo("127.0.0.1");
    console.log(hostname);
  `,
    "",
    ["--allow-env=ASYNCIO_MONITOR"],
  );
  assertEquals(printed, "127.0.0.1\n");
});

Deno.test("a first call that is given up in a test is no leak", async () => {
  const file = await Deno.makeTempFile({ suffix: "_test.ts" });
  await Deno.writeTextFile(
    file,
    `
    import { createTask, getaddrinfo, run, wait } from "${ROOT}mod.ts";
    Deno.test("given up", () => run(async () => {
      const task = createTask(async () => {
        const looking = getaddrinfo("127.0.0.1");
        task.cancel();
        await looking;
      });
      await wait([task]);
    }));
  `,
  );
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-lock", "--no-check", "--trace-leaks", file],
    env: { NO_COLOR: "1" },
  }).output();
  await Deno.remove(file);
  const decoder = new TextDecoder();
  if (!success) console.log(decoder.decode(stdout), decoder.decode(stderr));
  assertEquals(success, true);
});

Deno.test("a first call without descriptors left rejects, and the next one loads", async () => {
  const code = `
    import { getaddrinfo, pipeline } from "${ROOT}mod.ts";
    const files = [];
    try {
      while (true) files.push(Deno.openSync("/dev/null"));
    } catch { /* none is left */ }
    const calls = [() => getaddrinfo("127.0.0.1"), () => pipeline([["true"]])];
    const errors = [];
    for (const call of calls) await call().catch((error) => errors.push(error));
    for (const file of files) file.close();
    for (const { message, code } of errors) console.log(code, message);
    for (const call of calls) await call();
    console.log("loaded");`;
  const { stdout } = await runSubprocess(
    ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"]
      .concat([Deno.execPath(), "run", "-A", "--quiet", "-"]) as [string],
    { input: code, captureOutput: true, env: { NO_COLOR: "1" } },
  );
  const reason = "Too many open files (os error 24)";
  assertEquals(stdout!.trim().split("\n"), [
    `EMFILE Cannot load a part of this package: ${reason}`,
    `EMFILE Cannot start a pipeline: ${reason}`,
    "loaded",
  ]);
});

Deno.test("a handshake without descriptors for its code rejects, and the next one loads it", async () => {
  const code = `
    import { openConnection } from "${ROOT}mod.ts";
    await openConnection({ port: -1 }).catch(() => {}); // loads all but TLS
    const { addr } = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const options = { port: addr.port, tls: { peerCertificate: true } };
    const connect = (handshakeTimeout) =>
      openConnection({ ...options, handshakeTimeout }).catch((error) => error);
    const files = [];
    try {
      while (true) files.push(Deno.openSync("/dev/null"));
    } catch { /* none is left */ }
    files.pop().close(); // for the connection
    console.log((await connect(10_000)).message);
    for (const file of files) file.close();
    console.log((await connect(1)).name);
    Deno.exit();`;
  const { stdout } = await runSubprocess(
    ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"]
      .concat([Deno.execPath(), "run", "-A", "--quiet", "-"]) as [string],
    { input: code, captureOutput: true, env: { NO_COLOR: "1" } },
  );
  assertMatch(stdout!, /Too many open files.*\nTimeoutError\n$/);
});
