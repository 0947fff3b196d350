/** The connection to a monitored program. @module */
import { cancellable } from "../../cancellable.ts";
import { waitFor } from "../../wait_for.ts";
import {
  type Answer,
  type Busy,
  type Hello,
  type Operation,
  PROTOCOL,
} from "../protocol.ts";
import { findSockets, type MonitorSocket } from "../socket_folder.ts";

/** A program that does not send its hello for this long may have been stopped. */
const HELLO_TIMEOUT_MS = 5000;

/** An error whose message is printed alone. */
export class MonitorError extends Error {
  override name = "MonitorError";
}

/** The program has ended, or has closed the connection. */
export class ProgramEnded extends MonitorError {
  override name = "ProgramEnded";
}

/** The loop of the program is busy. */
export class LoopBusy extends MonitorError {
  override name = "LoopBusy";
  readonly busy: Busy;

  constructor(busy: Busy) {
    super(describeBusy(busy));
    this.busy = busy;
  }
}

/** Returns for how long a loop has been busy, and with what, in words. */
export function describeBusy({ for: time, where }: Busy): string {
  const seconds = (time / 1000).toFixed(1);
  return `the loop has been busy for ${seconds} s${
    where === undefined ? "" : `: ${where}`
  }`;
}

/** A request that has no answer yet. */
interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  onBusy(busy: Busy): void;
}

/** A connection to a program. */
export class Connection implements AsyncDisposable {
  /** The program. */
  hello!: Hello;
  readonly #conn: Deno.Conn;
  readonly #pending = new Map<number, Pending>();
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  #requests = 0;
  /** Why the connection has ended. */
  #end: Error | undefined = undefined;

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
    this.ended = this.#read();
  }

  /**
   * Connects to the program with this process id.
   *
   * @throws {MonitorError} There is no such program, it does not answer, or it
   * has another version.
   */
  static async open(name: string): Promise<Connection> {
    const [socket] = await cancellable(findSockets(name));
    if (socket === undefined) throw await noSuchProgram(name);
    return await Connection.#connect(socket);
  }

  static async #connect({ name, path }: MonitorSocket): Promise<Connection> {
    const conn = await Deno.connect({ transport: "unix", path });
    const connection = new Connection(conn);
    try {
      const asked = connection.request<Hello>({ op: "hello" });
      connection.hello = await waitFor(asked, HELLO_TIMEOUT_MS);
      const { protocol } = connection.hello;
      if (protocol === PROTOCOL) return connection;
      throw new MonitorError(
        `the program ${name} speaks version ${protocol} of the monitor, this one ${PROTOCOL}`,
      );
    } catch (error) {
      await connection[Symbol.asyncDispose]();
      if ((error as Error).name !== "TimeoutError") throw error;
      throw new MonitorError(
        `the program ${name} does not answer: it may have been stopped`,
      );
    }
  }

  /** Resolves to a line for each program that can be looked into. */
  static async list(): Promise<string[]> {
    const lines: string[] = [];
    for (const socket of await cancellable(findSockets())) {
      try {
        await using connection = await Connection.#connect(socket);
        lines.push(`${socket.name}  ${connection.hello.program}`);
      } catch (error) {
        if (!(error instanceof MonitorError)) throw error;
        lines.push(`${socket.name}  (${error.message})`);
      }
    }
    return lines;
  }

  /**
   * Asks for something, and resolves to the answer. A cancel of the task ends
   * the wait, and nothing else.
   *
   * @param onBusy Called again and again while the loop is busy. Unless given,
   * the request is given up then.
   * @throws {LoopBusy} The loop is busy.
   * @throws {ProgramEnded} The program ends.
   * @throws {MonitorError} The program refuses it.
   */
  request<T>(
    operation: Operation,
    onBusy: (busy: Busy) => void = (busy) => {
      throw new LoopBusy(busy);
    },
  ): Promise<T> {
    return cancellable(() => this.#ask(operation, onBusy) as Promise<T>);
  }

  #ask(operation: Operation, onBusy: (busy: Busy) => void): Promise<unknown> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const id = ++this.#requests;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject, onBusy });
    const line = JSON.stringify({ id, ...operation });
    this.#send(`${line}\n`).catch(() => {
      // Reading fails, too, with a better error.
    });
    return promise;
  }

  async #send(line: string): Promise<void> {
    const bytes = new TextEncoder().encode(line);
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#conn.write(bytes.subarray(sent));
    }
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(1 << 16);
    let parts: string[] = [];
    try {
      while (true) {
        const count = await this.#conn.read(buffer);
        if (count === null) throw new ProgramEnded("the program has ended");
        const options = { stream: true };
        const text = decoder.decode(buffer.subarray(0, count), options);
        const [first, ...rest] = text.split("\n");
        parts.push(first!);
        for (const next of rest) {
          const line = parts.join("");
          if (line !== "") this.#received(JSON.parse(line));
          parts = [next];
        }
      }
    } catch (error) {
      this.#close(
        error instanceof MonitorError
          ? error
          : new ProgramEnded("the connection has broken off", { cause: error }),
      );
    }
  }

  #received(answer: Answer): void {
    if (answer.id === undefined) {
      throw new MonitorError("error" in answer ? answer.error : "bad answer");
    }
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    if ("busy" in answer) {
      try {
        return pending.onBusy(answer.busy);
      } catch (error) {
        pending.reject(error);
      }
    } else if ("error" in answer) {
      pending.reject(new MonitorError(answer.error));
    } else pending.resolve(answer.value);
    this.#pending.delete(answer.id);
  }

  #close(why: Error): void {
    if (this.#end !== undefined) return;
    this.#end = why;
    for (const { reject } of this.#pending.values()) reject(why);
    this.#pending.clear();
    this.#conn.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close(new MonitorError("the connection is closed"));
    await this.ended;
  }
}

async function noSuchProgram(name: string): Promise<MonitorError> {
  const others = await Connection.list();
  const hint = others.length === 0
    ? "none can be looked into: start it with ASYNCIO_MONITOR=1, or with run(main, { monitor: true })"
    : `those that can be looked into:\n${others.join("\n")}`;
  return new MonitorError(`there is no program ${name}; ${hint}`);
}
