/** @module */
import { AsyncLocalStorage } from "node:async_hooks";
import { clearTimeout, setTimeout } from "node:timers";

/**
 * How long a connection is left alone before it is read ahead. Not at once: TLS can
 * be started only while no read is under way, and a program asks for it right
 * after it has read.
 */
const IDLE_MS = 20;

/** A connection whose source may be read ahead. */
export interface Watched {
  /** A number that changes when bytes come; `undefined` while it is not idle. */
  readonly idleAt: number | undefined;
  /** It is watched no more, as it is idle, or busy again. */
  watched(isIdle: boolean): void;
}

/** The watched connections, with what `idleAt` was at the last look. */
const watched = new Map<Watched, number | undefined>();
let timer: ReturnType<typeof setTimeout> | undefined;
/** The timer belongs to no task. */
const outside = AsyncLocalStorage.snapshot();

/**
 * Notices when `connection` has been idle for a moment, so that it can be read
 * ahead: or the end of its peer would show only when it is read. All share one
 * timer, so a connection that is busy costs next to nothing.
 */
export function watchIdle(connection: Watched): void {
  watched.set(connection, undefined);
  arm();
}

export function unwatchIdle(connection: Watched): void {
  if (!watched.delete(connection) || watched.size > 0) return;
  clearTimeout(timer);
  timer = undefined;
}

function arm(): void {
  if (timer !== undefined) return;
  timer = outside(setTimeout, look, IDLE_MS);
  timer.unref();
}

function look(): void {
  timer = undefined;
  for (const [connection, before] of watched) {
    const { idleAt } = connection;
    if (idleAt !== undefined && idleAt !== before) {
      watched.set(connection, idleAt);
      continue;
    }
    watched.delete(connection);
    connection.watched(idleAt !== undefined);
  }
  if (watched.size > 0) arm();
}
