/** @module */
import { formatAddress } from "../address.ts";
import { bytesOf } from "../bytes_of.ts";
import {
  checkDestination,
  type DatagramAddress,
} from "../datagram/datagram_options.ts";
import type { DatagramSocket } from "../datagram/datagram_socket.ts";
import { checkProtocol } from "./check_protocol.ts";
import type { ProtocolCalls } from "./protocol_calls.ts";
import type { BaseProtocol } from "./base.ts";
import type { DatagramProtocol } from "./protocols.ts";
import { DatagramTransport, type WriteBufferLimits } from "./transport.ts";
import { dispose, TransportState } from "./transport_state.ts";
import { WriteLimits } from "./write_limits.ts";
import { Reception } from "./reception.ts";
import { printable } from "../../tasks/kernel/watch/inspect.ts";

/** A datagram on its way out. */
interface Outgoing {
  readonly bytes: Uint8Array;
  readonly to: DatagramAddress;
}

/** A transport over a UDP socket. */
export class UdpTransport extends DatagramTransport implements AsyncDisposable {
  readonly #socket: DatagramSocket;
  readonly #calls: ProtocolCalls;
  readonly #state: TransportState;
  readonly #limits = new WriteLimits();
  #protocol!: DatagramProtocol;
  /** What has arrived before the protocol may be called. */
  #early: (() => void)[] | undefined = [];
  #unsent: Outgoing[] = [];
  #size = 0;
  #isSending = false;
  /** Tells a virtual clock that something may come. */
  readonly #wait: Reception;
  /** Called after `connectionLost`. */
  onClosed: (() => void) | undefined;

  /** @param calls That `socket` was made in. */
  constructor(
    socket: DatagramSocket,
    protocol: DatagramProtocol,
    calls: ProtocolCalls,
  ) {
    super();
    this.#socket = socket;
    this.#calls = calls;
    this.#state = new TransportState(this, calls);
    this.setProtocol(protocol);
    this.#socket.receiver = {
      received: ({ data, from }) =>
        this.#arrived(
          "datagramReceived",
          () => this.#protocol.datagramReceived(data, from),
        ),
      failed: (error) => this.#refused(error),
    };
    const what = `DatagramTransport ${this.#name}`;
    this.#wait = this.#calls.enter(() => new Reception(what));
  }

  /**
   * Tells the protocol that the socket is there. What arrives comes when the
   * code that awaits it has gone on.
   */
  start(): void {
    const calls = this.#calls;
    calls.call("connectionMade", () => this.#protocol.connectionMade?.(this));
    calls.nextTurn(() => {
      const early = this.#early ?? [];
      this.#early = undefined;
      for (const arrive of early) arrive();
    });
  }

  getExtraInfo(name: string, fallback?: unknown): unknown {
    const { address, remote } = this.#socket;
    if (name === "sockname") return address;
    return (name === "peername" ? remote : undefined) ?? fallback;
  }

  get isClosing(): boolean {
    return !this.#state.isOpen;
  }

  setProtocol(protocol: BaseProtocol): void {
    checkProtocol(protocol);
    this.#protocol = protocol as DatagramProtocol;
  }

  getProtocol(): BaseProtocol {
    return this.#protocol;
  }

  sendTo(data: Uint8Array | string, to?: DatagramAddress): void {
    const bytes = bytesOf(data, "send");
    const target = this.#targetOf(to);
    if (!this.#state.isOpen) return this.#state.dropped();
    // The system takes a copy at once if it is idle.
    const isCopied = !this.#isSending || bytes !== data;
    this.#unsent.push({ bytes: isCopied ? bytes : bytes.slice(), to: target });
    this.#size += bytes.length;
    this.#sendNext();
    this.#limits.grown(this.#size, this.#protocol, this.#calls);
  }

  close(): void {
    if (this.#state.close() && !this.#isSending) this.#state.lose(undefined);
  }

  abort(): void {
    if (!this.#state.lose(undefined)) return;
    this.#unsent = [];
    this.#size = 0;
  }

  getWriteBufferSize(): number {
    return this.#size;
  }

  getWriteBufferLimits(): { low: number; high: number } {
    return this.#limits.limits;
  }

  setWriteBufferLimits(limits: WriteBufferLimits = {}): void {
    this.#limits.set(limits);
    this.#limits.grown(this.#size, this.#protocol, this.#calls);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return dispose(this, this.#state);
  }

  release(): void {
    this.#socket.close();
    this.#wait.wake();
    this.onClosed?.();
  }

  get #name(): string {
    return formatAddress(this.#socket.remote ?? this.#socket.address);
  }

  #targetOf(to: DatagramAddress | undefined): DatagramAddress {
    const { remote } = this.#socket;
    if (to !== undefined) checkDestination(to, "to");
    if (remote === undefined) {
      if (to !== undefined) return to;
      throw new TypeError(
        "Cannot send without an address: give `to`, or make it with `remote`",
      );
    }
    const isRemote = to === undefined ||
      to.port === remote.port && to.hostname === remote.hostname;
    if (isRemote) return remote;
    throw new TypeError(
      `Cannot send to another address than the remote, ${
        formatAddress(remote)
      }`,
    );
  }

  #sendNext(): void {
    if (this.#isSending) return;
    const [next] = this.#unsent;
    if (next === undefined) return this.#state.finish();
    this.#isSending = true;
    this.#socket.send(next.bytes, next.to, (error) => this.#sent(error));
  }

  #sent(error: Error | undefined): void {
    this.#isSending = false;
    const sent = this.#unsent.shift();
    if (sent === undefined) return; // aborted
    this.#size -= sent.bytes.length;
    if (error !== undefined) this.#refused(error);
    this.#limits.shrunk(this.#size, this.#protocol, this.#calls);
    this.#sendNext();
  }

  #refused(error: Error): void {
    this.#arrived("errorReceived", () => this.#protocol.errorReceived(error));
  }

  #arrived(name: string, call: () => void): void {
    if (this.#early !== undefined) {
      this.#early.push(() => this.#arrived(name, call));
    } else if (this.#state.isOpen || name === "errorReceived") {
      if (!this.#state.isClosed) this.#calls.call(name, call);
    }
  }

  static {
    printable(UdpTransport, (transport) => ({
      address: formatAddress(transport.#socket.address),
      remote: transport.#socket.remote &&
        formatAddress(transport.#socket.remote),
      protocol: transport.#protocol.constructor.name,
      state: transport.#state.name,
      unsent: transport.#unsent.length,
    }));
  }
}
