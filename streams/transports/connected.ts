/** @module */
import type { BaseProtocol, BaseTransport } from "./base.ts";
import { StreamTransport } from "./stream_transport.ts";
import type { TransportSocket } from "./transport_socket.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";

/** A transport, and the protocol that was made for it. */
export interface Connected<T extends BaseTransport, P> {
  /** To write to, and to control the connection. */
  transport: T;
  /** What the factory has made. */
  protocol: P;
}

const ACTION = "open a transport";

/** @throws {InvalidStateError} The run has ended: there is to be no protocol. */
export function checkRun(): void {
  currentScope().loop.checkOpen(ACTION);
}

/** Lets a transport be closed at the end of its run at the latest. */
export function endWithRun(transport: EndingTransport): void {
  transport.onClosed = currentScope().loop.own(transport, ACTION);
}

/** A transport that says when it is closed. */
interface EndingTransport extends AsyncDisposable {
  onClosed: ((transport: object) => void) | undefined;
}

/** Makes a protocol and a transport; if that fails, the socket is closed. */
export function connected<P extends BaseProtocol>(
  socket: TransportSocket,
  factory: () => P,
): Connected<StreamTransport, P> {
  try {
    checkRun();
    const protocol = factory();
    const transport = new StreamTransport(socket, protocol);
    endWithRun(transport);
    transport.start({ isAwaited: true });
    return { transport, protocol };
  } catch (error) {
    socket.abort();
    throw error;
  }
}
