/** @module */
import { momentIn } from "../../jobs/settings.ts";
import type { Delivery } from "../consumer/delivery.ts";
import type { QueueContext } from "../queue_context.ts";
import { tokenOf } from "../subjects.ts";
import type { SharedState } from "./shared_state.ts";

/** The running jobs of a key, and until when, by `Date.now()`, each counts. */
type Slots = Record<string, number>;

/** A change of the slots of a key, which waits for its turn. */
interface Change {
  /** Returns the new slots, or those that it was given. */
  readonly apply: (slots: Slots) => Slots;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The slots of the keys, of which a job needs one of its key to run. All processes
 * share them. What one process asks for meanwhile, it changes by one write.
 */
export class KeySlots {
  readonly #context: QueueContext;
  readonly #state: SharedState;
  /** The changes that are asked for, by the keys of the jobs. */
  readonly #changes = new Map<string, Change[]>();

  constructor(context: QueueContext, state: SharedState) {
    this.#context = context;
    this.#state = state;
  }

  /** Takes a slot of the job's key, of which there are `most`, if one is free. */
  async enter(delivery: Delivery, most: number): Promise<boolean> {
    let entered = false;
    await this.#change(delivery, (slots) => {
      entered = delivery.key in slots || Object.keys(slots).length < most;
      return entered ? { ...slots, ...this.#slot(delivery) } : slots;
    });
    return entered;
  }

  /** Renews the slot of a job. */
  extend(delivery: Delivery): Promise<void> {
    return this.#change(
      delivery,
      (slots) =>
        delivery.key in slots ? { ...slots, ...this.#slot(delivery) } : slots,
    );
  }

  /** Frees the slot of a job. */
  leave(delivery: Delivery): Promise<void> {
    return this.#change(delivery, (slots) => {
      if (!(delivery.key in slots)) return slots;
      const { [delivery.key]: _, ...others } = slots;
      return others;
    });
  }

  #slot({ key }: Delivery): Slots {
    const { lease } = this.#context.settings;
    return { [key]: momentIn(1.5 * lease) };
  }

  #change(
    { jobKey }: Delivery,
    apply: Change["apply"],
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const change = { apply, resolve, reject };
    const changes = this.#changes.get(jobKey!);
    if (changes !== undefined) changes.push(change);
    else {
      this.#changes.set(jobKey!, [change]);
      this.#carryOut(jobKey!);
    }
    return promise;
  }

  /** Carries changes of a key out until there are no more. */
  async #carryOut(jobKey: string): Promise<void> {
    const changes = this.#changes.get(jobKey)!;
    while (changes.length > 0) {
      const begun: Change[] = [];
      try {
        await this.#write(jobKey, (slots) => {
          begun.push(...changes.splice(0));
          return begun.reduce((slots, { apply }) => apply(slots), slots);
        });
        for (const { resolve } of begun) resolve();
      } catch (error) {
        for (const { reject } of [...begun, ...changes.splice(0)]) {
          reject(error);
        }
      }
    }
    this.#changes.delete(jobKey);
  }

  async #write(
    jobKey: string,
    apply: (slots: Slots) => Slots,
  ): Promise<void> {
    const { subjects } = this.#context;
    const subject = subjects.shared("key", await tokenOf(jobKey));
    await this.#state.update<Slots>(subject, (stored = {}) => {
      const slots = valid(stored);
      const changed = apply(slots);
      if (changed === slots) return undefined;
      return Object.keys(changed).length === 0 ? null : changed;
    });
  }
}

function valid(slots: Slots): Slots {
  const now = Date.now();
  return Object.fromEntries(
    Object.entries(slots).filter(([, until]) => until > now),
  );
}
