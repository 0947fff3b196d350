/** @module */
import type { Exchanges } from "./exchanges.ts";
import type { HttpListener } from "./http_listener.ts";
import { keepBackLegacyWarning } from "./legacy_abort.ts";
import { formatAddress } from "../address.ts";
import { Forever } from "../server_waits.ts";
import { STUCK_PEER_TIMEOUT_MS } from "../connection/stuck_peer.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { timeoutIn, type WaitOptions } from "../../tasks/kernel/types.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import { moveOnAfter } from "../../tasks/timeout.ts";

/** Makes a server of listeners that are open. */
export let serveHttp: (
  listeners: readonly HttpListener[],
  exchanges: Exchanges,
) => HttpServer;

/**
 * An HTTP server: answers requests, each in a task. Made by {@linkcode serve}.
 * It has what a {@linkcode Server} has, if HTTP has it.
 *
 * - It serves from the start, in the `run` it was started in, and is shut down
 *   at that run's end.
 * - If the runtime gives it up, as it does without file descriptors, that is
 *   reported, and it is started again, once a second, until it can.
 *
 * @example
 * ```ts
 * import { serve } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await serve(() => new Response("hello"), {
 *   hostname: "127.0.0.1",
 * });
 * const { port } = server.addresses[0] as Deno.NetAddr;
 * const response = await fetch(`http://127.0.0.1:${port}/`);
 * assertEquals(await response.text(), "hello");
 *
 * await server.shutdown({ timeout: 1000 });
 * ```
 */
export class HttpServer implements AsyncDisposable {
  readonly #listeners: readonly HttpListener[];
  readonly #exchanges: Exchanges;
  readonly #forever = new Forever("HttpServer.serveForever");
  /** Tells its run that it has ended; left out if the run had ended before. */
  readonly #leaveRun: (() => void) | undefined;
  readonly #letWarningPass: () => void = keepBackLegacyWarning();
  #isServing = true;
  /** How many listeners are not closed, or still send. */
  #open: number;

  private constructor(
    listeners: readonly HttpListener[],
    exchanges: Exchanges,
  ) {
    this.#listeners = listeners;
    this.#exchanges = exchanges;
    this.#open = listeners.length;
    for (const { closed } of listeners) void closed.then(() => this.#ended());
    this.#leaveRun = currentScope().loop.own(this, "start a server");
  }

  /** Where it listens; empty once it is closed. */
  get addresses(): Deno.Addr[] {
    return this.#isServing
      ? this.#listeners.map(({ sockname }) => sockname)
      : [];
  }

  /** Whether it takes requests. */
  get isServing(): boolean {
    return this.#isServing;
  }

  /**
   * Serves until it is cancelled; then the server is closed, and the tasks of
   * its requests are cancelled; it waits until those have cleaned up.
   *
   * Closed by {@linkcode close} or {@linkcode shutdown}, it waits until the
   * requests have been answered.
   *
   * It serves without this as well: this is for tasks that do nothing else.
   *
   * **Cancel safety:** the cancel is what it waits for.
   *
   * @throws {CancelledError} The task was cancelled, or the server was closed.
   * @throws {Error} It is called twice, or after {@linkcode close}.
   */
  serveForever(options?: WaitOptions): Promise<never> {
    const end = () => this[Symbol.asyncDispose]();
    return composite(() => this.#forever.wait(this, end, options));
  }

  /**
   * Takes no new requests: idle connections are closed, and WebSockets are told
   * to go (1001). Requests that are being answered go on.
   */
  close(): void {
    if (!this.#isServing) return;
    this.#isServing = false;
    for (const listener of this.#listeners) listener.close();
    this.#forever.close();
    void this.#release();
  }

  /**
   * Waits until the server is closed, and every request is answered and sent.
   *
   * **Cancel safety:** giving up changes nothing.
   *
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  waitClosed(options?: WaitOptions): Promise<void> {
    return composite(() => this.#allGone(options));
  }

  /**
   * Takes no new requests, and lets those that came be answered and sent. When
   * `timeout` milliseconds are over it cancels the tasks that are left, and
   * waits until they have cleaned up: a client without an answer gets what its
   * task still answers, or a 503, a second later at the latest; a body is cut
   * off.
   *
   * An upload that is still coming in is broken off by the runtime: its client
   * gets a 503, unless the handler answers otherwise. And the runtime cannot
   * close the connection of a client that does not take what
   * it is sent, or does not end what it sends: such a connection is left to the
   * client a second later, and keeps nothing alive.
   *
   * **Cancel safety:** given up, the server is closed to new requests, and the
   * others go on.
   *
   * @throws {TypeError} The timeout is no number.
   * @throws {RangeError} The timeout is `NaN`.
   */
  shutdown(
    options?: WaitOptions & { timeout?: number | undefined },
  ): Promise<void> {
    return composite(() => this.#shutdown(options));
  }

  async #shutdown(
    options: WaitOptions & { timeout?: number | undefined } | undefined,
  ): Promise<void> {
    const timeout = timeoutIn(options, "shut down") ?? Infinity;
    const signal = options?.signal;
    this.close();
    const allGone = async () => {
      await this.#allGone({ signal });
      return true;
    };
    if (await moveOnAfter(timeout, allGone)) return;
    this.#exchanges.cancelAll("the server is shut down");
    // For what the handlers have to say to their clients.
    await moveOnAfter(
      STUCK_PEER_TIMEOUT_MS,
      () => this.#tasksEnded({ signal }),
    );
    this.#exchanges.refuseAll();
    await this.#tasksEnded({ signal });
    if (await moveOnAfter(STUCK_PEER_TIMEOUT_MS, allGone)) return;
    // Only clients are left that take nothing, or never end what they send.
    // The runtime closes them when they go.
    for (const listener of this.#listeners) listener.unref();
    this.#open = 0;
    this.#exchanges.changes.notify();
  }

  /**
   * Shuts it down without waiting for answers: `shutdown({ timeout: 0 })`. No
   * cancel stops that half-way.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return detached(() => this.shutdown({ timeout: 0 }));
  }

  #tasksEnded(options: WaitOptions): Promise<void> {
    return this.#exchanges.changes.until(
      () => this.#exchanges.size === 0,
      options,
    );
  }

  #allGone(options?: WaitOptions): Promise<void> {
    const gone = () => this.#open <= 0 && this.#exchanges.size === 0;
    return this.#exchanges.changes.until(gone, options);
  }

  #ended(): void {
    this.#open--;
    this.close(); // it may have failed
    this.#exchanges.changes.notify();
  }

  /** Lives in its run until everything of it has ended. */
  async #release(): Promise<void> {
    await detached(() => this.#allGone());
    this.#leaveRun?.();
    this.#letWarningPass();
  }

  static {
    serveHttp = (listeners, exchanges) => new HttpServer(listeners, exchanges);
    printable(HttpServer, (server) => ({
      addresses: server.addresses.map(formatAddress),
      serving: server.isServing,
      requests: server.#exchanges.size,
    }));
  }
}
