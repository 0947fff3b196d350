/**
 * The program of the thread that listens on the socket: a function that is sent
 * there as text, so it uses nothing outside of it.
 *
 * It keeps all limits: on what clients send, on how many there are, and on how
 * long a client may leave its answers unread. It passes a request to the loop
 * only when the loop has just answered a ping, and the client is still
 * connected. So a request that was given up while the loop was busy is never
 * carried out later.
 *
 * @module
 */
import type { Busy, Hello } from "../protocol.ts";

/** The data that the thread is started with. */
export interface ThreadStart {
  readonly path: string;
  readonly hello: Hello;
  /** When the loop has had its last turn: milliseconds since the epoch. */
  readonly beat: Float64Array;
  /** Whether the socket at `path` is the thread's: 1 or 0. */
  readonly owns: Uint8Array;
  /** In debug mode, which task runs: see `_busy_note.ts`. */
  readonly note: SharedArrayBuffer;
}

/** A request that the thread passes on. */
export interface PassedRequest {
  readonly op: string;
  readonly [member: string]: unknown;
}

/** A message of the thread to the loop. */
export type ThreadMessage =
  | { readonly type: "listening" }
  | {
    readonly type: "failed";
    readonly message: string;
    /** Whether another thread listens there. */
    readonly isInUse: boolean;
  }
  /** Asks whether the loop is free. */
  | { readonly type: "ping"; readonly key: number }
  | {
    readonly type: "request";
    readonly key: number;
    readonly client: number;
    readonly request: PassedRequest;
  }
  /** The connection of the client is closed. */
  | { readonly type: "gone"; readonly client: number };

/** A message of the loop to the thread. */
export type LoopMessage =
  | { readonly type: "pong"; readonly key: number }
  /** The members of the answer, as JSON without the braces. */
  | { readonly type: "answer"; readonly key: number; readonly members: string };

function program(): void {
  const MAX_CLIENTS = 16;
  const MAX_PENDING_REQUESTS = 8;
  const MAX_REQUEST_LENGTH = 1 << 20;
  const MAX_UNSENT_BYTES = 64 << 20;
  /** A client that has sent no request after this long is disconnected. */
  const FIRST_REQUEST_TIMEOUT_MS = 10_000;
  /** A client that reads nothing for this long is disconnected. */
  const WRITE_TIMEOUT_MS = 10_000;
  /** After this time without a beat the loop counts as busy. */
  const BUSY_AFTER_MS = 500;
  /** How often a client gets a notice that the loop is busy. */
  const NOTICE_INTERVAL_MS = 500;
  /**
   * The pause after a failed `accept`: there may be no file descriptors left.
   */
  const ACCEPT_PAUSE_MS = 200;
  /** How often to check whether a client that sends no more still reads. */
  const PROBE_INTERVAL_MS = 100;

  /** A request that has no answer yet. */
  interface Pending {
    readonly client: Client;
    readonly id: number;
    readonly request: PassedRequest;
    readonly notices: ReturnType<typeof setInterval>;
    /** Whether the client knows that the loop is busy: it may have given up. */
    toldBusy: boolean;
  }

  let port: import("node:worker_threads").MessagePort;
  let start: ThreadStart;
  let clientsSeen = 0;
  let requestsSeen = 0;
  const clients = new Set<Client>();
  const pendings = new Map<number, Pending>();
  const encoder = new TextEncoder();

  function post(message: ThreadMessage): void {
    port.postMessage(message);
  }

  /** Returns for how long the loop has been busy, and with what, if it is. */
  function busyNow(): Busy | undefined {
    const time = performance.timeOrigin + performance.now() - start.beat[0]!;
    if (time < BUSY_AFTER_MS) return undefined;
    const where = readNote();
    return where === undefined
      ? { for: Math.round(time) }
      : { for: Math.round(time), where };
  }

  /** Reads the note again if it was written meanwhile. */
  function readNote(): string | undefined {
    const [state, text] = [
      new Int32Array(start.note, 0, 2),
      new Uint8Array(start.note, 8),
    ];
    for (let tries = 0; tries < 10; tries++) {
      const version = Atomics.load(state, 0);
      const copy = text.slice(0, Atomics.load(state, 1));
      if (version % 2 === 1 || Atomics.load(state, 0) !== version) continue;
      return copy.length === 0 ? undefined : new TextDecoder().decode(copy);
    }
    return undefined;
  }

  class Client {
    readonly number = ++clientsSeen;
    readonly #conn: Deno.Conn;
    readonly #decoder = new TextDecoder("utf-8", { fatal: true });
    /** The beginning of a line that is not complete. */
    #text = "";
    #pending = 0;
    #whenIdle: (() => void) | undefined = undefined;
    #unsent = 0;
    #sending = Promise.resolve();
    #closed = false;
    #asked = false;

    constructor(conn: Deno.Conn) {
      this.#conn = conn;
      clients.add(this);
    }

    async serve(): Promise<void> {
      const limit = setTimeout(() => {
        if (!this.#asked) this.#fail("nothing was asked for");
      }, FIRST_REQUEST_TIMEOUT_MS);
      try {
        if (await this.#read()) await this.#finish();
      } catch {
        // The connection has broken off, or was closed here.
      } finally {
        clearTimeout(limit);
        this.close();
      }
    }

    /**
     * Reads requests. Resolves to true at the end, to false if one was wrong.
     */
    async #read(): Promise<boolean> {
      const buffer = new Uint8Array(1 << 16);
      while (!this.#closed) {
        const count = await this.#conn.read(buffer);
        if (count === null) return true;
        try {
          this.#text += this.#decoder.decode(buffer.subarray(0, count), {
            stream: true,
          });
        } catch {
          return await this.#fail("the request is not UTF-8");
        }
        const lines = this.#text.split("\n");
        this.#text = lines.pop()!;
        for (const line of lines) {
          const wrong = this.#take(line);
          if (wrong !== undefined) return await this.#fail(wrong);
        }
        if (this.#text.length > MAX_REQUEST_LENGTH) {
          return await this.#fail("the request is too long");
        }
      }
      return false;
    }

    /** Waits until all requests are answered, as the client sends no more. */
    async #finish(): Promise<void> {
      if (this.#pending > 0) {
        this.probe();
        const probes = setInterval(() => this.probe(), PROBE_INTERVAL_MS);
        const limit = setTimeout(() => this.close(), WRITE_TIMEOUT_MS);
        await new Promise<void>((resolve) => this.#whenIdle = resolve);
        clearTimeout(limit);
        clearInterval(probes);
      }
      await this.#sending;
    }

    /** Closes the connection if the client has closed both sides. */
    probe(): Promise<void> {
      this.#sendText("");
      return this.#sending;
    }

    /** Takes a request. Returns what is wrong with it, if anything is. */
    #take(line: string): string | undefined {
      if (line.length > MAX_REQUEST_LENGTH) return "the request is too long";
      let request;
      try {
        request = JSON.parse(line);
      } catch {
        return "the request is not JSON";
      }
      const isObject = typeof request === "object" && request !== null;
      const { id, op } = isObject ? request : {} as Record<string, unknown>;
      if (!Number.isSafeInteger(id) || typeof op !== "string") {
        return "a request is an object with an id and an op";
      }
      this.#asked = true;
      if (op === "hello") this.#send({ id, value: start.hello });
      else if (this.#pending >= MAX_PENDING_REQUESTS) {
        this.#send({ id, error: "too many requests at a time" });
      } else this.#pass(id, request);
      return undefined;
    }

    #pass(id: number, request: PassedRequest): void {
      const key = ++requestsSeen;
      const notices = setInterval(() => {
        const busy = busyNow();
        if (busy === undefined) return;
        this.#send({ id, busy });
        pending.toldBusy = true;
      }, NOTICE_INTERVAL_MS);
      const pending = { client: this, id, request, notices, toldBusy: false };
      this.#pending++;
      pendings.set(key, pending);
      post({ type: "ping", key });
    }

    /** Sends the answer to a request of this client. */
    answer(id: number, members: string): void {
      this.#sendText(`{"id":${id},${members}}`);
      this.#pending--;
      if (this.#pending === 0) this.#whenIdle?.();
    }

    #send(message: object): void {
      this.#sendText(JSON.stringify(message));
    }

    #sendText(text: string): void {
      if (this.#closed) return;
      const bytes = encoder.encode(`${text}\n`);
      this.#unsent += bytes.length;
      if (this.#unsent > MAX_UNSENT_BYTES) return this.close();
      this.#sending = this.#sending.then(() => this.#write(bytes)).catch(() =>
        this.close()
      );
    }

    async #write(bytes: Uint8Array): Promise<void> {
      for (let sent = 0; sent < bytes.length && !this.#closed;) {
        const limit = setTimeout(() => this.close(), WRITE_TIMEOUT_MS);
        try {
          sent += await this.#conn.write(bytes.subarray(sent));
        } finally {
          clearTimeout(limit);
        }
      }
      this.#unsent -= bytes.length;
    }

    /** Sends an error, and closes the connection. */
    async #fail(error: string): Promise<false> {
      this.#send({ error });
      await this.#sending;
      this.close();
      return false;
    }

    /** Refuses the client, as there are too many. */
    refuse(): void {
      this.#fail("too many programs look already");
    }

    close(): void {
      if (this.#closed) return;
      this.#closed = true;
      clients.delete(this);
      for (const [key, { client, notices }] of pendings) {
        if (client !== this) continue;
        clearInterval(notices);
        pendings.delete(key);
      }
      post({ type: "gone", client: this.number });
      this.#conn.close();
      this.#whenIdle?.();
    }
  }

  function received(message: LoopMessage): void {
    const pending = pendings.get(message.key);
    if (pending === undefined) return; // the client has gone
    const { client, id, request, notices } = pending;
    if (message.type === "pong") {
      const { key } = message;
      const pass = () => {
        if (!pendings.has(key)) return;
        post({ type: "request", key, client: client.number, request });
      };
      // Its end may have come before the pong, and may still be unread.
      if (pending.toldBusy) client.probe().then(pass);
      else pass();
    } else {
      clearInterval(notices);
      pendings.delete(message.key);
      client.answer(id, message.members);
    }
  }

  async function accept(listener: Deno.UnixListener): Promise<never> {
    while (true) {
      try {
        const conn = await listener.accept();
        const client = new Client(conn);
        if (clients.size > MAX_CLIENTS) client.refuse();
        else client.serve();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      }
    }
  }

  async function main(): Promise<void> {
    const { parentPort, workerData } = await import("node:worker_threads");
    port = parentPort!;
    start = workerData;
    port.on("message", received);
    start.owns[0] = 1; // before the socket exists: the program may end at any time
    try {
      const listener = Deno.listen({ transport: "unix", path: start.path });
      Deno.chmodSync(start.path, 0o600); // others cannot open its folder anyway
      post({ type: "listening" });
      await accept(listener);
    } catch (error) {
      const isInUse = error instanceof Deno.errors.AddrInUse;
      if (isInUse) start.owns[0] = 0;
      post({ type: "failed", message: String(error), isInUse });
    }
  }

  main();
}

/** The text of the program. */
export const SCRIPT: string = `(${program})()`;
