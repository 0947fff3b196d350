/** @module */
import type { AcceptLoop } from "./socket/accept_loop.ts";
import { formatAddress } from "./address.ts";
import type { ServerConnections } from "./socket/server_connections.ts";
import { Forever } from "./server_waits.ts";
import { STUCK_PEER_TIMEOUT_MS } from "./connection/stuck_peer.ts";
import { currentScope } from "../tasks/kernel/context/current_scope.ts";
import { detached } from "../tasks/kernel/context/detached.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { moveOnAfter } from "../tasks/timeout.ts";
import { timeoutIn, type WaitOptions } from "../tasks/kernel/types.ts";
import { composite } from "../tasks/kernel/wait/handed_wait.ts";

/** What a server is made of. */
export interface ServerParts {
  readonly clients: ServerConnections;
  /** They bring the clients: one for each listener. */
  readonly loops: readonly AcceptLoop[];
}

/** Makes a server of loops that accept already. */
export let serve: (parts: ServerParts) => Server;

/**
 * A server: takes clients and runs a task for each. Made by {@linkcode
 * startServer} and {@linkcode startUnixServer}. Mirrors `asyncio.Server`.
 *
 * - It serves from the start, in the `run` it was started in, and is shut down
 *   at that run's end.
 * - An error of a handler ends its own connection alone, and is reported
 *   through the loop's exception handler.
 * - A handler that returns leaves its connection open, for others to use. When
 *   the client ends it, and nothing has used it since and for half a second, it
 *   is closed.
 * - Without file descriptors or memory left it reports so, and tries again every
 *   second.
 * - Clients in their TLS handshake take no room of `maxConnections`. One that
 *   says nothing is dropped after `handshakeTimeout`, or when the server closes;
 *   but the runtime holds its socket until it goes away.
 *
 * @example
 * ```ts
 * import { openConnection, startServer } from "@asyncio/asyncio/streams";
 *
 * const server = await startServer(async (reader, writer) => {
 *   writer.write(await reader.readLine());
 *   writer.close();
 * }, { hostname: "127.0.0.1" });
 *
 * const { port } = server.addresses[0] as Deno.NetAddr;
 * const { reader, writer } = await openConnection({ port });
 * writer.write("echo\n");
 * console.log(await reader.readLine());
 * writer.close();
 *
 * await server.shutdown({ timeout: 1000 });
 * ```
 */
export class Server implements AsyncDisposable {
  readonly #loops: readonly AcceptLoop[];
  readonly #clients: ServerConnections;
  readonly #forever = new Forever("Server.serveForever");
  /** Tells its run that it has ended; left out if the run had ended before. */
  readonly #leaveRun: (() => void) | undefined;
  /** How many listeners are not closed for good. */
  #open: number;

  private constructor({ clients, loops }: ServerParts) {
    this.#clients = clients;
    this.#loops = loops;
    this.#open = loops.length;
    for (const { ended } of loops) {
      void ended.then(() => {
        this.#open--;
        this.#clients.changes.notify();
      });
    }
    this.#leaveRun = currentScope().loop.own(this, "start a server");
  }

  /** Where it listens; empty once it is closed. As `asyncio.Server.sockets`. */
  get addresses(): Deno.Addr[] {
    return this.isServing ? this.#loops.map(({ sockname }) => sockname) : [];
  }

  /** Whether it takes clients. Mirrors `asyncio.Server.is_serving`. */
  get isServing(): boolean {
    return !this.#clients.signal.aborted;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#clients.connections.size;
  }

  /**
   * Serves until it is cancelled; then the server and its clients are closed,
   * and their handlers cancelled; it waits until those have cleaned up. Mirrors
   * `asyncio.Server.serve_forever`.
   *
   * Closed by {@linkcode close} or {@linkcode shutdown}, it leaves the clients
   * to those, and waits until the handlers have ended.
   *
   * It serves without this as well: this is for tasks that do nothing else.
   *
   * **Cancel safety:** the cancel is what it waits for.
   *
   * @throws {CancelledError} The task was cancelled, or the server was closed.
   * @throws {Error} It is called twice, or after {@linkcode close}.
   */
  serveForever(options?: WaitOptions): Promise<never> {
    const end = () => {
      this.close();
      this.closeClients();
      // Cancels the handlers: one may wait for something else than its client.
      return this[Symbol.asyncDispose]();
    };
    return composite(() => this.#forever.wait(this, end, options));
  }

  /**
   * Takes no new clients; those that are connected stay. Mirrors
   * `asyncio.Server.close`.
   *
   * That the file of a Unix socket cannot be removed is no error here: it is
   * reported through the loop's exception handler.
   */
  close(): void {
    if (!this.isServing) return;
    this.#clients.close();
    for (const loop of this.#loops) loop.close();
    this.#forever.close();
    void this.#release();
  }

  /**
   * Waits until the server is closed and all handlers have ended, and the
   * connections that have protocols in place of handlers. Mirrors
   * `asyncio.Server.wait_closed`.
   *
   * **Cancel safety:** giving up changes nothing.
   *
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  waitClosed(options?: WaitOptions): Promise<void> {
    const isClosed = () => this.#open === 0 && !this.#clients.isBusy;
    return composite(() => this.#clients.changes.until(isClosed, options));
  }

  /**
   * Closes all connections: each when everything is sent. Mirrors
   * `asyncio.Server.close_clients`.
   */
  closeClients(): void {
    for (const each of this.#clients.connections) each.close();
  }

  /**
   * Closes all connections at once, and drops what is unsent. Mirrors
   * `asyncio.Server.abort_clients`.
   */
  abortClients(): void {
    for (const each of this.#clients.connections) each.abort();
  }

  /**
   * Takes no new clients, lets the handlers end, and closes the connections
   * that they left open. When `timeout` milliseconds are over it cancels the
   * handlers that are left, waits until they have cleaned up, and closes what
   * is still open: what a client takes at once is sent, the rest is dropped.
   *
   * A clean-up has a second to send its client something.
   *
   * **Cancel safety:** given up, the server is closed to new clients, and its
   * handlers go on.
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
    const done = await moveOnAfter(timeout, async () => {
      await this.waitClosed({ signal });
      this.closeClients();
      await this.#allGone({ signal });
      return true;
    });
    if (done) return;
    for (const task of this.#clients.tasks) {
      task.cancel("the server is shut down");
    }
    for (const each of this.#clients.selfServed) each.close();
    // For what they have to say to their clients.
    await moveOnAfter(STUCK_PEER_TIMEOUT_MS, () => this.waitClosed({ signal }));
    const { connections } = this.#clients;
    await Promise.all(
      Array.from(connections, (one) => one[Symbol.asyncDispose]()),
    );
    await this.waitClosed({ signal });
    this.abortClients();
  }

  /**
   * Shuts it down without waiting for handlers to end on their own:
   * `shutdown({ timeout: 0 })`. No cancel stops that half-way.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return detached(() => this.shutdown({ timeout: 0 }));
  }

  #allGone(options?: WaitOptions): Promise<void> {
    const { connections, tasks } = this.#clients;
    const gone = () =>
      this.#open === 0 && tasks.size === 0 && connections.size === 0;
    return this.#clients.changes.until(gone, options);
  }

  /** Lives in its run until everything of it has ended. */
  async #release(): Promise<void> {
    await detached(() => this.#allGone());
    this.#leaveRun?.();
  }

  static {
    serve = (parts) => new Server(parts);
    printable(Server, (server) => ({
      addresses: server.addresses.map(formatAddress),
      serving: server.isServing,
      connections: server.connections,
      handlers: server.#clients.tasks.size,
    }));
  }
}
