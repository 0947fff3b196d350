/** JetStream's own interface: JSON, asked and answered. @module */
import { NatsError } from "../errors.ts";
import type {
  ReconnectingConnection,
  RequestOptions,
} from "./reconnecting_connection.ts";

/** What JetStream says to what it does not do. */
export interface ApiProblem {
  code: number;
  err_code: number;
  description: string;
}

/** An answer, as far as it is common to all. */
export interface ApiReply {
  error?: ApiProblem;
}

/** JetStream refuses. */
export class ApiError extends NatsError {
  readonly code: number;

  constructor({ err_code, description }: ApiProblem, asked: string) {
    super(`NATS refuses ${asked}: ${description} (${err_code})`);
    this.code = err_code;
  }
}

/** The codes of JetStream's refusals that mean something here. */
export const code = {
  noPeers: 10005,
  consumerNotFound: 10014,
  messageNotFound: 10037,
  notEnabledForAccount: 10039,
  sequenceNotFound: 10043,
  deleteFailed: 10057,
  otherConfiguration: 10058,
  streamNotFound: 10059,
  overlap: 10065,
  notThatSequence: 10071,
  noReplicas: 10074,
  notEnabled: 10076,
  storeFailed: 10077,
} as const;

/**
 * Servers that are about to agree on something: incomplete, not active, not
 * assigned, not available, no leader, offline.
 */
const PASSING = new Set([10002, 10006, 10007, 10008, 10009, 10118]);

/** There is no such stream, or nobody to work on it. */
const MISSING = new Set<number>([code.consumerNotFound, code.streamNotFound]);

const FIRST_PAUSE = 50, LONGEST_PAUSE = 1000;

/** Asks the interface of JetStream, until it is able to answer. */
export async function api<R extends ApiReply>(
  link: ReconnectingConnection,
  subject: string,
  body?: unknown,
  options?: RequestOptions,
): Promise<R> {
  const data = body === undefined ? "" : JSON.stringify(body);
  const question = { asked: subject, subject: `$JS.API.${subject}`, data };
  return await answered(link, question, options, link.doubt);
}

/** What is put to the servers; `asked` says it in words. */
export interface Request {
  readonly asked: string;
  readonly subject: string;
  readonly data: Uint8Array | string;
}

/**
 * Asks again, as long as the answer is that it cannot be given now; for `doubt`
 * milliseconds also where it is that there is no such stream.
 */
export async function answered<R extends ApiReply>(
  link: ReconnectingConnection,
  { asked, subject, data }: Request,
  options?: RequestOptions,
  doubt = 0,
): Promise<R> {
  const started = performance.now();
  for (let ms = FIRST_PAUSE;; ms = Math.min(ms * 2, LONGEST_PAUSE)) {
    const reply = (await link.ask(subject, data, options)).json<R>();
    if (reply.error === undefined) return reply;
    const { err_code } = reply.error;
    const doubted = MISSING.has(err_code) &&
      performance.now() - started < doubt;
    if (!PASSING.has(err_code) && !doubted) {
      throw new ApiError(reply.error, asked);
    }
    await link.pause(ms, options);
  }
}

/** The same, but `undefined` where that which is asked for is not there. */
export async function apiFind<R extends ApiReply>(
  link: ReconnectingConnection,
  subject: string,
  body?: unknown,
  options?: RequestOptions,
): Promise<R | undefined> {
  try {
    return await api<R>(link, subject, body, options);
  } catch (error) {
    if (error instanceof ApiError && isNotFound(error)) return undefined;
    throw error;
  }
}

const NOT_FOUND = new Set<number>([
  code.consumerNotFound,
  code.messageNotFound,
  code.streamNotFound,
  code.sequenceNotFound,
  code.deleteFailed,
]);

/** A message that is not there cannot be deleted, nor one that must stay. */
function isNotFound({ code, message }: ApiError): boolean {
  return NOT_FOUND.has(code) && !message.includes("not permitted");
}
