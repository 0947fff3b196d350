/** The thread that listens on the socket, as seen by the program. @module */
import { Worker } from "node:worker_threads";
import type { Hello } from "../protocol.ts";
import { BusyNote } from "./_busy_note.ts";
import {
  type LoopMessage,
  type PassedRequest,
  SCRIPT,
  type ThreadMessage,
  type ThreadStart,
} from "./_thread_script.ts";

/** Another thread of the process has taken the path. */
export class PathInUse extends Error {}

/** Answers the requests from the socket. */
export interface RequestHandler {
  /**
   * Answers a request, by calling `answer` once, with the members of the answer
   * as JSON.
   */
  request(
    client: number,
    request: PassedRequest,
    answer: (members: string) => void,
  ): void;
  /** Called when the connection of the client is closed. */
  gone(client: number): void;
  /** Called when the thread has ended by itself. */
  crashed(error: unknown): void;
}

/**
 * The thread that listens: a client gets an answer even while the loop is busy.
 * It does not keep the program alive.
 */
export class SocketThread {
  readonly note: BusyNote = new BusyNote();
  readonly #path: string;
  readonly #beat = new Float64Array(
    new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT),
  );
  readonly #owns = new Uint8Array(new SharedArrayBuffer(1));
  readonly #worker: Worker;
  readonly #handler: RequestHandler;
  #isListening = false;
  #closed = false;
  /** Removes the socket if the program ends before its run. */
  readonly #atExit = () => {
    try {
      this.#removeSocket();
    } catch {
      // A client finds that nothing listens on it, and removes it.
    }
  };

  private constructor(path: string, hello: Hello, handler: RequestHandler) {
    this.#path = path;
    this.#handler = handler;
    this.beat();
    const start: ThreadStart = {
      path,
      hello,
      beat: this.#beat,
      owns: this.#owns,
      note: this.note.shared,
    };
    this.#worker = new Worker(SCRIPT, { eval: true, workerData: start });
    this.#worker.unref();
    globalThis.addEventListener("unload", this.#atExit);
  }

  /** Starts the thread; resolves when it listens on `path`. */
  static async open(
    path: string,
    hello: Hello,
    handler: RequestHandler,
  ): Promise<SocketThread> {
    const thread = new SocketThread(path, hello, handler);
    try {
      await thread.#listening();
      return thread;
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  #listening(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#worker.on("message", (message: ThreadMessage) => {
      if (message.type === "listening") {
        this.#isListening = true;
        resolve();
      } else if (message.type === "failed") {
        const Failure = message.isInUse ? PathInUse : Error;
        reject(new Failure(message.message));
      } else this.#received(message);
    });
    const crashed = (error: unknown) => {
      reject(error);
      if (this.#isListening && !this.#closed) this.#handler.crashed(error);
    };
    this.#worker.on("error", crashed);
    this.#worker.on("exit", (code) => crashed(new Error(`exit code ${code}`)));
    return promise;
  }

  /** Notes that the loop has a turn. */
  beat(): void {
    this.#beat[0] = performance.timeOrigin + performance.now();
  }

  /** Ends the thread and all its connections, and removes the socket. */
  async close(): Promise<void> {
    this.#closed = true;
    globalThis.removeEventListener("unload", this.#atExit);
    await this.#worker.terminate();
    this.#removeSocket();
  }

  #received(
    message: Exclude<ThreadMessage, { type: "listening" | "failed" }>,
  ): void {
    if (this.#closed) return;
    switch (message.type) {
      case "ping":
        return this.#post({ type: "pong", key: message.key });
      case "request": {
        const { key, client, request } = message;
        return this.#handler.request(client, request, (members) => {
          if (!this.#closed) this.#post({ type: "answer", key, members });
        });
      }
      case "gone":
        return this.#handler.gone(message.client);
    }
  }

  #post(message: LoopMessage): void {
    this.#worker.postMessage(message);
  }

  #removeSocket(): void {
    if (this.#owns[0] === 0) return; // it may be that of another thread
    try {
      Deno.removeSync(this.#path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
