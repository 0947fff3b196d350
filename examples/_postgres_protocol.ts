/**
 * The protocol of PostgreSQL, version 3.0: messages, values, SCRAM-SHA-256.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

export type Row = Record<string, unknown>;
export interface Result {
  rows: Row[];
  /** How many rows the statement has read or changed. */
  count: number;
}

/** An error that the server reports, with its SQLSTATE as `code`. */
export class PostgresError extends Error {
  override name = "PostgresError";
  readonly code: string;
  readonly detail: string | undefined;
  constructor(fields: Record<string, string>) {
    super(fields.M);
    this.code = fields.C!;
    this.detail = fields.D;
  }
}

type Parse = (bytes: Buffer, start: number, end: number) => unknown;
export type Column = { name: string; parse: Parse };

const text: Parse = (bytes, start, end) => bytes.toString("utf8", start, end);

const from = (make: (value: string) => unknown): Parse => (...value) =>
  make(text(...value) as string);

const integer: Parse = (bytes, start, end) => {
  const isNegative = bytes[start] === 45;
  let value = 0;
  for (let i = start + Number(isNegative); i < end; i++) {
    value = value * 10 + bytes[i]! - 48;
  }
  return isNegative ? -value : value;
};

/** By the number of the type. Values of all other types are text. */
const parsers: Record<number, Parse> = {
  16: (bytes, start) => bytes[start] === 116, // t
  17: from((value) => Uint8Array.fromHex(value.slice(2))),
  20: from(BigInt),
  ...{ 21: integer, 23: integer, 26: integer },
  ...{ 700: from(Number), 701: from(Number) },
  ...{ 114: from(JSON.parse), 3802: from(JSON.parse) },
  1184: from((value) => new Date(value)),
};

/** A parameter as text, in the way in which PostgreSQL writes its type. */
function literal(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${value.toHex()}`;
  if (Array.isArray(value)) return `{${value.map(element).join()}}`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function element(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (Array.isArray(value)) return literal(value);
  return `"${literal(value).replace(/["\\]/g, "\\$&")}"`;
}

export function numbers(size: 2 | 4, ...values: number[]): Buffer {
  const bytes = Buffer.alloc(size * values.length);
  values.forEach((it, i) => bytes.writeIntBE(it, i * size, size));
  return bytes;
}

/** A message to the server. Text in it ends with a zero. */
export function message(type: string, ...parts: (string | Buffer)[]): Buffer {
  const pieces = parts.map((part) => {
    if (typeof part !== "string") return part;
    if (!part.includes("\0")) return Buffer.from(`${part}\0`);
    throw new TypeError("Cannot send text with a zero to PostgreSQL");
  });
  const length = pieces.reduce((sum, piece) => sum + piece.length, 4);
  return Buffer.concat([Buffer.from(type), numbers(4, length), ...pieces]);
}

/** Prepares a statement in place of that of this name; asks for its columns. */
export function prepare(name: string, sql: string): Buffer {
  const statement = Buffer.from("S");
  return Buffer.concat([
    message("C", statement, name),
    message("P", name, sql, numbers(2, 0)),
    message("D", statement, name),
  ]);
}

export function bind(statement: string, values: unknown[]): Buffer {
  const parts = ["", statement, numbers(2, 0, values.length)];
  for (const value of values) {
    const isNull = value === null || value === undefined;
    const bytes = Buffer.from(isNull ? "" : literal(value));
    parts.push(numbers(4, isNull ? -1 : bytes.length), bytes);
  }
  return message("B", ...parts, numbers(2, 0));
}

export const EXECUTE_AND_SYNC = Buffer.concat([
  message("E", "", numbers(4, 0)),
  message("S"),
]);

/** SCRAM-SHA-256: each side proves that it knows the password. */
export function scram(password: string) {
  const nonce = crypto.randomUUID();
  let signature: string;
  const hmac = (key: Buffer, data: string) =>
    createHmac("sha256", key).update(data).digest();
  return {
    first: `n,,n=,r=${nonce}`,
    answer(challenge: string): string {
      const [, r, s, i] = /^r=(.+),s=(.+),i=(\d{1,6})$/.exec(challenge) ?? [];
      if (!r?.startsWith(nonce)) throw new Error("Cannot trust the server");
      const salt = Buffer.from(s!, "base64");
      const secret = password.normalize("NFKC");
      const salted = pbkdf2Sync(secret, salt, Number(i), 32, "sha256");
      const all = `n=,r=${nonce},${challenge},c=biws,r=${r}`;
      signature = hmac(hmac(salted, "Server Key"), all).toString("base64");
      const key = hmac(salted, "Client Key");
      const mask = hmac(createHash("sha256").update(key).digest(), all);
      const proof = key.map((byte, i) => byte ^ mask[i]!).toBase64();
      return `c=biws,r=${r},p=${proof}`;
    },
    verify(final: string): void {
      if (signature === undefined || final !== `v=${signature}`) {
        throw new Error("Cannot trust the server: it lacks the password");
      }
    },
  };
}

/** Reads the messages of the server, one after the other. */
export class Messages {
  type = "";
  /** Where the next message begins. */
  end = 0;
  #at = 0;
  readonly #bytes: Buffer;
  constructor({ buffer, byteOffset, length }: Uint8Array) {
    this.#bytes = Buffer.from(buffer, byteOffset, length);
  }
  /** How many bytes must be there for the next message. */
  get needed(): number {
    const { length } = this.#bytes;
    if (length < this.end + 5) return this.end + 5;
    return this.end + 1 + this.#bytes.readInt32BE(this.end + 1);
  }
  next(): boolean {
    const { needed } = this;
    if (needed > this.#bytes.length) return false;
    this.#at = this.end + 5;
    this.type = String.fromCharCode(this.#bytes[this.end]!);
    this.end = needed;
    return true;
  }
  skip = (n: number) => (this.#at += n) - n;
  int16 = () => this.#bytes.readInt16BE(this.skip(2));
  int32 = () => this.#bytes.readInt32BE(this.skip(4));
  rest = () => text(this.#bytes, this.#at, this.end) as string;
  word(): string {
    const start = this.#at;
    this.#at = this.#bytes.indexOf(0, start) + 1;
    return this.#bytes.toString("utf8", start, this.#at - 1);
  }
  fields(): Record<string, string> {
    const words = this.rest().split("\0").filter((word) => word !== "");
    return Object.fromEntries(words.map((it) => [it[0], it.slice(1)]));
  }
  columns(): Column[] {
    return Array.from({ length: this.int16() }, () => {
      const name = this.word();
      this.skip(6); // the table that it belongs to
      const parse = parsers[this.int32()] ?? text;
      this.skip(8); // its size, and its format: text
      return { name, parse };
    });
  }
  row(columns: Column[]): Row {
    const row: Row = {};
    this.skip(2);
    for (const { name, parse } of columns) {
      const length = this.int32();
      if (length < 0) row[name] = null;
      else row[name] = parse(this.#bytes, this.skip(length), this.#at);
    }
    return row;
  }
}

export function saslStart(first: string): Buffer {
  const bytes = Buffer.from(first);
  return message("p", "SCRAM-SHA-256", numbers(4, bytes.length), bytes);
}

/** What the server answers to one request. */
export class Reply {
  readonly results: Result[] = [];
  columns: Column[];
  isPrepared = false;
  error: PostgresError | undefined;
  #rows: Row[] = [];

  constructor(columns: Column[] = []) {
    this.columns = columns;
  }

  take(message: Messages): void {
    switch (message.type) {
      case "D":
        this.#rows.push(message.row(this.columns));
        break;
      case "T":
        this.columns = message.columns();
        break;
      case "C": { // such as "INSERT 0 3"
        const count = Number(message.word().split(" ").pop()) || 0;
        this.results.push({ rows: this.#rows, count });
        this.#rows = [];
        break;
      }
      case "I": // there was no statement
        this.results.push({ rows: [], count: 0 });
        break;
      case "1":
        this.isPrepared = true;
        break;
      case "E":
        this.error = new PostgresError(message.fields());
    }
  }
}
