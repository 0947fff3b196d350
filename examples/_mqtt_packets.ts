/** Packets of MQTT 3.1.1. @module */
import { Buffer } from "node:buffer";
import type { Decoder } from "@asyncio/asyncio";

export const CONNECT = 1;
export const CONNACK = 2;
export const PUBLISH = 3;
export const PUBACK = 4;
export const SUBSCRIBE = 8;
export const SUBACK = 9;
export const UNSUBSCRIBE = 10;
export const UNSUBACK = 11;
export const PINGREQ = 12;
export const PINGRESP = 13;
export const DISCONNECT = 14;

export interface Packet {
  type: number;
  flags: number;
  body: Buffer;
}

export interface Message {
  topic: string;
  payload: Uint8Array;
  qos: 0 | 1;
  /** Whether the server had kept it for newcomers. */
  retain: boolean;
}

/** Finds packets: a type with flags, a length of one to four bytes, a body. */
export const packets: Decoder<Packet> = {
  decode(bytes) {
    let size = 0;
    for (let i = 1; i < Math.min(bytes.length, 5); i++) {
      size += (bytes[i]! & 127) * 128 ** (i - 1);
      if (bytes[i]! >= 128) continue;
      const length = i + 1 + size;
      if (bytes.length < length) return undefined;
      const { buffer, byteOffset } = bytes;
      const body = Buffer.from(buffer, byteOffset + i + 1, size);
      return {
        value: { type: bytes[0]! >> 4, flags: bytes[0]! & 15, body },
        length,
      };
    }
    if (bytes.length < 5) return undefined;
    throw new Error("Cannot read: the server does not speak MQTT");
  },
};

/** A packet; text in it is preceded by its length. */
export function encode(
  type: number,
  flags: number,
  ...parts: (string | Uint8Array)[]
): Buffer {
  const pieces = parts.map((it) =>
    typeof it === "string" ? encodeText(it) : it
  );
  let size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const head = [type << 4 | flags];
  do {
    head.push(size % 128 + (size >= 128 ? 128 : 0));
    size = Math.trunc(size / 128);
  } while (size > 0);
  return Buffer.concat([Buffer.from(head), ...pieces]);
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(`??${text}`);
  if (bytes.length > 65_537 || text.includes("\0")) {
    throw new RangeError(
      "Cannot send: text has at most 65535 bytes, and no zero",
    );
  }
  bytes.writeUInt16BE(bytes.length - 2);
  return bytes;
}

export function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}

/** How a client introduces itself. */
export interface Greeting {
  /** The server makes one unless given. */
  clientId?: string;
  username?: string;
  password?: string;
  /** Who says nothing for so many seconds is lost, on both sides; 60 unless given. */
  pingAfter?: number;
}

export function encodeConnect(greeting: Greeting): Buffer {
  const { clientId = "", username, password, pingAfter = 60 } = greeting;
  const words = [username, password].filter((word) => word !== undefined);
  const flags = 2 | Number(username !== undefined) << 7 |
    Number(password !== undefined) << 6;
  const head = [Buffer.from([4, flags]), uint16(pingAfter)];
  return encode(CONNECT, 0, "MQTT", ...head, clientId, ...words);
}

/** Why a server refuses a client, by its return code. */
const REFUSALS = [
  ...["", "another protocol", "the clientId is refused", "not available"],
  ...["wrong user name or password", "not authorized"],
];

export function checkConnack(answer: Packet | undefined): void {
  if (answer?.type !== CONNACK) throw new Error("Cannot connect: no MQTT");
  const code = answer.body[1]!;
  if (code > 0) throw new Error(`Cannot connect: ${REFUSALS[code] ?? code}`);
}

/** The message of a PUBLISH packet, and its number if it is to be answered. */
export function parsePublish(packet: Packet): { message: Message; id: number } {
  const { flags, body } = packet;
  const qos = flags >> 1 & 3;
  if (qos > 1) throw new Error("Cannot take a message of QoS 2");
  const end = 2 + body.readUInt16BE();
  const topic = body.toString("utf8", 2, end);
  const id = qos > 0 ? body.readUInt16BE(end) : 0;
  const payload = new Uint8Array(body.subarray(qos > 0 ? end + 2 : end)); // own
  return {
    message: { topic, payload, qos: qos as 0 | 1, retain: (flags & 1) === 1 },
    id,
  };
}

/** Whether a topic fits a filter, in which + is any level and # all that follow. */
export function matches(filter: string, topic: string): boolean {
  const levels = topic.split("/");
  const wanted = filter.split("/");
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  for (const [i, level] of wanted.entries()) {
    if (level === "#") return true;
    if (i >= levels.length || level !== "+" && level !== levels[i]) {
      return false;
    }
  }
  return wanted.length === levels.length;
}
