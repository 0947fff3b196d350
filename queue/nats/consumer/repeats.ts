/** Deliveries of jobs that a process may have dealt with already. @module */
import type { QueueContext } from "../queue_context.ts";
import type { KnownJobs } from "../shared/known_jobs.ts";
import type { Line } from "../subjects.ts";
import type { Delivery } from "./delivery.ts";
import type { Knowledge } from "./held_jobs.ts";

/**
 * For how long after the connection was made again each delivery is asked about, in
 * milliseconds, and for how long again and again, until all processes are back: a
 * server that was killed may have forgotten what it has handed out.
 */
const DOUBT = 2000, RETURN = 500;

/** After how many jobs that no process knows the rest counts as new. */
const NEW = 20;

/** Finds out which deliveries repeat others. */
export class Repeats {
  readonly #context: QueueContext;
  readonly #known: KnownJobs;
  /** The highest number of a first delivery, by line: they come in order. */
  readonly #highest = new Map<Line, number>();
  /** When the connection was made again, by the clock. */
  #connected = -Infinity;
  /** How many jobs since then no process knew, one after the other. */
  #unknown = 0;

  constructor(context: QueueContext, known: KnownJobs) {
    this.#context = context;
    this.#known = known;
    const { connection, clock } = context;
    connection.onChange(() => {
      if (!connection.up) return;
      this.#connected = clock.now();
      this.#unknown = 0;
    });
  }

  /** Whether the job was not delivered before, as far as can be seen. */
  isFirst({ deliveries, line, sequence }: Delivery): boolean {
    if (deliveries > 1) return false;
    if (sequence <= (this.#highest.get(line) ?? 0)) return false;
    this.#highest.set(line, sequence);
    return this.#unknown >= NEW || this.#connectedFor > DOUBT;
  }

  /** What the processes of the queue know of the job with this key. */
  async ask(key: string): Promise<Knowledge | undefined> {
    const { connection } = this.#context;
    let known: Knowledge | undefined;
    do {
      known = await this.#known.ask(key);
    } while (
      known === undefined && this.#connectedFor < RETURN &&
      connection.error === undefined
    );
    this.#unknown = known === undefined ? this.#unknown + 1 : 0;
    return known;
  }

  get #connectedFor(): number {
    return this.#context.clock.now() - this.#connected;
  }
}
