/** Requests and responses of HTTP/1.1 (RFC 9112). @module */
import { Buffer } from "node:buffer";
import {
  IncompleteReadError,
  isCancelled,
  LimitOverrunError,
  type Streams,
} from "@asyncio/asyncio";
import type { Connection } from "./_http_connection.ts";

export interface HttpHead {
  method: string;
  /** Such as `/search?q=deno`. */
  target: string;
  version: "1.0" | "1.1";
  /** By their names in lower case. */
  headers: Map<string, string>;
}

export interface HttpRequest extends HttpHead {
  body: RequestBody;
}

export interface HttpResponse {
  /** 200 unless given. */
  status?: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
}

const REASONS: Record<number, string> = {
  ...{ 200: "OK", 204: "No Content", 304: "Not Modified" },
  ...{ 400: "Bad Request", 404: "Not Found", 408: "Request Timeout" },
  ...{ 405: "Method Not Allowed", 426: "Upgrade Required" },
  ...{ 413: "Content Too Large", 431: "Request Header Fields Too Large" },
  ...{ 500: "Internal Server Error", 501: "Not Implemented" },
  ...{ 503: "Service Unavailable", 505: "HTTP Version Not Supported" },
};

/** Thrown by a handler, it is the answer; its message is for the client. */
export class HttpError extends Error {
  override name = "HttpError";
  readonly status: number;
  constructor(status: number, message = REASONS[status]) {
    super(message);
    this.status = status;
  }
}

const REQUEST_LINE = /^([\w!#$%&'*+.^`|~-]+) ([\x21-\x7e]+) HTTP\/(\d\.\d)$/;
const HEADER_LINE = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;

/**
 * Takes the head of a request: all that has come is looked at where it is, and what
 * was looked at is not looked at again.
 */
export async function readHead(
  { reader }: Streams,
  maxHead: number,
): Promise<HttpHead> {
  for (let seen = 0;;) {
    const { buffer, byteOffset, length } = await reader.peek(seen + 1);
    if (length === seen) throw new HttpError(400); // it is cut
    const bytes = Buffer.from(buffer, byteOffset, length);
    const end = bytes.indexOf("\r\n\r\n", Math.max(0, seen - 3));
    if (end > maxHead || end < 0 && length > maxHead) throw new HttpError(431);
    seen = length;
    if (end < 0) continue;
    const head = bytes.toString("latin1", 0, end);
    reader.discard(end + 4);
    return parseHead(head);
  }
}

function parseHead(text: string): HttpHead {
  const [first, ...lines] = text.split("\r\n");
  const [, method, target, version] = REQUEST_LINE.exec(first!) ?? [];
  if (version === undefined) throw new HttpError(400);
  if (version !== "1.1" && version !== "1.0") throw new HttpError(505);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, word, value] = HEADER_LINE.exec(line) ?? [];
    if (value === undefined) throw new HttpError(400);
    const name = word!.toLowerCase();
    const before = headers.get(name);
    const trimmed = value.trimEnd();
    headers.set(name, before === undefined ? trimmed : `${before}, ${trimmed}`);
  }
  const host = headers.get("host");
  if (version === "1.1" && (host === undefined || host.includes(","))) {
    throw new HttpError(400, "There is not one Host");
  }
  return { method: method!, target: target!, version, headers };
}

/** The status line and headers of a response, and the empty line. */
export function formatHead(
  response: HttpResponse,
  request: HttpRequest | undefined,
  isKept: boolean,
): string {
  const { status = 200, headers, body = "" } = response;
  const isOld = request?.version !== "1.1";
  let text = `HTTP/1.1 ${status} ${REASONS[status] ?? ""}\r\n`;
  for (const name in headers) {
    const line = `${name}: ${headers[name]}`;
    if (!HEADER_LINE.test(line)) throw new TypeError(`Cannot send ${line}`);
    text += `${line}\r\n`;
  }
  if (isStream(body)) {
    if (!isOld && !isBare(response)) text += "transfer-encoding: chunked\r\n";
  } else if (!isBare(response)) {
    text += `content-length: ${Buffer.byteLength(body)}\r\n`;
  }
  if (!isKept) text += "connection: close\r\n";
  else if (isOld) text += "connection: keep-alive\r\n";
  return `${text}date: ${dateNow()}\r\n\r\n`;
}

/** Whether it has no body, and so no length. */
export function isBare({ status }: HttpResponse): boolean {
  return status === 204 || status === 304;
}

export function isStream(
  body: HttpResponse["body"],
): body is AsyncIterable<string | Uint8Array> {
  return typeof body === "object" && Symbol.asyncIterator in body;
}

/** A body of unknown length, as it is sent. */
export async function* chunked(
  body: AsyncIterable<string | Uint8Array>,
): AsyncGenerator<string | Uint8Array> {
  for await (const piece of body) {
    const length = Buffer.byteLength(piece);
    if (length === 0) continue; // it would be the end
    yield `${length.toString(16)}\r\n`;
    yield piece;
    yield "\r\n";
  }
  yield "0\r\n\r\n";
}

/** Whether the client sends another request after this one. */
export function mayKeep(
  request: HttpRequest | undefined,
  response: HttpResponse,
): boolean {
  if (request === undefined) return false;
  const { version, headers, body } = request;
  const connection = headers.get("connection")?.toLowerCase() ?? "";
  const isAsked = version === "1.1"
    ? !/\bclose\b/.test(connection)
    : /\bkeep-alive\b/.test(connection) && !isStream(response.body);
  return isAsked && body.isSound && !body.isHeldBack;
}

let dateText = "";
let dateSecond = 0;

/** The date as headers have it; made once a second. */
function dateNow(): string {
  const second = Math.trunc(Date.now() / 1000);
  if (second === dateSecond) return dateText;
  dateSecond = second;
  return dateText = new Date(second * 1000).toUTCString();
}

/** The body of a request, to be read once: in pieces as they come, or whole. */
export class RequestBody implements AsyncIterable<Uint8Array> {
  /** Whether all of it was read. */
  isOver: boolean;
  /** Whether what comes after it is the next request. */
  isSound = true;
  /** Whether the client waits for the word to send it. */
  isHeldBack: boolean;
  readonly #connection: Connection;
  /** How many bytes it may have. */
  readonly #limit: number;
  readonly #isChunked: boolean;
  /** How much is to come, or is to come of this chunk. */
  #left = 0;
  #total = 0;
  #isBehindChunk = false;
  #isInTrailers = false;

  constructor(connection: Connection, head: HttpHead, limit: number) {
    this.#connection = connection;
    this.#limit = limit;
    const { headers, version } = head;
    const length = headers.get("content-length");
    const coding = headers.get("transfer-encoding");
    this.#isChunked = coding !== undefined;
    if (coding !== undefined) {
      if (length !== undefined || version === "1.0") throw new HttpError(400);
      if (coding.toLowerCase() !== "chunked") throw new HttpError(501);
    } else if (length !== undefined) {
      if (!/^\d{1,15}$/.test(length)) throw new HttpError(400);
      this.#left = Number(length);
      if (this.#left > limit) throw new HttpError(413);
    }
    this.isOver = !this.#isChunked && this.#left === 0;
    const expect = headers.get("expect")?.toLowerCase();
    this.isHeldBack = expect === "100-continue" && !this.isOver;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    if (this.isHeldBack) {
      this.isHeldBack = false;
      this.#connection.writer.write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    while (!this.isOver) {
      const piece = await this.#await();
      if (piece !== undefined) yield piece;
    }
  }

  /** Reads to the end; false if that fails. */
  async skip(): Promise<boolean> {
    try {
      while (!this.isOver) await this.#await();
      return true;
    } catch (error) {
      if (error instanceof HttpError) return false;
      throw error;
    }
  }

  async bytes(): Promise<Uint8Array> {
    return Buffer.concat(await Array.fromAsync(this));
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async #await(): Promise<Uint8Array | undefined> {
    const { phase } = this.#connection;
    this.#connection.phase = "body";
    try {
      return await this.#next();
    } catch (error) {
      if (isCancelled(error)) throw error; // it can be read on
      this.isSound = false;
      const isWrong = error instanceof IncompleteReadError ||
        error instanceof LimitOverrunError;
      throw isWrong ? new HttpError(400) : error;
    } finally {
      this.#connection.phase = phase;
    }
  }

  /** The next piece; none if a line was next. */
  async #next(): Promise<Uint8Array | undefined> {
    if (this.#left === 0) return this.#takeLine(await this.#readLine());
    const piece = await this.#connection.reader.read(
      Math.min(this.#left, 65_536),
    );
    if (piece.length === 0) throw new HttpError(400, "The body is cut");
    this.#left -= piece.length;
    this.isOver = this.#left === 0 && !this.#isChunked;
    return piece;
  }

  async #readLine(): Promise<string> {
    const bytes = await this.#connection.reader.readUntil("\r\n");
    return String.fromCharCode(...bytes).slice(0, -2);
  }

  #takeLine(line: string): undefined {
    if (this.#isInTrailers) {
      this.isOver = line === "";
      this.#count(line.length);
    } else if (this.#isBehindChunk) {
      if (line !== "") throw new HttpError(400);
      this.#isBehindChunk = false;
    } else {
      const [, size] = /^([\da-f]{1,8})[ \t]*(;.*)?$/i.exec(line) ?? [];
      if (size === undefined) throw new HttpError(400);
      this.#count(this.#left = parseInt(size, 16));
      this.#isInTrailers = this.#left === 0;
      this.#isBehindChunk = this.#left > 0;
    }
  }

  #count(bytes: number): void {
    this.#total += bytes;
    if (this.#total > this.#limit) throw new HttpError(413);
  }
}
