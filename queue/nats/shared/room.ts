/** What fits into one message of the servers. @module */
import { asciiJson } from "../producer/job_message.ts";

/** Bytes that the headers of a job, or of its dead letter, take at most. */
const HEADROOM = 6000;

/** The longest message, in bytes, of a connection. */
interface Limited {
  readonly maxPayload: number;
}

/** How many bytes fit into a message beside `text`, which may be in any script. */
export function roomBeside({ maxPayload }: Limited, text: string): number {
  return maxPayload - HEADROOM - 6 * text.length;
}

/**
 * Throws if `text` does not fit into a message about a job.
 *
 * @param action What is not possible then: `"report"`.
 */
export function checkFits(
  connection: Limited,
  text: string,
  { id, action }: { id: string; action: string },
): void {
  const room = roomBeside(connection, id);
  if (6 * text.length <= room) return; // as in almost all cases
  const { length } = asciiJson(text);
  if (length <= room) return;
  throw new RangeError(
    `Cannot ${action}: the servers take at most ${room} bytes, received ${length}`,
  );
}
