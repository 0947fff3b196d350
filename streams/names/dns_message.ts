/**
 * Messages of the Domain Name System, as far as a look-up needs them: a query
 * of one question, and the answers to it (RFC 1035, RFC 3596).
 *
 * @module
 */

/** The types of records that are looked up. */
export const RECORD_TYPES = { A: 1, CNAME: 5, PTR: 12, AAAA: 28 } as const;

/** The name of such a type. */
export type RecordType = keyof typeof RECORD_TYPES;

/** What is asked: names are in lower case, without the last dot. */
export interface Question {
  name: string;
  type: RecordType;
}

/** One record of an answer. */
export interface DnsRecord extends Question {
  /** An address, or a name. */
  value: string;
}

/** The answer of a name server. */
export interface DnsAnswer {
  id: number;
  question: { name: string; type: number } | undefined;
  /** Whether it did not fit into a datagram. */
  truncated: boolean;
  /** The response code; 0 means that there was no error. */
  code: number;
  records: DnsRecord[];
}

const CLASS_IN = 1;
const HEADER_SIZE = 12;
/** Flags of a query: the name server is to ask others. */
const RECURSION_DESIRED = 0x0100;
const IS_RESPONSE = 0x8000;
const IS_TRUNCATED = 0x0200;
const MAX_LABEL = 63;
const MAX_NAME = 253;
/** More pointers than this in one name are a ring. */
const MAX_POINTERS = 64;

const NAMES_OF_TYPES = new Map(
  Object.entries(RECORD_TYPES).map(([name, type]) => [
    type as number,
    name as RecordType,
  ]),
);

/** @throws {RangeError} The name is none that a name server could know. */
export function encodeQuery(
  id: number,
  { name, type }: Question,
): Uint8Array<ArrayBuffer> {
  const labels = labelsOf(name);
  const size = labels.reduce((sum, label) => sum + 1 + label.length, 1);
  const message = new Uint8Array(HEADER_SIZE + size + 4);
  const view = new DataView(message.buffer);
  view.setUint16(0, id);
  view.setUint16(2, RECURSION_DESIRED);
  view.setUint16(4, 1); // one question
  let at = HEADER_SIZE;
  for (const label of labels) {
    message[at++] = label.length;
    for (let i = 0; i < label.length; i++) message[at++] = label.charCodeAt(i);
  }
  view.setUint16(at + 1, RECORD_TYPES[type]);
  view.setUint16(at + 3, CLASS_IN);
  return message;
}

function labelsOf(name: string): string[] {
  const labels = name.split(".");
  const fits = name.length <= MAX_NAME &&
    labels.every(({ length }) => length > 0 && length <= MAX_LABEL);
  if (fits) return labels;
  throw new RangeError(
    `Cannot look up a name: it has parts of 1 to ${MAX_LABEL} letters and ${MAX_NAME} in all, received ${
      JSON.stringify(name)
    }`,
  );
}

/**
 * Reads what a name server has sent; `undefined` if it is no response.
 *
 * @throws {RangeError} It is malformed.
 */
export function decodeAnswer(message: Uint8Array): DnsAnswer | undefined {
  const input = new Input(message);
  const id = input.uint16();
  const flags = input.uint16();
  if ((flags & IS_RESPONSE) === 0) return undefined;
  const questions = input.uint16();
  const answers = input.uint16();
  input.skip(4); // how many records of other sections follow
  let question: DnsAnswer["question"];
  for (let i = 0; i < questions; i++) {
    question = { name: input.name(), type: input.uint16() };
    input.skip(2);
  }
  const truncated = (flags & IS_TRUNCATED) !== 0;
  const records: DnsRecord[] = [];
  // What was cut off may end in the middle of a record.
  for (let i = 0; i < answers && !truncated; i++) {
    const record = input.record();
    if (record !== undefined) records.push(record);
  }
  return { id, question, truncated, code: flags & 0xf, records };
}

/** A message that is read from its beginning to its end. */
class Input {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  skip(count: number): void {
    this.#at += count;
  }

  uint16(): number {
    const value = this.#view.getUint16(this.#at);
    this.#at += 2;
    return value;
  }

  /** A name, which may end in a pointer to one that came before. */
  name(): string {
    const labels: string[] = [];
    let end: number | undefined;
    let at = this.#at;
    for (let pointers = 0;;) {
      const length = this.#view.getUint8(at);
      if (length >= 0xc0) {
        end ??= at + 2;
        at = this.#view.getUint16(at) & 0x3fff;
        if (++pointers > MAX_POINTERS) throw new RangeError("a ring of names");
      } else if (length > MAX_LABEL) {
        throw new RangeError("a label of an unknown kind");
      } else if (length === 0) {
        this.#at = end ?? at + 1;
        return labels.join(".").toLowerCase();
      } else {
        labels.push(this.#text(at + 1, length));
        at += 1 + length;
      }
    }
  }

  /** A record; `undefined` if it is of a type that nothing here asks for. */
  record(): DnsRecord | undefined {
    const name = this.name();
    const type = NAMES_OF_TYPES.get(this.uint16());
    const isInternet = this.uint16() === CLASS_IN;
    this.skip(4); // how long it may be kept
    const length = this.uint16();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError("a record is cut off");
    const value = type === undefined || !isInternet
      ? undefined
      : this.#value(type, length);
    this.#at = end;
    return value === undefined ? undefined : { name, type: type!, value };
  }

  #value(type: RecordType, length: number): string {
    switch (type) {
      case "A":
        if (length !== 4) throw new RangeError("an address of wrong length");
        return this.#bytes.subarray(this.#at, this.#at + 4).join(".");
      case "AAAA":
        if (length !== 16) throw new RangeError("an address of wrong length");
        return this.#ipv6();
      default:
        return this.name();
    }
  }

  /** In the one spelling of RFC 5952. */
  #ipv6(): string {
    const groups = Array.from(
      { length: 8 },
      () => this.uint16().toString(16),
    );
    return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
  }

  #text(from: number, length: number): string {
    if (from + length > this.#bytes.length) {
      throw new RangeError("a name is cut off");
    }
    return String.fromCharCode(...this.#bytes.subarray(from, from + length));
  }
}
