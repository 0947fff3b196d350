/**
 * Prints in which task callbacks of the runtime run, as JSON: "A" set each of
 * them, "B" made it be called.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { readFile } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { Writable } from "node:stream";
import { createTask, currentTask, run, sleep } from "../../tasks/mod.ts";

/** Sets a callback; what it returns makes it be called. */
type Setup = (callback: () => void) => (() => unknown) | void;

const CALLBACKS: Record<string, Setup> = {
  "timers, `queueMicrotask`": (callback) => {
    setTimeout(() => queueMicrotask(callback), 1);
  },

  "`then` of a promise": (callback) => {
    let resolve!: () => void;
    new Promise<void>((done) => resolve = done).then(callback);
    return resolve;
  },

  "callbacks of `node:fs`, `node:child_process`": (callback) => {
    readFile("/dev/null", () => execFile("true", callback));
  },

  "listeners of an `EventTarget` or `AbortSignal`": (callback) => {
    const controller = new AbortController();
    controller.signal.addEventListener("abort", callback);
    return () => controller.abort();
  },

  "listeners of an `EventEmitter`": (callback) => {
    const emitter = new EventEmitter();
    emitter.once("ready", callback);
    return () => emitter.emit("ready");
  },

  "listeners of `AbortSignal.timeout`": (callback) => {
    AbortSignal.timeout(1).addEventListener("abort", callback);
  },

  "listeners of a signal of the system": (callback) => {
    process.once("SIGUSR2", callback);
    return () => process.kill(process.pid, "SIGUSR2");
  },

  "`MessagePort.onmessage`": (callback) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      callback();
      port1.close();
    };
    return () => port2.postMessage("hello");
  },

  "`BroadcastChannel.onmessage`": (callback) => {
    const receiver = new BroadcastChannel("contexts");
    const sender = new BroadcastChannel("contexts");
    receiver.onmessage = () => {
      callback();
      receiver.close();
      sender.close();
    };
    return () => sender.postMessage("hello");
  },

  "handlers of `node:http`": (callback) => {
    const server: Server = createServer((_request, response) => {
      callback();
      response.end();
      server.close();
    });
    server.listen(0, "127.0.0.1");
    return async () => {
      while (server.address() === null) await sleep(1);
      const { port } = server.address() as AddressInfo;
      await (await fetch(`http://127.0.0.1:${port}`)).text();
    };
  },

  "handlers of `Deno.serve`": (callback) => {
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => {
        callback();
        return new Response();
      },
    );
    return async () => {
      await (await fetch(`http://127.0.0.1:${server.addr.port}`)).text();
      await server.shutdown();
    };
  },

  "the first `write` of a `WritableStream`": (callback) => {
    const stream = new WritableStream({ write: callback });
    return () => void stream.getWriter().write("chunk");
  },

  "`write` after one by A that takes time": (callback) => {
    let writes = 0;
    const stream = new WritableStream({
      async write() {
        if (++writes === 2) callback();
        await sleep(1);
      },
    });
    const writer = stream.getWriter();
    void writer.write("first");
    return () => void writer.write("second");
  },

  "`pull` of a `ReadableStream`": (callback) => {
    let pulls = 0;
    const stream = new ReadableStream({
      pull(controller) {
        if (++pulls === 2) callback();
        controller.enqueue("chunk");
      },
    }, { highWaterMark: 0 });
    return async () => {
      const reader = stream.getReader();
      await reader.read();
      await reader.read();
    };
  },

  "`write` of a stream of `node:stream`": (callback) => {
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        callback();
        done();
      },
    });
    return () => stream.write("chunk");
  },

  "a `FinalizationRegistry`": (callback) => {
    const registry = new FinalizationRegistry(callback);
    (() => registry.register({}, ""))();
    return async () => {
      await sleep(1);
      (globalThis as unknown as { gc(): void }).gc();
      await sleep(1);
      void registry;
    };
  },
};

/** How long the two tasks wait for a callback. */
const PATIENCE = 5000;

async function taskOf(setup: Setup): Promise<string> {
  let seen: string | undefined;
  let trigger: ReturnType<Setup>;
  let isSet = false;
  const end = performance.now() + PATIENCE;
  const over = async () => {
    while (seen === undefined && performance.now() < end) await sleep(1);
  };
  const first = createTask(async () => {
    trigger = setup(() => seen ??= currentTask()?.name ?? "none");
    isSet = true;
    await over();
  }, { name: "A" });
  const second = createTask(async () => {
    do await sleep(1); while (!isSet); // not in the turn of the setup
    await trigger?.();
    await over();
  }, { name: "B" });
  await first;
  await second;
  return seen ?? "never called";
}

await run(async () => {
  const tasks: Record<string, string> = {};
  for (const [name, setup] of Object.entries(CALLBACKS)) {
    const isMissing = name.includes("Deno.serve") && !("Deno" in globalThis);
    if (!isMissing) tasks[name] = await taskOf(setup);
  }
  console.log(JSON.stringify(tasks));
});
