import { assert, assertEquals, assertMatch } from "@std/assert";
import { has } from "../_helpers/installed.ts";
import { Example, killed } from "./_example.ts";
import { Folder } from "../_helpers/folder.ts";

/** So many lines that an import can be stopped halfway. */
const MANY = 30_000;

/** About a third of what the import of so many lines sends. */
const THIRD_BYTES = 1_000_000;

/** Stands before Redis, and passes on so many bytes of its clients; the rest waits. */
class Gate implements AsyncDisposable {
  readonly #listener: Deno.UnixListener;
  readonly #target: string;
  readonly #conns: Deno.Conn[] = [];
  readonly #running: Promise<void>[] = [];
  #left = THIRD_BYTES;

  constructor(path: string, target: string) {
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#target = target;
    this.#running.push(this.#accept());
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const redis = await Deno.connect({
        transport: "unix",
        path: this.#target,
      });
      this.#conns.push(client, redis);
      const replies = redis.readable.pipeTo(client.writable);
      this.#running.push(this.#passRequests(client, redis).catch(() => {}));
      this.#running.push(replies.catch(() => {}));
    }
  }

  async #passRequests(client: Deno.Conn, redis: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(16_384);
    for (let size; (size = await client.read(buffer)) !== null;) {
      this.#left -= size;
      if (this.#left < 0) return;
      for (let sent = 0; sent < size;) {
        sent += await redis.write(buffer.subarray(sent, size));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#conns) {
      try {
        conn.close();
      } catch {
        // It is closed already.
      }
    }
    await Promise.all(this.#running);
  }
}

/** A redis-server of its own, in a folder with a file to import. */
class Redis implements AsyncDisposable {
  readonly folder = new Folder();
  readonly socket: string = this.folder.file("redis.sock");
  /** Where its gate listens, if there is one. */
  readonly gated: string = this.folder.file("gate.sock");
  readonly path: string = this.folder.file("people.csv");
  readonly #child: Deno.ChildProcess;

  private constructor() {
    this.#child = new Deno.Command("redis-server", {
      args: ["--port", "0", "--unixsocket", this.socket, "--save", ""],
      cwd: this.folder.path,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  }

  static async start(lines: string[]): Promise<Redis> {
    const redis = new Redis();
    await redis.folder.write(
      "people.csv",
      lines.map((it) => `${it}\n`).join(""),
    );
    const output = redis.#child.stdout.pipeThrough(new TextDecoderStream());
    const reader = output.getReader();
    let text = "";
    while (!/ready to accept connections/i.test(text)) {
      text += (await reader.read()).value;
    }
    reader.releaseLock();
    await output.cancel();
    return redis;
  }

  /** What redis-cli says to a command. */
  async ask(...words: string[]): Promise<string> {
    const { stdout } = await new Deno.Command("redis-cli", {
      args: ["-s", this.socket, ...words],
    }).output();
    return new TextDecoder().decode(stdout).trim();
  }

  gate(): Gate {
    return new Gate(this.gated, this.socket);
  }

  import(socket: string = this.socket): Example {
    return new Example("import.ts", [this.path, socket]);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await killed(this.#child);
    await this.folder[Symbol.asyncDispose]();
  }
}

function people(count: number): string[] {
  return Array.from(
    { length: count },
    (_, i) => `Zoë ${i},zoe${i}@example.org,Łódź`,
  );
}

function test(name: string, body: () => Promise<void>): void {
  const ignore = !has("redis-server") || !has("redis-cli");
  Deno.test({ name, ignore, fn: body });
}

test("import stores each line under its id, and refuses what is none", async () => {
  const lines = people(1234);
  lines.splice(100, 0, "no address,nowhere,Rome", "");
  await using redis = await Redis.start(lines);
  await using program = redis.import();
  const { code, stdout, stderr } = await program.ended();
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^100 %, 1234 stored$/m);
  assertMatch(stdout, /^1234 stored, 2 refused, 1234 in Redis$/m);
  const email = new TextEncoder().encode("zoe77@example.org");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", email));
  const id = `person:${digest.toHex().slice(0, 16)}`;
  assertEquals(await redis.ask("HGET", id, "name"), "Zoë 77");
  assertEquals(await redis.ask("HGET", id, "city"), "Łódź");
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`import can be stopped by ${signal} and repeated`, async () => {
    await using redis = await Redis.start(people(MANY));
    {
      await using _ = redis.gate();
      await using program = redis.import(redis.gated);
      await program.line(/^[12]\d %/);
      program.kill(signal);
      const { code, orphans } = await program.ended();
      assert(code !== 0);
      assertEquals(orphans, []);
    }
    const stored = Number(await redis.ask("DBSIZE"));
    assert(stored > 0 && stored < MANY, String(stored));
    await using program = redis.import();
    const { code, stdout } = await program.ended();
    assertEquals(code, 0);
    assertMatch(
      stdout,
      new RegExp(`^${MANY} stored, 0 refused, ${MANY} in Redis$`, "m"),
    );
  });
}

test("import fails when Redis is gone", async () => {
  await using redis = await Redis.start(people(MANY));
  await using _ = redis.gate();
  await using program = redis.import(redis.gated);
  await program.line(/^[12]\d %/);
  redis.kill();
  const { code, stderr } = await program.ended();
  assertEquals(code, 1);
  assertMatch(stderr, /^error: Uncaught/m); // a reset, a broken pipe, or an early end
});

test("import of an empty file stores nothing", async () => {
  await using redis = await Redis.start([]);
  await using program = redis.import();
  const { code, stdout } = await program.ended();
  assertEquals([code, stdout], [0, "0 stored, 0 refused, 0 in Redis\n"]);
});
