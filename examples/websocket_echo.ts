/**
 * A WebSocket server (RFC 6455) on `startServer`, which sends back what it gets:
 * fragments, pings both ways, limits, the closing handshake. `websocket_echo.ts
 * 8080` serves until Ctrl-C; without arguments it shows itself.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import {
  createTask,
  interval,
  isCancelled,
  moveOnAfter,
  Queue,
  run,
  type Server,
  shielded,
  sleep,
  startServer,
  type StreamReader,
  type Streams,
  type StreamWriter,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio";
import { formatHead, HttpError, readHead } from "./_http_message.ts";
import {
  BINARY,
  ClientFrames,
  CLOSE,
  closeCode,
  closePayload,
  frameHead,
  Messages,
  PING,
  PONG,
  TEXT,
  unmask,
  WebSocketError,
} from "./_websocket_frames.ts";

const DEFAULTS = {
  hostname: "127.0.0.1",
  port: 0,
  maxConnections: 10_000,
  /** How many bytes a message may have. */
  maxMessage: 1 << 20,
  /** How long the opening handshake may take, in milliseconds. */
  openTimeout: 10_000,
  /** How long the closing handshake may take. */
  closeTimeout: 2_000,
  /** How often a client is asked whether it is there. */
  pingEvery: 20_000,
};

export type WebSocketOptions = typeof DEFAULTS;

/** A client: iterated over, it gives messages, text or bytes. */
export class ServerSocket implements AsyncIterable<string | Uint8Array> {
  /** Why it was closed; 1006 is without a word. */
  code = 1006;
  readonly #reader: StreamReader;
  readonly #writer: StreamWriter;
  readonly #options: WebSocketOptions;
  readonly #frames: ClientFrames;
  /** A close frame was sent. */
  #isOver = false;
  #isHeard = true;

  constructor({ reader, writer }: Streams, options: WebSocketOptions) {
    this.#reader = reader;
    this.#writer = writer;
    this.#options = options;
    this.#frames = new ClientFrames(options.maxMessage);
  }

  /** Sends a message; waits if the client is slow. */
  async send(data: string | Uint8Array): Promise<void> {
    const opcode = typeof data === "string" ? TEXT : BINARY;
    this.#write(opcode, data);
    await this.#writer.drain();
  }

  #write(opcode: number, payload: string | Uint8Array): void {
    this.#writer.write(frameHead(opcode, Buffer.byteLength(payload)));
    this.#writer.write(payload);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string | Uint8Array> {
    const messages = new Messages(this.#options.maxMessage);
    try {
      for await (const frame of this.#reader.frames(this.#frames)) {
        this.#isHeard = true;
        unmask(frame);
        if (frame.opcode < CLOSE) {
          const message = messages.take(frame);
          if (message !== undefined) yield message;
        } else if (frame.opcode === PING) {
          this.#write(PONG, frame.payload);
        } else if (frame.opcode === CLOSE) {
          return this.#closed(closeCode(frame));
        } else if (frame.opcode !== PONG) {
          throw new WebSocketError(1002, "unknown opcode");
        }
      }
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      await this.close(error.code, error.message);
    }
  }

  /** The client has closed it, and gets its answer. */
  #closed(code: number): void {
    if (!this.#isOver) this.#write(CLOSE, closePayload(code));
    this.#isOver = true;
    this.code = code;
    this.#writer.close();
  }

  /** Closes it, and waits for the end of what the client sends. */
  async close(code = 1000, reason?: string): Promise<void> {
    if (this.#isOver || this.#writer.isClosing) return;
    this.#isOver = true;
    this.code = code;
    this.#write(CLOSE, closePayload(code, reason));
    this.#writer.writeEof();
    await moveOnAfter(this.#options.closeTimeout, async () => {
      for (let size; (size = (await this.#reader.peek()).length) > 0;) {
        this.#reader.discard(size);
      }
    });
    this.#writer.close();
  }

  /** Asks the client whether it is there, and gives it up if it says nothing. */
  async keepAsking(): Promise<void> {
    for await (const _ of interval(this.#options.pingEvery)) {
      if (this.#isOver || this.#writer.isClosing) return;
      if (!this.#isHeard) return this.#writer.abort();
      this.#isHeard = false;
      this.#write(PING, "");
    }
  }
}

/** Takes the opening handshake; throws an `HttpError` if it is wrong. */
async function openingHandshake({ reader, writer }: Streams): Promise<void> {
  const head = await readHead({ reader, writer }, 16_384);
  const header = (name: string) => head.headers.get(name)?.toLowerCase() ?? "";
  if (head.method !== "GET") throw new HttpError(405);
  const isUpgrade = header("upgrade") === "websocket" &&
    /\bupgrade\b/.test(header("connection"));
  if (!isUpgrade || header("sec-websocket-version") !== "13") {
    throw new HttpError(426);
  }
  const key = head.headers.get("sec-websocket-key") ?? "";
  if (Buffer.from(key, "base64").length !== 16) throw new HttpError(400);
  const accept = createHash("sha1")
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  writer.write(
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n" +
      `connection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  );
}

/** Serves each WebSocket in a task; when `handler` is done, closes it. */
export function startWebSocketServer(
  handler: (socket: ServerSocket) => Promise<void>,
  options: Partial<WebSocketOptions> = {},
): Promise<Server> {
  const all = { ...DEFAULTS, ...options };
  return startServer(async (reader, writer) => {
    await using _ = writer;
    try {
      await timeout(
        all.openTimeout,
        () => openingHandshake({ reader, writer }),
      );
    } catch (error) {
      if (isCancelled(error)) throw error;
      const isLate = error instanceof TimeoutError;
      const status = error instanceof HttpError
        ? error.status
        : isLate
        ? 408
        : 400;
      writer.write(formatHead({ status, headers: REFUSED }, undefined, false));
      return;
    }
    const socket = new ServerSocket({ reader, writer }, all);
    const asking = createTask(() => socket.keepAsking());
    try {
      await handler(socket);
      await socket.close();
    } catch (error) {
      if (isCancelled(error)) {
        const goodbye = () => socket.close(1001);
        await shielded(() => moveOnAfter(1_000, goodbye));
        throw error;
      }
      if (writer.isClosing || reader.atEof) return; // the client has gone
      console.error(error);
      await socket.close(1011);
    } finally {
      asking.cancel();
    }
  }, all);
}

/** A client that does not know version 13 is told. */
const REFUSED = { "sec-websocket-version": "13" };

async function echo(socket: ServerSocket): Promise<void> {
  for await (const message of socket) await socket.send(message);
}

async function serve(port: number): Promise<void> {
  await using server = await startWebSocketServer(echo, { port });
  console.log(`listening on ${(server.addresses[0] as Deno.NetAddr).port}`);
  await sleep(Infinity); // until Ctrl-C; then all are told
}

async function demonstrate(): Promise<void> {
  await using server = await startWebSocketServer(echo);
  const { port } = server.addresses[0] as Deno.NetAddr;
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  const events = new Queue<MessageEvent | CloseEvent>();
  client.onopen = () => client.send("hello, wörld");
  client.onmessage = (event) => events.putNowait(event);
  client.onclose = (event) => events.putNowait(event);
  const message = await events.get() as MessageEvent;
  console.log(message.data);
  client.close(4000);
  const end = await events.get() as CloseEvent;
  console.log(`closed, clean: ${end.wasClean}, code: ${end.code}`);
}

if (import.meta.main) {
  const [port] = Deno.args;
  await run(port ? () => serve(Number(port)) : demonstrate);
}
