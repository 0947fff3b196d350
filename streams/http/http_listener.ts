/** @module */
import { CUT_OFF } from "./body_sender.ts";
import { Outage } from "../socket/outage.ts";
import type { Bound } from "../socket/listener.ts";
import { type Host, listenOnHost } from "../socket/tcp_listener.ts";
import { bindUnix } from "../socket/unix_listener.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";

/** Listens for requests on all addresses of a host. */
export function listenHttp(
  host: Host,
  tls: { cert: string; key: string } | undefined,
  handler: Deno.ServeHandler,
  options: WaitOptions,
): Promise<HttpListener[]> {
  // Read one by one: they may be inherited, and without them it would be in plain.
  const keys = tls && { cert: tls.cert, key: tls.key };
  const open = (host: Host): BoundHttp => {
    const listener = new HttpSocket({ ...host, ...keys }, handler);
    const { addr: sockname } = listener.server;
    return { listener, sockname, close: () => listener.close() };
  };
  return listenOnHost(host, (host) => {
    const first = open(host);
    const { port } = first.sockname as Deno.NetAddr;
    return new HttpListener(first, () => open({ ...host, port }));
  }, options);
}

/** Listens for requests on a Unix socket. */
export async function listenHttpUnix(
  path: string,
  handler: Deno.ServeHandler,
  options: WaitOptions,
): Promise<HttpListener> {
  const handle: Deno.ServeHandler = (request, info) =>
    handler(request, new UnixInfo(info, path));
  const listen = (path: string) => new HttpSocket({ path }, handle);
  return new HttpListener(
    await bindUnix(path, listen, options),
    () => bindUnix(path, listen, {}),
  );
}

/** A socket of {@linkcode Deno.serve}. */
class HttpSocket {
  readonly server: Deno.HttpServer;

  constructor(
    target: Partial<Host> | { path: string },
    handler: Deno.ServeHandler,
  ) {
    const { loop } = currentScope();
    const options = {
      ...target,
      onListen: () => {},
      onError: (error: unknown) => {
        if (error !== CUT_OFF) {
          loop.report({ message: "Cannot send an HTTP response", error });
        }
        return new Response("Internal Server Error", { status: 500 });
      },
    };
    this.server = Deno.serve(
      options as Deno.ServeTcpOptions,
      handler as Deno.ServeHandler<Deno.NetAddr>,
    );
  }

  close(): void {
    void this.server.shutdown().catch(() => {}); // `finished` rejects as well
  }
}

/** Shows the path that users know: the runtime bound the socket at another one. */
class UnixInfo implements Deno.ServeHandlerInfo {
  readonly #info: Deno.ServeHandlerInfo;
  readonly #path: string;

  constructor(info: Deno.ServeHandlerInfo, path: string) {
    this.#info = info;
    this.#path = path;
  }

  get remoteAddr(): Deno.Addr {
    void this.#info.remoteAddr; // throws if the request is closed
    return { transport: "unix", path: this.#path };
  }

  get completed(): Promise<void> {
    return this.#info.completed;
  }
}

/** A socket with its address. */
interface BoundHttp extends Bound {
  readonly listener: HttpSocket;
}

/**
 * Listens on one address. The runtime gives up for good if it cannot accept a
 * client for want of descriptors, or if a WebSocket is upgraded by mistake; this
 * listens again, once a second, until it can.
 */
export class HttpListener implements Bound {
  /** Resolves when it is closed, and all is sent. */
  readonly closed: Promise<void>;
  readonly #closing = new AbortController();
  readonly #open: () => BoundHttp | Promise<BoundHttp>;
  #bound: BoundHttp;

  /** @param open Listens at the same address. */
  constructor(first: BoundHttp, open: () => BoundHttp | Promise<BoundHttp>) {
    this.#bound = first;
    this.#open = open;
    this.closed = detached(() => this.#run());
  }

  get sockname(): Deno.Addr {
    return this.#bound.sockname;
  }

  /** Takes no more clients. Idle ones are closed, WebSockets told to go. */
  close(): void {
    this.#closing.abort();
    this.#bound.close();
  }

  /** Lets the program end though it listens. */
  unref(): void {
    this.#bound.listener.server.unref();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const outage = new Outage(this.sockname);
    for (;;) {
      const { finished } = this.#bound.listener.server;
      const cause = await finished.catch((error) => error);
      do {
        if (signal.aborted) return;
        await outage.pause(cause, signal);
      } while (!await this.#openAgain());
    }
  }

  /** False if that is not possible yet. */
  async #openAgain(): Promise<boolean> {
    if (this.#closing.signal.aborted) return false;
    try {
      this.#bound = await this.#open();
    } catch {
      return false;
    }
    if (this.#closing.signal.aborted) this.#bound.close();
    return true;
  }
}
