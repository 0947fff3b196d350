/** @module */
import { formatAddress } from "../address.ts";
import { bytesOf } from "../bytes_of.ts";
import { checkDestination, type DatagramAddress } from "./datagram_options.ts";
import { DatagramIterator, Receive, type Receivers } from "./receivers.ts";
import type { Datagram, DatagramSocket } from "./datagram_socket.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import { QueuedWaiter, WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";

/** How many datagrams are kept while none is waited for. */
const MAX_KEPT = 1024;

/** Makes an endpoint over a bound socket. */
export let endpointOver: (socket: DatagramSocket) => DatagramEndpoint;

/** A `send` that waits: for those before it, then for the system. */
class Send extends QueuedWaiter<void> {
  readonly data: Uint8Array;
  readonly to: DatagramAddress;

  constructor(data: Uint8Array, to: DatagramAddress) {
    super();
    this.data = data;
    this.to = to;
  }
}

/**
 * A UDP socket: sends and receives datagrams. Made by {@linkcode openDatagram}.
 * What `loop.create_datagram_endpoint` is for in asyncio, without callbacks.
 *
 * - Datagrams leave in the order of the calls of `send`.
 * - Several may wait in `receive`; datagrams are given out in order of arrival,
 *   one to each.
 * - While none waits, 1024 datagrams are kept; those that arrive then are
 *   dropped.
 * - It belongs to the `run` it was opened in, and is closed at its end.
 *
 * UDP promises nothing: datagrams may get lost, arrive twice or in another
 * order. What the runtime does not tell: that nothing listens at the port
 * something was sent to.
 *
 * @example
 * ```ts
 * import { openDatagram } from "@asyncio/asyncio/streams";
 * import { createTask } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * using server = await openDatagram({ hostname: "127.0.0.1" });
 * createTask(async () => {
 *   for await (const { data, from } of server) await server.send(data, from);
 * });
 *
 * using client = await openDatagram({ remote: server.address });
 * await client.send("hello");
 * const { data } = await client.receive();
 * assertEquals(new TextDecoder().decode(data), "hello");
 * ```
 */
export class DatagramEndpoint
  implements AsyncIterable<Datagram>, Disposable, AsyncDisposable {
  readonly #socket: DatagramSocket;
  /** Tells its run that it has ended; left out if the run had ended before. */
  readonly #leaveRun: (() => void) | undefined;
  readonly #receivers: Receivers = new WaitQueue("DatagramEndpoint.receive", {
    external: true,
  });
  readonly #sends = new WaitQueue<void, Send>("DatagramEndpoint.send", {
    external: true,
  });
  readonly #closers = new WaitQueue<void>("the last datagrams to be sent", {
    external: true,
  });
  /** What has arrived and was not received. */
  #kept: (Datagram | Error)[] = [];
  #dropped = 0;
  /** The system has a datagram, and has not answered. */
  #sending = false;
  #closing = false;
  #closed = false;

  private constructor(socket: DatagramSocket) {
    this.#socket = socket;
    socket.receiver = {
      received: (datagram) => this.#arrived(datagram),
      failed: (error) => this.#failed(error),
    };
    this.#leaveRun = currentScope().loop.own(this, "open a datagram endpoint");
  }

  /** The address it is bound to: with the port that the system has chosen. */
  get address(): Deno.NetAddr {
    return this.#socket.address;
  }

  /**
   * Sends one datagram: to `to`, or to the `remote` it was opened with. It
   * resolves when the system has taken it, which says nothing about its
   * arrival. Mirrors `asyncio.DatagramTransport.sendto`.
   *
   * A name is looked up each time; an address is not. An empty datagram is sent
   * as well.
   *
   * **Cancel safety:** given up before its turn, the datagram is not sent;
   * afterwards it is.
   *
   * @param data Text is sent as UTF-8. The bytes are taken as they are now.
   *
   * @throws {TypeError} There is no `to`, and the endpoint has no `remote`.
   * @throws {RangeError} The port is none, or the datagram is too large: more
   * than 65507 bytes with IPv4.
   * @throws {Error} The endpoint is closed, or the system refuses the datagram.
   * @throws {Deno.errors.NotFound} There is no such name.
   */
  send(data: Uint8Array | string, to?: DatagramAddress): Promise<void> {
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) return rejection;
    let bytes: Uint8Array, target: DatagramAddress;
    try {
      bytes = bytesOf(data, "send");
      target = this.#targetOf(to);
    } catch (error) {
      return readyError(error);
    }
    if (this.#closing) return readyError(closed("send"));
    // The system takes a copy at once if it is idle.
    if (this.#sending && bytes === data) bytes = bytes.slice();
    const promise = this.#sends.add(new Send(bytes, target));
    this.#sendNext();
    return promise;
  }

  /**
   * Receives one datagram: the oldest that has arrived, or the next.
   *
   * **Cancel safety:** given up, it takes none.
   *
   * @throws {Error} The endpoint is closed, or is closed while it waits.
   */
  receive(options?: WaitOptions): Promise<Datagram> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#closing) return readyError(closed("receive"));
    try {
      const kept = this.#takeKept();
      if (kept !== undefined) return ready(kept);
    } catch (error) {
      return readyError(error);
    }
    return this.#receivers.add(new Receive(options));
  }

  /** Iterates over what arrives, until the endpoint is closed. */
  [Symbol.asyncIterator](): AsyncIterator<Datagram, undefined> {
    return new DatagramIterator({
      receivers: this.#receivers,
      isClosed: () => this.#closing,
      takeKept: () => this.#takeKept(),
    });
  }

  /**
   * Closes it: what was sent before still leaves, what has arrived and was not
   * received is dropped. A `receive` that waits rejects, an iteration ends.
   * Harmless when it is closed. Mirrors `asyncio.DatagramTransport.close`.
   */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#kept = [];
    while (this.#receivers.first !== undefined) {
      this.#receivers.first.end(closed("receive"));
    }
    this.#sendNext();
  }

  /** As {@linkcode DatagramEndpoint.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Closes it, and waits until what was sent before has left. No cancel stops
   * that half-way.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return detached(() => this.#waitClosed());
  }

  #waitClosed(): Promise<void> {
    return this.#closed ? ready(undefined) : this.#closers.wait();
  }

  #targetOf(to: DatagramAddress | undefined): DatagramAddress {
    const target = to ?? this.#socket.remote;
    if (target === undefined) {
      throw new TypeError(
        "Cannot send without an address: give `to`, or open it with `remote`",
      );
    }
    if (to !== undefined) checkDestination(to, "to");
    return target;
  }

  #sendNext(): void {
    if (this.#sending) return;
    const next = this.#sends.first;
    if (next === undefined) return this.#finishClosing();
    this.#sending = true;
    this.#socket.send(next.data, next.to, (error) => {
      this.#sending = false;
      // Without effect if it was given up.
      if (error === undefined) next.wake();
      else next.fail(error);
      this.#sendNext();
    });
  }

  #finishClosing(): void {
    if (!this.#closing || this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    this.#leaveRun?.();
    this.#closers.wakeAll();
  }

  #arrived(datagram: Datagram): void {
    if (this.#closing) return;
    const first = this.#receivers.first;
    if (first !== undefined) first.take(datagram);
    else this.#keep(datagram);
  }

  #failed(error: Error): void {
    const first = this.#receivers.first;
    if (first !== undefined) first.fail(error);
    else this.#keep(error);
  }

  #keep(arrival: Datagram | Error): void {
    if (this.#kept.length < MAX_KEPT) this.#kept.push(arrival);
    else this.#dropped++;
  }

  #takeKept(): Datagram | undefined {
    const kept = this.#kept.shift();
    if (kept instanceof Error) throw kept;
    return kept;
  }

  static {
    endpointOver = (socket) => new DatagramEndpoint(socket);
    printable(DatagramEndpoint, (endpoint) => ({
      address: formatAddress(endpoint.address),
      remote: endpoint.#socket.remote && formatAddress(endpoint.#socket.remote),
      receivers: endpoint.#receivers.size,
      unreceived: endpoint.#kept.length,
      dropped: endpoint.#dropped,
      unsent: endpoint.#sends.size,
      closed: endpoint.#closing,
    }));
  }
}

function closed(what: string): Error {
  return new Error(`Cannot ${what}: the endpoint is closed`);
}
