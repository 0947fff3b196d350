/** @module */
import { formatAddress } from "../address.ts";
import type { SocketParts } from "./socket.ts";
import { shakeHands, TlsHandshake } from "./tls.ts";
import type { Acceptor } from "./accept_loop.ts";
import { reportable } from "./shortage.ts";
import { Changes } from "../server_waits.ts";
import { Callback } from "../../tasks/kernel/context/callback.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { BoundCallback } from "../../tasks/kernel/loop/bound_calls.ts";
import {
  type Completion,
  completionOf,
  type Listener,
} from "../../tasks/kernel/wait/completion.ts";
import { createTask } from "../../tasks/create_task.ts";
import type { Task } from "../../tasks/task.ts";

/** The connection of a client: with streams, or with a protocol. */
export interface ServedConnection extends AsyncDisposable {
  onClosed: ((connection: object) => void) | undefined;
  /** Closes it when everything is sent. */
  close(): void;
  /** Closes it at once. */
  abort(): void;
  /** Its handler has returned, and leaves it to others. */
  leaveUnattended?(): void;
}

/** What a server makes of a client. */
export interface ServedClient {
  readonly connection: ServedConnection;
  /**
   * Serves it, in a task; left out if the connection serves itself until it is
   * closed.
   */
  readonly handler?: () => unknown;
}

/** How clients are served. */
export interface ClientOptions {
  /** With this many connections, no more clients are accepted. */
  readonly maxConnections: number;
  /** In milliseconds. */
  readonly handshakeTimeout: number;
  readonly serveClient: (parts: SocketParts) => ServedClient;
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
  /** Shown in place of the socket's own address. */
  readonly sockname: Deno.Addr | undefined;
}

/** The clients of a server: a connection and a task each. */
export class ServerConnections implements Acceptor {
  readonly #options: ClientOptions;
  readonly #closing = new AbortController();
  readonly connections = new Set<ServedConnection>();
  /** The handlers that have not ended. */
  readonly tasks = new Set<Task<unknown>>();
  /** The connections that have no handler. */
  readonly selfServed = new Set<ServedConnection>();
  /** The clients that wait for room after their handshake. */
  #encrypted = 0;
  #taken = 0;
  readonly changes: Changes = new Changes(() =>
    `Server: ${this.tasks.size} handlers, ${this.connections.size} connections`
  );

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Aborts when no more clients are taken. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** Takes no more clients. */
  close(): void {
    this.#closing.abort();
  }

  /** Whether clients are being served. */
  get isBusy(): boolean {
    return this.tasks.size > 0 || this.selfServed.size > 0;
  }

  /**
   * The clients in their handshake take no room: or a few that say nothing
   * would lock all others out.
   */
  room(): Promise<void> {
    const { signal } = this;
    return this.changes.until(() => this.#hasRoomBeside(this.#encrypted), {
      signal,
    });
  }

  take(conn: Deno.Conn): boolean {
    if (this.signal.aborted || !this.#hasRoomBeside(this.#encrypted)) {
      return false;
    }
    if ("handshake" in conn) void this.#encrypt(conn as Deno.TlsConn);
    else this.#start({ conn });
    return true;
  }

  #hasRoomBeside(waiting: number): boolean {
    return this.connections.size + waiting < this.#options.maxConnections;
  }

  /** A client that fails in the handshake is dropped without a report. */
  async #encrypt(conn: Deno.TlsConn): Promise<void> {
    const { signal } = this;
    const peer = formatAddress(conn.remoteAddr);
    const open = () => Promise.resolve(conn);
    const handshake = new TlsHandshake("TLS handshake", open, peer);
    const { handshakeTimeout } = this.#options;
    const parts = await shakeHands(handshake, handshakeTimeout, { signal })
      .catch(() => {});
    if (parts === undefined) return;
    this.#encrypted++;
    try {
      const hasRoom = () => this.#hasRoomBeside(0);
      while (!hasRoom()) await this.changes.until(hasRoom, { signal });
      this.#start(parts);
    } catch {
      conn.close(); // the server is closed, or the client has gone
    } finally {
      this.#encrypted--;
      this.changes.notify();
    }
  }

  #start(parts: SocketParts): void {
    if (this.signal.aborted) return parts.conn.close();
    const { sockname, noDelay, keepAlive } = this.#options;
    const { conn } = parts;
    if (noDelay && "setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay();
    if (keepAlive && "setKeepAlive" in conn) {
      (conn as Deno.TcpConn).setKeepAlive();
    }
    const client = this.#clientOf({ ...parts, sockname, isAccepted: true });
    if (client === undefined) return conn.close();
    const { connection, handler } = client;
    connection.onClosed = this.#closed;
    this.connections.add(connection);
    if (handler === undefined) {
      this.selfServed.add(connection);
      return;
    }
    const task = createTask(handler, { name: this.#nameOf(conn) });
    this.tasks.add(task);
    completionOf(task).listen(new HandlerEnd(this, connection));
  }

  #closed = (closed: object): void => {
    const connection = closed as ServedConnection;
    this.connections.delete(connection);
    this.selfServed.delete(connection);
    this.changes.notify();
  };

  #clientOf(parts: SocketParts): ServedClient | undefined {
    try {
      return this.#options.serveClient(parts);
    } catch (error) {
      currentScope().loop.report({
        message: "Cannot serve a client",
        error: reportable(error),
      });
      return undefined;
    }
  }

  /**
   * A handler that has returned leaves its connection to other tasks that use it.
   */
  handlerEnded(task: Task<unknown>, connection: ServedConnection): void {
    this.tasks.delete(task);
    try {
      task.result();
      connection.leaveUnattended?.();
    } catch (error) {
      connection.close();
      if (!task.cancelled) {
        currentScope().loop.report({
          message: "Unhandled exception in client handler",
          error: reportable(error),
          task,
        });
      }
    }
    this.changes.notify();
  }

  /** The client of a Unix socket has no name: it gets a number. */
  #nameOf({ remoteAddr, localAddr }: Deno.Conn): string {
    this.#taken++;
    const { sockname } = this.#options;
    return remoteAddr.transport === "unix"
      ? `${formatAddress(sockname ?? localAddr)} client ${this.#taken}`
      : formatAddress(remoteAddr);
  }
}

/** Listens for the end of a handler. Every client has one, so it is small. */
class HandlerEnd implements Listener {
  readonly #clients: ServerConnections;
  readonly #connection: ServedConnection;

  constructor(clients: ServerConnections, connection: ServedConnection) {
    this.#clients = clients;
    this.#connection = connection;
  }

  /** Not at once: what follows may call code of the user. */
  settled({ loop, source }: Completion<unknown>): void {
    const task = source as unknown as Task<unknown>;
    const run = () => this.#clients.handlerEnded(task, this.#connection);
    detached(() => loop.soon(new BoundCallback(new Callback(loop, run))));
  }
}
