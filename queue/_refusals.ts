/** The errors that queues answer with. @module */
import { QueueShutDownError } from "./errors.ts";

/** The error of a put into a queue that is shut down. */
export function putRefused(item: unknown): QueueShutDownError {
  return new QueueShutDownError("put into a queue that is shut down", { item });
}

/** The error of a get from a queue that is shut down and empty. */
export function nothingLeft(): QueueShutDownError {
  return new QueueShutDownError("get from a queue that is shut down and empty");
}

/** The error of an item that has a `then`. */
export function itemRefused(): TypeError {
  return new TypeError(
    "an item of a queue has no `then`, as `await queue.get()` would wait for it: put it into an object, as in put({ promise })",
  );
}
