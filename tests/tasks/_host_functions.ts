/** The module of pools whose threads call back. */
import { callHost, run, timeout } from "@asyncio/asyncio/tasks";

export function ask(name: string, ...args: unknown[]): Promise<unknown> {
  return callHost(name, ...args);
}

/** Several at once, answered in any order. */
export function askAll(name: string, count: number): Promise<unknown[]> {
  return Promise.all(
    Array.from({ length: count }, (_, i) => callHost(name, i)),
  );
}

/** What comes of a call that fails, as it is seen in the thread. */
export async function failureOf(name: string): Promise<unknown> {
  try {
    await callHost(name);
    return "no error";
  } catch (error) {
    const { name, message, cause } = error as Error;
    const type = error instanceof RangeError ? "RangeError" : "other";
    return { name, message, type, cause: (cause as Error)?.message };
  }
}

/** Asks for nothing to be awaited. */
export function tell(name: string, ...args: unknown[]): void {
  void callHost(name, ...args);
}

export async function notCloneable(name: string): Promise<string> {
  try {
    await callHost(name, () => {});
    return "no error";
  } catch (error) {
    return (error as Error).name;
  }
}

/** Gives a call up, in a run of the thread's own. */
export function giveUp(name: string): Promise<string> {
  return run(async () => {
    try {
      await timeout(20, () => callHost(name));
      return "no error";
    } catch (error) {
      return (error as Error).name;
    }
  });
}

/** Takes memory without end, after an `await`. */
export async function hog(): Promise<never> {
  await 1;
  const taken: unknown[] = [];
  while (true) taken.push({ taken: taken.length });
}

/** The same at once. */
export function hogAtOnce(): never {
  const taken: unknown[] = [];
  while (true) taken.push({ taken: taken.length });
}

export function double(n: number): number {
  return 2 * n;
}
