/** @module */
import { show } from "../address.ts";
import type { Listener } from "./tcp_listener.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { sleep } from "../../tasks/sleep.ts";

/** How long to wait for what is missing, in milliseconds. */
const RETRY_PAUSE_MS = 1000;
/**
 * How long it must have gone well for a failure to be news, in milliseconds.
 */
const REPORT_AGAIN_AFTER_MS = 60_000;

/** Who takes the clients. */
export interface Acceptor {
  /** Aborts when no more are taken. */
  readonly signal: AbortSignal;
  /** Waits until there is room for one more; rejects when no more are taken. */
  room(): Promise<void>;
  /** Takes it; false where there is no room, or no more are taken. */
  take(conn: Deno.Conn): boolean;
}

/**
 * Accepts clients until the acceptor is done with it. Outlives everything that
 * can happen on the way: clients that are gone already, and moments without
 * file descriptors or memory, when trying at once would only burn time.
 */
export async function acceptAll(
  { listener, sockname }: Listener,
  acceptor: Acceptor,
): Promise<void> {
  const { signal } = acceptor;
  const { clock } = currentScope().scheduler;
  let lastFailure = -Infinity;
  while (!signal.aborted) {
    try {
      await acceptor.room();
      const conn = await listener.accept();
      try {
        // Another listener may have taken the place.
        while (!acceptor.take(conn)) await acceptor.room();
      } catch (error) {
        conn.close();
        throw error;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isOfClient(error)) continue;
      if (clock.now() - lastFailure > REPORT_AGAIN_AFTER_MS) {
        report(error, sockname);
      }
      lastFailure = clock.now();
      await sleep(RETRY_PAUSE_MS, { signal }).catch(() => {});
    }
  }
}

/** Whether only that client is concerned. */
function isOfClient(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset;
}

function report(error: unknown, addr: Deno.Addr): void {
  const { code } = error as { code?: unknown };
  const reason = code === "EMFILE" || code === "ENFILE"
    ? "Out of file descriptors"
    : "Cannot accept clients";
  currentScope().scheduler.report({
    message: `${reason}: the server on ${
      show(addr)
    } goes on in a second, and then every second until it can`,
    error,
  });
}
