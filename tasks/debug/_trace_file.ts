/** @module */
import { printError } from "../kernel/loop/report.ts";

/** An event of the trace event format. Times are microseconds. */
export interface TraceEvent {
  readonly ph: "X" | "M" | "s" | "f";
  readonly name: string;
  readonly tid: number;
  readonly cat?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: number;
  readonly bp?: "e";
  readonly args?: Readonly<Record<string, unknown>>;
}

/** How many characters are collected before they are written. */
const CHUNK = 65_536;

/**
 * A file in the trace event format. It is written in pieces, so that it takes
 * little memory, and synchronously, so that it is complete even if the program
 * exits in the middle.
 */
export class TraceFile {
  readonly #fs = globalThis.process.getBuiltinModule("node:fs");
  readonly #file: number;
  #text = '{"displayTimeUnit":"ms","traceEvents":[\n';
  #isFirst = true;
  #isOpen = true;

  /** @throws The file cannot be opened. */
  constructor(path: string | URL) {
    this.#file = this.#fs.openSync(path, "w");
    globalThis.process.on("exit", this.#atExit);
    globalThis.addEventListener?.("unload", this.#atExit); // Deno.exit
  }

  /** @throws The file cannot be written. It is closed then. */
  add(event: TraceEvent): void {
    if (!this.#isOpen) return;
    if (!this.#isFirst) this.#text += ",\n";
    this.#isFirst = false;
    this.#text += JSON.stringify({ pid: 1, ...event });
    if (this.#text.length > CHUNK) this.#flush();
  }

  /** @throws The file cannot be written. It is closed then. */
  close(): void {
    if (!this.#isOpen) return;
    this.#text += "\n]}\n";
    this.#flush();
    this.#end();
  }

  #atExit = (): void => {
    try {
      this.close();
    } catch (error) {
      printError("The trace is incomplete", error);
    }
  };

  #flush(): void {
    const bytes = new TextEncoder().encode(this.#text);
    this.#text = "";
    try {
      for (let n = 0; n < bytes.length;) {
        n += this.#fs.writeSync(this.#file, bytes, n);
      }
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  #end(): void {
    this.#isOpen = false;
    globalThis.process.off("exit", this.#atExit);
    globalThis.removeEventListener?.("unload", this.#atExit);
    this.#fs.closeSync(this.#file);
  }
}
