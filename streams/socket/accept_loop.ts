/** @module */
import { Outage } from "./outage.ts";
import { shortageOf } from "./shortage.ts";
import type { Listener } from "./listener.ts";

/** So many unknown failures in a row will not pass by themselves. */
const MAX_FAILURES_AT_ONCE = 16;

/** Whether a client had gone before it was accepted. */
function isOfClient(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset;
}

/** Takes the clients. */
export interface Acceptor {
  /** Aborts when no more are taken. */
  readonly signal: AbortSignal;
  /** Waits until there is room for one more; rejects when no more are taken. */
  room(): Promise<void>;
  /** Takes it; false if there is no room, or no more are taken. */
  take(conn: Deno.Conn): boolean;
}

/** The ends of closed listeners whose ports the runtime has not freed yet. */
const ending = new Set<Promise<void>>();

/** Resolves when every listener that was closed is closed for the system too. */
export async function listenersClosed(): Promise<void> {
  await Promise.all(ending);
}

/**
 * Accepts clients until the acceptor is done with it. A client that is gone
 * before it is accepted is no reason to wait. Without descriptors or memory it
 * pauses, as trying at once would only burn time.
 */
export class AcceptLoop {
  readonly #listener: Listener;
  readonly #acceptor: Acceptor;
  readonly #ended: Promise<void>;
  readonly #outage: Outage;
  #failures = 0;

  constructor(listener: Listener, acceptor: Acceptor) {
    this.#listener = listener;
    this.#acceptor = acceptor;
    this.#outage = new Outage(listener.sockname);
    this.#ended = this.#run();
  }

  /** Where it listens. */
  get sockname(): Deno.Addr {
    return this.#listener.sockname;
  }

  /** Resolves when the listener is closed for the system too. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Closes the listener: the runtime frees its port a moment later. */
  close(): void {
    this.#listener.close();
    ending.add(this.#ended);
    void this.#ended.then(() => ending.delete(this.#ended));
  }

  async #run(): Promise<void> {
    const { signal } = this.#acceptor;
    while (!signal.aborted) {
      try {
        await this.#acceptor.room();
        await this.#accept();
        this.#failures = 0;
      } catch (error) {
        if (!signal.aborted) await this.#recover(error);
      }
    }
  }

  async #accept(): Promise<void> {
    const conn = await this.#listener.accept();
    try {
      // Another listener may have taken the place.
      while (!this.#acceptor.take(conn)) await this.#acceptor.room();
    } catch (error) {
      conn.close();
      throw error;
    }
  }

  async #recover(error: unknown): Promise<void> {
    if (isOfClient(error)) return; // one client less is in the queue
    const isShort = shortageOf(error) !== undefined;
    if (!isShort && ++this.#failures < MAX_FAILURES_AT_ONCE) return;
    await this.#outage.pause(error, this.#acceptor.signal);
  }
}
