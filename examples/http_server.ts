/**
 * An HTTP/1.1 server on `startServer`: keep-alive, pipelining, chunked bodies,
 * limits of size and time, an end that lets requests finish. A handler is cancelled
 * when its client goes. `http_server.ts 8080` serves until Ctrl-C; without
 * arguments it shows itself. (For a service of your own, `serve` is the thing.)
 */
import { Buffer } from "node:buffer";
import {
  createTask,
  currentSignal,
  interval,
  isCancelled,
  run,
  type Server,
  sleep,
  startServer,
  type Streams,
  type Task,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio";
import { Connection, type Times } from "./_http_connection.ts";
import {
  chunked,
  formatHead,
  HttpError,
  type HttpRequest,
  type HttpResponse,
  isBare,
  isStream,
  mayKeep,
  readHead,
  RequestBody,
} from "./_http_message.ts";

export { HttpError, type HttpRequest, type HttpResponse };

export type HttpHandler = (
  request: HttpRequest,
) => HttpResponse | Promise<HttpResponse>;

const DEFAULTS = {
  hostname: "127.0.0.1",
  port: 0,
  maxConnections: 10_000,
  /** How many bytes the head of a request may have. */
  maxHead: 16_384,
  /** How many bytes the body of a request may have. */
  maxBody: 1 << 20,
  times: {
    ...{ idle: 60_000, head: 10_000, body: 10_000 },
    ...{ answer: 60_000, stream: Infinity, write: 10_000 },
  } as Times,
  /** How often the connections are looked at, in milliseconds. */
  checkEvery: 500,
};

/** A large body goes out in pieces: the client has its time for each. */
const PIECE = 65_536;

export type HttpServerOptions = typeof DEFAULTS;

export class HttpServer implements AsyncDisposable {
  readonly #handler: HttpHandler;
  readonly #options: typeof DEFAULTS;
  readonly #connections = new Set<Connection>();
  #isEnding = false;
  #server!: Server;
  #checks!: Task<void>;

  private constructor(handler: HttpHandler, options: typeof DEFAULTS) {
    this.#handler = handler;
    this.#options = options;
  }

  static async start(
    handler: HttpHandler,
    options: Partial<typeof DEFAULTS> = {},
  ): Promise<HttpServer> {
    const all = { ...DEFAULTS, ...options };
    const server = new HttpServer(handler, all);
    server.#server = await startServer(
      (reader, writer) => server.#serve({ reader, writer }),
      all,
    );
    server.#checks = createTask(() => server.#check());
    return server;
  }

  get port(): number {
    return (this.#server.addresses[0] as Deno.NetAddr).port;
  }

  /** Lets the requests finish that have begun, for so many milliseconds. */
  async shutdown(options?: { timeout: number }): Promise<void> {
    this.#isEnding = true;
    for (const { phase, writer } of this.#connections) {
      if (phase === "idle") writer.close();
    }
    await this.#server.shutdown(options);
    this.#checks.cancel();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown({ timeout: 0 });
  }

  async #check(): Promise<void> {
    const { checkEvery, times } = this.#options;
    for await (const _ of interval(checkEvery)) {
      for (const connection of this.#connections) {
        connection.check(checkEvery, times);
      }
    }
  }

  async #serve(streams: Streams): Promise<void> {
    const { writer } = streams;
    let connection!: Connection;
    try {
      await timeout(Infinity, async (limit) => {
        connection = new Connection(streams, limit);
        this.#connections.add(connection);
        while (await this.#exchange(connection));
      });
      writer.close();
    } catch (error) {
      if (isCancelled(error)) throw error;
      if (error instanceof TimeoutError) return await this.#giveUp(connection);
      if (!writer.isClosing) console.error(error); // or else it was lost
      writer.abort();
    } finally {
      this.#connections.delete(connection);
    }
  }

  /** Takes a request and answers it; false if it was the last, or none came. */
  async #exchange(connection: Connection): Promise<boolean> {
    const { reader, writer } = connection;
    connection.isAnswered = false;
    connection.phase = "idle";
    if (this.#isEnding || (await reader.peek()).length === 0) return false;
    let request: HttpRequest | undefined;
    let response: HttpResponse;
    try {
      request = await this.#read(connection);
      connection.phase = "answer";
      response = await this.#handler(request);
    } catch (error) {
      if (isCancelled(error) || writer.isClosing) throw error;
      response = responseTo(error);
    }
    const isKept = !this.#isEnding && mayKeep(request, response);
    await this.#send(connection, response, request, isKept);
    if (isKept) return await request!.body.skip();
    if (!request?.body.isOver) await connection.linger();
    return false;
  }

  async #read(connection: Connection): Promise<HttpRequest> {
    connection.phase = "head";
    const { maxHead, maxBody } = this.#options;
    const head = await readHead(connection, maxHead);
    return { ...head, body: new RequestBody(connection, head, maxBody) };
  }

  async #send(
    connection: Connection,
    response: HttpResponse,
    request?: HttpRequest,
    isKept = false,
  ): Promise<void> {
    const { body = "" } = response;
    const write = (piece: string | Uint8Array) => {
      connection.writer.write(piece);
      connection.phase = "write";
      return connection.writer.drain();
    };
    const head = formatHead(response, request, isKept);
    connection.isAnswered = true;
    if (request?.method === "HEAD" || isBare(response)) {
      if (isStream(body)) await body[Symbol.asyncIterator]().return?.();
      await write(head);
    } else if (typeof body === "string" && body.length < PIECE) {
      await write(head + body);
    } else if (isStream(body)) {
      connection.writer.write(head);
      connection.phase = "stream";
      for await (
        const piece of request?.version === "1.1" ? chunked(body) : body
      ) {
        await write(piece);
        connection.phase = "stream";
      }
    } else {
      connection.writer.write(head);
      const bytes = Buffer.from(body);
      for (let i = 0; i < bytes.length; i += PIECE) {
        await write(bytes.subarray(i, i + PIECE));
      }
    }
  }

  /** Ends a connection that has taken too long. */
  async #giveUp(connection: Connection): Promise<void> {
    const { late, isAnswered, writer } = connection;
    if (isAnswered) return writer.abort();
    if (late !== "idle") {
      const error = new HttpError(late === "answer" ? 503 : 408);
      await this.#send(connection, responseTo(error));
    }
    writer.close();
  }
}

function responseTo(error: unknown): HttpResponse {
  if (error instanceof HttpError) {
    return { status: error.status, body: `${error.message}\n` };
  }
  if (error instanceof TimeoutError) return responseTo(new HttpError(503));
  console.error(error);
  return responseTo(new HttpError(500));
}

/** What the program serves. */
async function handle({ target, body }: HttpRequest): Promise<HttpResponse> {
  const [path, query] = target.split("?");
  const parameter = Number(query?.split("=")[1]);
  switch (path) {
    case "/":
      return { body: "hello\n" };
    case "/echo":
      return { body: await body.bytes() };
    case "/mirror":
      return { body };
    case "/count":
      return { body: count(parameter) };
    case "/zeros":
      return { body: new Uint8Array(parameter) };
    case "/wait":
      await sleep(parameter);
      return { body: "done\n" };
    default:
      throw new HttpError(404);
  }
}

async function* count(to: number): AsyncGenerator<string> {
  for (let i = 1; i <= to; i++) {
    yield `${i}\n`;
    await sleep(10);
  }
}

async function serve(port: number): Promise<void> {
  const server = await HttpServer.start(handle, { port });
  console.log(`listening on ${server.port}`);
  try {
    await sleep(Infinity); // until Ctrl-C
  } finally {
    await server.shutdown({ timeout: 5_000 });
  }
}

async function demonstrate(): Promise<void> {
  await using server = await HttpServer.start(handle);
  const url = `http://127.0.0.1:${server.port}`;
  for (const path of ["/", "/count?to=3", "/nothing"]) {
    const response = await fetch(url + path, { signal: currentSignal() });
    console.log(
      response.status,
      (await response.text()).trim().split("\n").join(" "),
    );
  }
  const ended = await fetch(`${url}/echo`, { method: "POST", body: "hello" });
  console.log(ended.status, await ended.text());
}

if (import.meta.main) {
  const [port] = Deno.args;
  await run(port ? () => serve(Number(port)) : demonstrate);
}
