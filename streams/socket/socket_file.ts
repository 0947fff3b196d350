/** The file of a Unix socket: giving it its path, and taking it away. @module */
import { UnixConnect } from "./connect.ts";
import { perform } from "./operation.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { withDeepStack } from "../../tasks/kernel/watch/user_frame.ts";
import { sleep } from "../../tasks/sleep.ts";

/** The longest pause before the lock of a directory is tried again. */
const MAX_LOCK_PAUSE_MS = 16;

/** Why a path is taken. */
export const NO_SOCKET = "the file there is no socket";

/** Gives the socket its path; false if there is a file. */
export function linked(unlinked: string, path: string): boolean {
  try {
    Deno.linkSync(unlinked, path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** @throws {Deno.errors.AddrInUse} The file is not stale. */
export async function replaceStale(
  path: string,
  unlinked: string,
  options: WaitOptions,
): Promise<void> {
  using _lock = await lockDirectory(path, options);
  const file = lookAt(path);
  if (file !== undefined) {
    if (!file.isSocket) throw inUse(path, NO_SOCKET);
    if (await isServed(path, options)) throw inUse(path);
    removeIfSame(path, file);
  }
  if (!linked(unlinked, path)) throw inUse(path);
}

/** Waits until no other program replaces a file in the directory of `path`. */
async function lockDirectory(
  path: string,
  options: WaitOptions,
): Promise<Disposable> {
  const directory = Deno.openSync(path.slice(0, path.lastIndexOf("/")) || ".");
  try {
    for (let pause = 1; !directory.tryLockSync(true);) {
      await sleep(pause, options);
      pause = Math.min(2 * pause, MAX_LOCK_PAUSE_MS);
    }
    return directory;
  } catch (error) {
    directory.close();
    throw error;
  }
}

async function isServed(path: string, options: WaitOptions): Promise<boolean> {
  try {
    const { conn } = await perform(new UnixConnect(path), options);
    conn.close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.WouldBlock) return true; // by a busy server
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

export function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

export function removeIfSame(path: string, { dev, ino }: Deno.FileInfo): void {
  const file = lookAt(path);
  if (file?.dev === dev && file.ino === ino) Deno.removeSync(path);
}

/** Returns the error of a path that is taken, in the system's terms. */
export function inUse(path: string, why = "a server listens there"): Error {
  const error = withDeepStack(() =>
    new Deno.errors.AddrInUse(`Cannot listen at ${path}: ${why}`)
  );
  return Object.assign(error, { code: "EADDRINUSE" });
}
