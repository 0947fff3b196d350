/** Encoding and decoding of values, and the texts of reasons. @module */
import { detached } from "../../tasks/kernel/context/detached.ts";
import { describe, isThenable } from "../../tasks/kernel/types.ts";
import type { JobsOptions } from "./options.ts";

/** Encodes values as bytes, and decodes them. */
export interface Codec<T> {
  /** Throws or rejects if the value cannot be encoded. */
  encode(value: T): Uint8Array | PromiseLike<Uint8Array>;
  /** Throws or rejects if the bytes cannot be decoded. */
  decode(data: Uint8Array): T | PromiseLike<T>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The codec in `options`; JSON by default. */
export function codecOf<T>(options: JobsOptions<T> = {}): Codec<T> {
  const { encode = toJson, decode = fromJson as (data: Uint8Array) => T } =
    options;
  if (typeof encode !== "function" || typeof decode !== "function") {
    const found = typeof encode !== "function" ? encode : decode;
    throw new TypeError(
      `Cannot open a queue of jobs: encode and decode are functions, received ${
        describe(found)
      }`,
    );
  }
  // Bytes are copied on their way to and from the user's functions. A call of `get`
  // that is given up does not cancel what `decode` waits for: the job is not its own.
  return {
    encode(value) {
      const encoded: unknown = encode(value);
      return isThenable(encoded) ? encoded.then(bytesOf) : bytesOf(encoded);
    },
    decode: options.decode === undefined
      ? decode
      : (data) => detached(() => decode(new Uint8Array(data))),
  };
}

function bytesOf(encoded: unknown): Uint8Array {
  if (typeof encoded === "string") return encoder.encode(encoded);
  if (encoded instanceof Uint8Array) return new Uint8Array(encoded);
  throw new TypeError(
    `Cannot put: encode returns a text or a Uint8Array, received ${
      describe(encoded)
    }`,
  );
}

function toJson(value: unknown): string {
  const text: string | undefined = isThenable(value)
    ? undefined // a promise that was not awaited would be stored as {}
    : JSON.stringify(value);
  if (text !== undefined) return text;
  throw new TypeError(
    `Cannot put: the value of a job is something that JSON can express, received ${
      describe(value)
    }`,
  );
}

function fromJson(data: Uint8Array): unknown {
  return JSON.parse(decoder.decode(data));
}

/** The text of a reason, which may be whatever a handler has thrown. */
export function reasonText(reason: unknown): string {
  try {
    const text = reason instanceof Error ? errorText(reason) : String(reason);
    if (!text.startsWith("[object ")) return text;
  } catch {
    // It cannot be made a text, as an object without a prototype.
  }
  return jsonText(reason) ?? Object.prototype.toString.call(reason);
}

function errorText({ name, message }: Error): string {
  return message === "" ? name : `${name}: ${message}`;
}

/** How many characters of a reason are kept. */
const LONGEST_REASON = 500;

/** A reason as it is kept with a dead letter: not too long. */
export function keptReason(reason: string): string {
  return reason.slice(0, LONGEST_REASON).toWellFormed();
}

/** The reason of a dead letter that cannot be decoded. */
export function undecodable(error: unknown): string {
  return `it cannot be decoded: ${reasonText(error)}`;
}

/** The reason of a dead letter whose attempts are used up. */
export function attemptsUsedUp(attempts: number, reason?: unknown): string {
  const times = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  const why = reason === undefined ? "" : `: ${reasonText(reason)}`;
  return `given up after ${times}${why}`;
}

/** A result as JSON; `undefined` if JSON cannot express it. */
export function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** The reason of a dead letter whose first attempt did not begin in time. */
export const EXPIRED = "expired";
