/** Frames of WebSockets (RFC 6455), as a server reads and writes them. @module */
import { Buffer } from "node:buffer";
import type { Decoder } from "@asyncio/asyncio";

export interface Frame {
  isFinal: boolean;
  opcode: number;
  payload: Uint8Array;
}

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** What the client did wrong; the connection is closed with this code. */
export class WebSocketError extends Error {
  override name = "WebSocketError";
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Finds the frames of a client. They are still masked: see `unmask`. */
export class ClientFrames implements Decoder<Frame & { mask: Uint8Array }> {
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  decode(bytes: Uint8Array) {
    if (bytes.length < 2) return undefined;
    const [first, second] = bytes as unknown as [number, number];
    const opcode = first & 15;
    const isFinal = first >= 128;
    let size = second & 127;
    if (first & 0x70) throw new WebSocketError(1002, "reserved bits");
    if (second < 128) throw new WebSocketError(1002, "not masked");
    if (opcode >= CLOSE && (size > 125 || !isFinal)) {
      throw new WebSocketError(1002, "a long or cut control frame");
    }
    const sizeBytes = size < 126 ? 0 : size === 126 ? 2 : 8;
    const start = 2 + sizeBytes + 4;
    if (bytes.length < start) return undefined;
    if (sizeBytes > 0) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + 2, sizeBytes);
      size = sizeBytes === 2 ? view.getUint16(0) : Number(view.getBigUint64(0));
    }
    if (size > this.#limit) throw new WebSocketError(1009, "too long");
    const length = start + size;
    if (bytes.length < length) return undefined;
    const payload = bytes.subarray(start, length);
    const mask = bytes.subarray(start - 4, start);
    return { value: { isFinal, opcode, payload, mask }, length };
  }
}

/** Takes the mask off, in place: a frame that was read is the reader's own. */
export function unmask(
  { payload, mask }: { payload: Uint8Array; mask: Uint8Array },
): void {
  const { buffer, byteOffset, length } = payload;
  let i = 0;
  const one = () => payload[i]! ^= mask[i++ & 3]!;
  if (length >= 32) { // in words, as far as they go
    while ((byteOffset + i) % 4 > 0) one();
    const turned = Uint8Array.from([0, 1, 2, 3], (n) => mask[(i + n) & 3]!);
    const [word] = new Uint32Array(turned.buffer);
    const words = new Uint32Array(buffer, byteOffset + i, (length - i) >> 2);
    for (let n = 0; n < words.length; n++) words[n]! ^= word!;
    i += words.length * 4;
  }
  while (i < length) one();
}

/** The beginning of a frame of the server; its payload follows. */
export function frameHead(opcode: number, size: number): Buffer {
  const length = size < 126 ? 2 : size < 65_536 ? 4 : 10;
  const head = Buffer.allocUnsafe(length);
  head[0] = 128 | opcode;
  head[1] = length === 2 ? size : length === 4 ? 126 : 127;
  if (length === 4) head.writeUInt16BE(size, 2);
  if (length === 10) head.writeBigUInt64BE(BigInt(size), 2);
  return head;
}

/** Puts messages together, text as a string. */
export class Messages {
  readonly #limit: number;
  readonly #decoder = new TextDecoder("utf-8", {
    fatal: true,
    ignoreBOM: true,
  });
  /** Of the message that has begun, if one has. */
  #opcode = CONTINUATION;
  #parts: (string | Uint8Array)[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a data frame: the message that it ends, if it does. */
  take({ opcode, isFinal, payload }: Frame): string | Uint8Array | undefined {
    const isFirst = opcode !== CONTINUATION;
    if (opcode > BINARY || isFirst !== (this.#opcode === CONTINUATION)) {
      throw new WebSocketError(1002, "unexpected opcode");
    }
    this.#size += payload.length;
    if (this.#size > this.#limit) throw new WebSocketError(1009, "too long");
    if (isFirst) this.#opcode = opcode;
    const isText = this.#opcode === TEXT;
    const part = isText ? decode(this.#decoder, payload, !isFinal) : payload;
    if (part.length > 0) this.#parts.push(part);
    if (!isFinal) return undefined;
    const parts = this.#parts;
    this.#opcode = CONTINUATION;
    this.#parts = [];
    this.#size = 0;
    return isText ? parts.join("") : joined(parts as Uint8Array[]);
  }
}

function joined(parts: Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(
  decoder: TextDecoder,
  bytes: Uint8Array,
  stream = false,
): string {
  try {
    return decoder.decode(bytes, { stream });
  } catch {
    throw new WebSocketError(1007, "not UTF-8");
  }
}

/** The code of a close frame; 1005 if it has no code. */
export function closeCode({ payload }: Frame): number {
  if (payload.length === 0) return 1005;
  const code = payload[0]! << 8 | payload[1]!;
  const isKnown = code >= 1000 && code <= 1014 &&
    !(code >= 1004 && code <= 1006);
  if (!isKnown && !(code >= 3000 && code <= 4999)) {
    throw new WebSocketError(1002, "unknown code");
  }
  decode(utf8, payload.subarray(2));
  return code;
}

/** The payload of a close frame. */
export function closePayload(code: number, reason = ""): Buffer {
  if (code === 1005) return Buffer.alloc(0);
  const payload = Buffer.from(`??${reason}`);
  payload.writeUInt16BE(code);
  return payload;
}
