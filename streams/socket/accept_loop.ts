/** @module */
import { show } from "../address.ts";
import { reportable, shortageOf } from "./shortage.ts";
import type { Listener } from "./tcp_listener.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { sleep } from "../../tasks/sleep.ts";

/** How long to wait for descriptors or memory. */
const SHORTAGE_PAUSE_MS = 1000;
/** A failure is reported again if it has gone well for so long. */
const REPORT_AGAIN_AFTER_MS = 60_000;
/** So many failures in a row are not the clients'. */
const MAX_FAILURES_AT_ONCE = 16;

/** Takes the clients. */
export interface Acceptor {
  /** Aborts when no more are taken. */
  readonly signal: AbortSignal;
  /** Waits until there is room for one more; rejects when no more are taken. */
  room(): Promise<void>;
  /** Takes it; false if there is no room, or no more are taken. */
  take(conn: Deno.Conn): boolean;
}

/** The loops of listeners that were closed, until these let go of their ports. */
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
  #failures = 0;
  #lastReport = -Infinity;

  constructor(listener: Listener, acceptor: Acceptor) {
    this.#listener = listener;
    this.#acceptor = acceptor;
    this.#ended = this.#run();
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
    const shortage = shortageOf(error);
    if (shortage === undefined && ++this.#failures < MAX_FAILURES_AT_ONCE) {
      return;
    }
    this.#report(shortage ?? "Cannot accept clients", error);
    const { signal } = this.#acceptor;
    await sleep(SHORTAGE_PAUSE_MS, { signal }).catch(() => {});
  }

  #report(reason: string, error: unknown): void {
    const { scheduler } = currentScope();
    const now = scheduler.clock.now();
    const isNews = now - this.#lastReport > REPORT_AGAIN_AFTER_MS;
    this.#lastReport = now;
    if (!isNews) return;
    scheduler.report({
      message: `${reason}: the server on ${
        show(this.#listener.sockname)
      } goes on in a second, and then every second until it can`,
      error: reportable(error),
    });
  }
}
