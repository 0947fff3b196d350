/** @module */
import { checkPort } from "../address.ts";
import type { NameServer } from "./stub_resolver.ts";
import { TimeoutError } from "../../tasks/kernel/errors.ts";
import {
  checkMilliseconds,
  checkOptions,
  describe,
  type WaitOptions,
} from "../../tasks/kernel/types.ts";
import { moveOnAfter } from "../../tasks/timeout.ts";

/** How a name or an address is looked up. */
export interface LookupOptions extends WaitOptions {
  /**
   * How long it may take, in milliseconds. 10 000 with a `nameServer`, no limit
   * without one, unless given: the system has limits of its own.
   */
  timeout?: number | undefined;
  /**
   * The name server to ask, in place of all that the system does: the hosts
   * file, the search list, its own name servers.
   */
  nameServer?: NameServer | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/** @throws {TypeError | RangeError} Something among `options` is wrong. */
export function checkLookupOptions(options: LookupOptions): void {
  checkOptions(options, "look up a name");
  const { timeout, nameServer } = options;
  if (timeout !== undefined) {
    checkMilliseconds(timeout, "Cannot look up a name: timeout");
  }
  if (nameServer === undefined) return;
  if (typeof nameServer !== "object" || nameServer === null) {
    throw new TypeError(
      `Cannot look up a name: nameServer is { hostname, port }, received ${
        describe(nameServer)
      }`,
    );
  }
  checkName(nameServer.hostname, "nameServer.hostname");
  checkPort(nameServer.port ?? 53);
}

/** @throws {TypeError} It is no text, or empty. */
export function checkName(value: unknown, what: string): void {
  if (typeof value === "string" && value !== "") return;
  throw new TypeError(
    `Cannot look up a name: ${what} is a name or an address, received ${
      describe(value)
    }`,
  );
}

/** @throws {TimeoutError} `work` has not ended in time. */
export async function withinTimeout<T>(
  name: string,
  { timeout, nameServer }: LookupOptions,
  work: () => Promise<T>,
): Promise<T> {
  const limit = timeout ?? (nameServer && DEFAULT_TIMEOUT_MS) ?? Infinity;
  const done = await moveOnAfter(limit, async () => ({ value: await work() }));
  if (done !== undefined) return done.value;
  throw new TimeoutError(
    `Cannot look up ${name}: there was no answer within ${limit} ms`,
  );
}
