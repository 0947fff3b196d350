/**
 * The system's own look-ups, which read the hosts file and ask the system's
 * resolver. They cannot be stopped.
 *
 * @module
 */
import type { Family } from "./ip_address.ts";
import { lookupError, type LookupErrorCode } from "./lookup_error.ts";
import { type Operation, perform } from "../socket/operation.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";

/** What the system found for a name. */
export interface Found {
  readonly address: string;
  readonly family: Family;
}

/** `node:dns` is loaded by the first look-up. */
function dns(): typeof import("node:dns/promises") {
  return globalThis.process.getBuiltinModule("node:dns/promises");
}

/** Waits for all addresses of a host. */
export async function systemLookup(
  hostname: string,
  options: WaitOptions & { family?: Family | undefined },
): Promise<Found[]> {
  const { family = 0 } = options;
  const found = await perform(
    lookup(hostname, () => dns().lookup(hostname, { all: true, family })),
    options,
  );
  return found as Found[];
}

/** Waits for the name of an address, and the name of the service at a port. */
export async function systemReverse(
  hostname: string,
  port: number,
  options: WaitOptions,
): Promise<[string, string]> {
  const { hostname: name, service } = await perform(
    lookup(hostname, () => dns().lookupService(hostname, port)),
    options,
  );
  return [name, service];
}

function lookup<T>(hostname: string, ask: () => Promise<T>): Operation<T> {
  return {
    what: `the look-up of ${hostname}`,
    start: async () => {
      try {
        return await ask();
      } catch (error) {
        throw systemError(hostname, error as NodeJS.ErrnoException);
      }
    },
    abandon: () => {},
    discard: () => {},
  };
}

/** What a failed look-up of `node:dns` means. */
export function systemError(
  hostname: string,
  error: NodeJS.ErrnoException,
): Error {
  return error.code === "EPERM"
    ? new Deno.errors.NotCapable(
      `Cannot look up ${hostname}: it takes the permission --allow-net`,
      { cause: error },
    )
    : lookupError(hostname, error.code as LookupErrorCode, error);
}
