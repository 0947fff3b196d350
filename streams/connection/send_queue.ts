/** @module */

/** The pipes that wait to send to one connection: first come, first served. */
export class SendQueue {
  readonly #waiting = new Set<() => void>();

  /** @param resume Called once, when everything is sent and its turn has come. */
  add(resume: () => void): void {
    this.#waiting.add(resume);
  }

  delete(resume: () => void): void {
    this.#waiting.delete(resume);
  }

  /** Everything is sent: resumes one after the other, until one has sent more. */
  resume(hasSent: () => boolean): void {
    for (const resume of [...this.#waiting]) {
      this.#waiting.delete(resume);
      resume();
      if (hasSent()) return;
    }
  }
}
