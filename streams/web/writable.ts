/** @module */
import type { Connection } from "../connection/connection.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";

/** A Web Stream to `connection`, with the backpressure of its `drain`. */
export function writableOf(
  connection: Connection,
  write: (data: Uint8Array) => void,
): WritableStream<Uint8Array> {
  return writableTo(connection, (chunk, signal) => {
    write(chunk);
    return connection.drain({ signal });
  });
}

/** One that has written when the bytes are sent. */
export function sendingTo(connection: Connection): WritableStream<Uint8Array> {
  return writableTo(connection, (chunk, signal) => {
    connection.write(chunk);
    return connection.flushed({ signal });
  });
}

function writableTo(
  connection: Connection,
  write: (chunk: Uint8Array, signal: AbortSignal) => Promise<void>,
): WritableStream<Uint8Array> {
  let forget: () => void;
  return new WritableStream({
    start(controller): void {
      // Or a pipe whose source is silent would never know.
      forget = connection.whenLocallyEnded((error) => controller.error(error));
    },
    // The signal: or an abort would wait for a peer that reads no more.
    write: (chunk, { signal }) => detached(() => write(chunk, signal)),
    close(): Promise<void> {
      forget(); // it is the stream's own end
      return detached(() => end(connection));
    },
    abort: (reason) => connection.abort(reason),
  });
}

/** Ends this direction, or the connection if that is impossible. */
async function end(connection: Connection): Promise<void> {
  if (connection.canWriteEof) connection.writeEof();
  else connection.close();
  // If it ends the connection, the last words of the sink count as well.
  if (connection.isClosing) await connection.waitClosed();
  else await connection.flushed();
}
