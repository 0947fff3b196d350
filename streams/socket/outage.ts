/** @module */
import { formatAddress } from "../address.ts";
import { reportable, shortageOf } from "./shortage.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { sleep } from "../../tasks/sleep.ts";

/** How long to wait for descriptors or memory. */
const PAUSE_MS = 1000;
/** An outage is reported again if the last one was this long ago. */
const REPORT_AGAIN_AFTER_MS = 60_000;

/** The pauses of a server that cannot take clients for now. */
export class Outage {
  readonly #sockname: Deno.Addr;
  #lastReport = -Infinity;

  constructor(sockname: Deno.Addr) {
    this.#sockname = sockname;
  }

  /** Reports it once, and waits a second; less if `signal` aborts. */
  async pause(error: unknown, signal: AbortSignal): Promise<void> {
    const { loop } = currentScope();
    const now = loop.clock.now();
    const isNews = now - this.#lastReport > REPORT_AGAIN_AFTER_MS;
    this.#lastReport = now;
    if (isNews) {
      loop.report({
        message: `${
          shortageOf(error) ?? "Cannot accept clients"
        }: the server on ${
          formatAddress(this.#sockname)
        } goes on in a second, and then every second until it can`,
        error: reportable(error),
      });
    }
    await sleep(PAUSE_MS, { signal }).catch(() => {});
  }
}
