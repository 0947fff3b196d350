/** @module */
import type { Msg } from "../transport/client.ts";

/** A job on its way from the servers. */
export interface Delivery {
  /** Which of the queue's jobs it is. */
  readonly sequence: number;
  /** The same, in all queues of that name that there ever were. */
  readonly key: string;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
  readonly id: string;
  readonly data: Uint8Array;
  /** Milliseconds of `Date.now()` before which it may not be taken. */
  readonly due: number;
  /** Where to say what becomes of it. */
  readonly answerTo: string;
  /** When it came, by `performance.now()`. */
  readonly arrived: number;
  /** How many deliveries were no attempts. */
  returns: number;
  /** The number of the note that says so; 0 where there is none. */
  note: number;
}

/** The headers of a job. */
export const ID = "Jobs-Id", DUE = "Jobs-Due", MESSAGE_ID = "Nats-Msg-Id";

/** The delivery in `message`; `undefined` where that is something else. */
export function deliveryOf(message: Msg): Delivery | undefined {
  const { reply, headers, data } = message;
  if (reply === undefined) return undefined;
  // $JS.ACK.[domain.account.]stream.consumer.deliveries.sequence.n.stored.n
  const parts = reply.split(".");
  if (parts[0] !== "$JS" || parts[1] !== "ACK") return undefined;
  const at = parts.length > 9 ? 6 : 4;
  const id = headers?.get(ID) || headers?.get(MESSAGE_ID) || "";
  return {
    deliveries: Number(parts[at]),
    sequence: Number(parts[at + 1]),
    key: `${parts[at + 1]}-${parts[at + 3]}`,
    id: id === "" ? parts[at + 1]! : decodeURIComponent(id),
    data,
    due: Number(headers?.get(DUE) || 0),
    answerTo: reply,
    arrived: performance.now(),
    returns: 0,
    note: 0,
  };
}
