/**
 * The pipe to the watchdog. The watchdog takes its end for the end of this program.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { nodeFs } from "../spawn/node_fs.ts";
import type { Journal } from "./journal.ts";

/** The pipe, and the way in which the watchdog gets the entries. */
export interface Lifeline {
  /** Whether the watchdog is there, as far as is known. */
  readonly isOpen: boolean;
  /** Passes on an entry, or the removal of one. */
  note(line: string): void;
}

/**
 * Opens the lifeline to a shell that waits for its first line.
 *
 * @param entries All entries, now and later.
 */
export function lifelineTo(
  shell: Deno.ChildProcess,
  entries: ReadonlyMap<number, string>,
  journal: Journal | undefined,
): Lifeline {
  if (journal !== undefined) {
    try {
      const { constants, openSync, writeSync } = nodeFs();
      const fd = openSync(`/proc/${shell.pid}/fd/0`, constants.O_WRONLY);
      writeSync(fd, "\n");
      shell.stdin.close().catch(() => {});
      return new JournalLifeline(fd, journal);
    } catch {
      journal.abandon(); // there are no free descriptors
    }
  }
  return new StreamLifeline(shell.stdin, entries);
}

/**
 * A descriptor that stays open, so there is one watchdog until the end of this
 * program. (The runtime's stream would count as a leak in tests.) The entries are in
 * the journal.
 */
class JournalLifeline implements Lifeline {
  isOpen = true;
  readonly #fd: number;
  readonly #journal: Journal;

  constructor(fd: number, journal: Journal) {
    this.#fd = fd;
    this.#journal = journal;
  }

  /** If the disk is full, the next child gets another watchdog. */
  note(line: string): void {
    if (!this.isOpen) return;
    try {
      this.#journal.note(line);
    } catch {
      this.isOpen = false;
      this.#journal.abandon();
      nodeFs().closeSync(this.#fd);
    }
  }
}

/** How many turns of the loop the pipe stays open without entries. */
const IDLE_TURNS = 4;

const encoder = new TextEncoder();

/**
 * The runtime's stream, which also carries the entries. It is closed soon after the
 * last child has ended; children that follow each other quickly share it.
 */
class StreamLifeline implements Lifeline {
  isOpen = true;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #entries: ReadonlyMap<number, string>;
  #notes = 0;

  constructor(
    stream: WritableStream<Uint8Array>,
    entries: ReadonlyMap<number, string>,
  ) {
    this.#writer = stream.getWriter();
    this.#writer.closed.catch(() => this.isOpen = false);
    this.#entries = entries;
    this.note("");
    for (const line of entries.values()) this.note(line);
  }

  note(line: string): void {
    this.#notes++;
    this.#writer.write(encoder.encode(`${line}\n`)).catch(() => {});
    if (this.#entries.size === 0) this.#closeIfIdle(this.#notes, IDLE_TURNS);
  }

  #closeIfIdle(notes: number, turns: number): void {
    setImmediate(() => {
      if (this.#notes !== notes || !this.isOpen) return;
      if (turns > 0) return this.#closeIfIdle(notes, turns - 1);
      this.isOpen = false;
      this.#writer.close().catch(() => {});
    });
  }
}
