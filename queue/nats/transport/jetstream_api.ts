/** JetStream's own interface: requests and replies in JSON. @module */
import { NatsError } from "../errors.ts";
import type { Msg } from "./client.ts";
import { deadlineIn } from "./deadline.ts";
import type {
  ReconnectingConnection,
  RequestOptions,
} from "./reconnecting_connection.ts";

/** Why JetStream refuses a request. */
export interface ApiProblem {
  code?: number;
  err_code?: number;
  description?: string;
}

/** What all replies have in common. */
export interface ApiReply {
  error?: ApiProblem;
}

/** JetStream refuses. */
export class ApiError extends NatsError {
  readonly code: number;

  constructor({ err_code = 0, description }: ApiProblem, asked: string) {
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
  messageTooLong: 10054,
  deleteFailed: 10057,
  otherConfiguration: 10058,
  streamNotFound: 10059,
  overlap: 10065,
  notThatSequence: 10071,
  noReplicas: 10074,
  notEnabled: 10076,
  storeFailed: 10077,
  notThatSequenceInCluster: 10164,
} as const;

/**
 * Servers that are about to agree on something: incomplete, not active, not
 * assigned, not available, no leader, offline; an id that is just being stored.
 */
const PASSING = new Set([10004, 10006, 10007, 10008, 10009, 10118, 10158]);

/** There is no such stream, or no consumer of it. */
const MISSING = new Set<number>([code.consumerNotFound, code.streamNotFound]);

const FIRST_PAUSE = 50, LONGEST_PAUSE = 1000;

/** A longer time is as good as this one, which is 100 days. */
const LONGEST = 100 * 24 * 3600 * 1e9;

/** A time in milliseconds, as JetStream counts it. */
export function nanoseconds(ms: number): number {
  return Math.min(Math.ceil(ms * 1e6), LONGEST);
}

/** Asks the interface of JetStream, until it is able to answer. */
export async function api<R extends ApiReply>(
  connection: ReconnectingConnection,
  subject: string,
  body?: unknown,
  options?: RequestOptions,
): Promise<R> {
  const data = body === undefined ? "" : JSON.stringify(body);
  const request = { asked: subject, subject: `$JS.API.${subject}`, data };
  const doubt = options?.doubt ?? connection.doubt;
  return await reply(connection, request, options, doubt);
}

/** A request; `asked` describes it in messages. */
export interface ApiRequest {
  readonly asked: string;
  readonly subject: string;
  readonly data: Uint8Array | string;
}

/**
 * Sends a request again as long as the answer is that it cannot be given now; for
 * `doubt` milliseconds also if it is that there is no such stream.
 */
export async function reply<R extends ApiReply>(
  connection: ReconnectingConnection,
  { asked, subject, data }: ApiRequest,
  options?: RequestOptions,
  doubt = 0,
): Promise<R> {
  const doubting = deadlineIn(doubt);
  for (let ms = FIRST_PAUSE;; ms = Math.min(ms * 2, LONGEST_PAUSE)) {
    const found = read<R>(
      await connection.request(subject, data, options),
      asked,
    );
    if (found.error === undefined) return found;
    const { err_code = 0 } = found.error;
    const doubted = MISSING.has(err_code) && doubting.remaining() > 0;
    if (!doubted) throwUnlessPassing(found.error, asked);
    await connection.pause(ms, options);
  }
}

/** Throws a problem that does not pass by itself. */
export function throwUnlessPassing(problem: ApiProblem, asked: string): void {
  if (!PASSING.has(problem.err_code ?? 0)) throw new ApiError(problem, asked);
}

/** Reads a reply; throws a `NatsError` if it is none. */
export function read<R extends ApiReply>(message: Msg, asked: string): R {
  let found: unknown;
  try {
    found = message.json();
  } catch (cause) {
    throw new NatsError(`NATS answers ${asked} with what is no JSON`, {
      cause,
    });
  }
  const problem = (found as ApiReply | null)?.error;
  if (
    typeof found === "object" && found !== null &&
    (problem === undefined ||
      (typeof problem === "object" && problem !== null))
  ) return found as R;
  throw new NatsError(
    `NATS answers ${asked} with what is no reply of JetStream`,
  );
}

/** The same, but `undefined` if that which is asked for is not there. */
export async function apiFind<R extends ApiReply>(
  connection: ReconnectingConnection,
  subject: string,
  body?: unknown,
  options?: RequestOptions,
): Promise<R | undefined> {
  try {
    return await api<R>(connection, subject, body, options);
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

/** Whether a write was refused as another one was quicker. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError &&
    (error.code === code.notThatSequence ||
      error.code === code.notThatSequenceInCluster);
}
