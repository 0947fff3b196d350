/** The module whose functions worker pools of the tests run. */
import process from "node:process";
import { threadId } from "node:worker_threads";

export { pass, spin } from "./_gate.ts";

export const notAFunction = 1;

export class UnusualError extends Error {}

export function double(n: number): number {
  return n * 2;
}

export function thread(): number {
  return threadId;
}

export function fail(message: string): never {
  throw new UnusualError(message);
}

export function failAt(n: number, at: number): number {
  if (n === at) throw new RangeError(`no ${n}`);
  return n;
}

export function bytesOf(buffer: ArrayBuffer): number {
  return buffer.byteLength;
}

export function exit(code: number): Promise<never> {
  process.exit(code);
}

/** Fails when its call has ended. */
export function failLater(): void {
  setTimeout(() => {
    throw new RangeError("too late");
  });
}

/** Fails in a callback, while its call is under way. */
export function failBeside(): Promise<never> {
  setTimeout(() => {
    throw new RangeError("beside");
  });
  return new Promise(() => {});
}

export function never(): Promise<never> {
  return new Promise(() => {});
}

/** Calls back, if the caller listens. */
export function post(): string {
  const scope = globalThis as unknown as { postMessage(data: unknown): void };
  scope.postMessage("a message of its own");
  return "posted";
}
