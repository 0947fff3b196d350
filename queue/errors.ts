/** The errors of the queues. @module */

/** Thrown by `getNowait` if there is no item. Mirrors `asyncio.QueueEmpty`. */
export class QueueEmptyError extends Error {
  /** `"QueueEmptyError"` */
  override name = "QueueEmptyError";
}

/** Thrown by `putNowait` if there is no room. Mirrors `asyncio.QueueFull`. */
export class QueueFullError extends Error {
  /** `"QueueFullError"` */
  override name = "QueueFullError";
}

/**
 * Thrown by a put if the queue is shut down, and by a get once it is empty, too.
 * Mirrors `asyncio.QueueShutDown`.
 */
export class QueueShutDownError extends Error {
  /** `"QueueShutDownError"` */
  override name = "QueueShutDownError";
  /** For a put: the item that was not put. */
  readonly item?: unknown;

  /**
   * Makes one.
   *
   * @param message What was asked of the queue.
   * @param options For a put: the item.
   */
  constructor(message?: string, options?: ErrorOptions & { item?: unknown }) {
    super(message, options);
    if (options !== undefined && "item" in options) this.item = options.item;
  }
}

/**
 * A {@linkcode Subscription} with the overflow `"fail"` was too slow, and has
 * missed items. As tokio's `broadcast::error::RecvError::Lagged`.
 */
export class LaggedError extends Error {
  /** `"LaggedError"` */
  override name = "LaggedError";
  /** How many items were missed until now. */
  readonly missed: number;

  /**
   * Makes one.
   *
   * @param missed How many items were missed.
   */
  constructor(missed: number) {
    super(
      `Cannot get: the subscription was too slow, and has missed ${missed}`,
    );
    this.missed = missed;
  }
}

/** The error of a put into a queue that is shut down. */
export function shutDownPutError(item: unknown): QueueShutDownError {
  return new QueueShutDownError("Cannot put: the queue is shut down", { item });
}

/** The error of a get from a queue that is shut down and empty. */
export function shutDownGetError(): QueueShutDownError {
  return new QueueShutDownError("Cannot get: the queue is shut down and empty");
}

/** The error of an item that has a `then`. */
export function thenableItemError(): TypeError {
  return new TypeError(
    "Cannot put: an item of a queue has no `then`, as `await queue.get()` would wait for it: put it into an object, as in put({ promise })",
  );
}
