/** @module */
import { openDatagram } from "../datagram/open_datagram.ts";
import { IncompleteReadError } from "../errors.ts";
import { openConnection } from "../open_connection.ts";
import {
  decodeAnswer,
  type DnsAnswer,
  type DnsRecord,
  encodeQuery,
  type Question,
  RECORD_TYPES,
} from "./dns_message.ts";
import { lookupError, type LookupErrorCode } from "./lookup_error.ts";
import { moveOnAfter } from "../../tasks/timeout.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";

/** Which name server is asked. */
export interface NameServer {
  /** Its address, or a name that the system knows. */
  hostname: string;
  /** Its port; 53 unless given. */
  port?: number | undefined;
}

/** Pauses before a query is sent once more: each is twice as long. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 8000;
/** More names in a row than this, each an alias of the next, are a ring. */
const MAX_ALIASES = 16;

const CODES: Record<number, LookupErrorCode> = {
  1: "EFORMERR",
  2: "ESERVFAIL",
  3: "ENOTFOUND",
  4: "ENOTIMP",
  5: "EREFUSED",
};

/**
 * Asks one recursive name server: over UDP, and over TCP if the answer does not
 * fit into a datagram.
 */
export class StubResolver {
  readonly #server: { hostname: string; port: number };
  readonly #options: WaitOptions;

  constructor(
    { hostname, port = 53 }: NameServer,
    { signal }: WaitOptions,
  ) {
    this.#server = { hostname, port };
    this.#options = { signal };
  }

  /**
   * The values of all records of that name and type, also behind aliases; none
   * if the name has no such record.
   */
  async resolve({ name, type }: Question): Promise<string[]> {
    let at = name.toLowerCase();
    for (let aliases = 0; aliases <= MAX_ALIASES; aliases++) {
      const { records } = await this.#ask({ name: at, type });
      const end = endOfAliases(at, records);
      const found = records.filter((it) => it.name === end && it.type === type);
      if (found.length > 0 || end === at) {
        return found.map(({ value }) => value);
      }
      at = end; // the name server has not followed the alias
    }
    throw lookupError(name, "EBADRESP");
  }

  async #ask(question: Question): Promise<DnsAnswer> {
    let answer = await this.#askOverUdp(question);
    if (answer.truncated) answer = await this.#askOverTcp(question);
    if (answer.code === 0) return answer;
    throw lookupError(question.name, CODES[answer.code] ?? "ESERVFAIL");
  }

  /** Sends the query again until there is an answer. */
  async #askOverUdp(question: Question): Promise<DnsAnswer> {
    using endpoint = await openDatagram({
      remote: this.#server,
      ...this.#options,
    });
    const query = new Query(question);
    for (let pause = FIRST_PAUSE_MS;; pause = nextPause(pause)) {
      await endpoint.send(query.message);
      const answer = await moveOnAfter(pause, async () => {
        while (true) {
          const { data } = await endpoint.receive(this.#options);
          const answer = query.answerIn(data);
          if (answer !== undefined) return answer;
        }
      });
      if (answer !== undefined) return answer;
    }
  }

  /** Each message is preceded by its length. */
  async #askOverTcp(question: Question): Promise<DnsAnswer> {
    const query = new Query(question);
    const { message } = query;
    const { reader, writer } = await openConnection({
      ...this.#server,
      ...this.#options,
    });
    try {
      writer.write(new Uint8Array([message.length >> 8, message.length]));
      writer.write(message);
      while (true) {
        const [high, low] = await reader.readExactly(2, this.#options);
        const length = high! << 8 | low!;
        const data = await reader.readExactly(length, this.#options);
        const answer = query.answerIn(data);
        if (answer !== undefined) return answer;
      }
    } catch (error) {
      if (!(error instanceof IncompleteReadError)) throw error;
      throw lookupError(question.name, "EBADRESP", error);
    } finally {
      writer.abort();
    }
  }
}

/** A question with the number that its answer has to bear. */
class Query {
  readonly message: Uint8Array<ArrayBuffer>;
  readonly #question: Question;
  readonly #id = crypto.getRandomValues(new Uint16Array(1))[0]!;

  constructor(question: Question) {
    this.#question = question;
    this.message = encodeQuery(this.#id, question);
  }

  /** The answer; `undefined` if `data` answers something else. */
  answerIn(data: Uint8Array): DnsAnswer | undefined {
    if ((data[0]! << 8 | data[1]!) !== this.#id) return undefined;
    const { name, type } = this.#question;
    try {
      const answer = decodeAnswer(data);
      const { question } = answer ?? {};
      const isMine = question === undefined ||
        question.name === name && question.type === RECORD_TYPES[type];
      return isMine ? answer : undefined;
    } catch (error) {
      throw lookupError(name, "EBADRESP", error);
    }
  }
}

function nextPause(pause: number): number {
  return Math.min(2 * pause, LONGEST_PAUSE_MS);
}

/** The name behind all aliases that the answer has for `name`. */
function endOfAliases(name: string, records: DnsRecord[]): string {
  const passed = new Set<string>();
  for (let at = name;;) {
    const alias = records.find((it) => it.name === at && it.type === "CNAME");
    if (alias === undefined) return at;
    if (passed.has(at)) throw lookupError(name, "EBADRESP");
    passed.add(at);
    at = alias.value;
  }
}
