/**
 * The file of a Unix socket. It is there if somebody listens, if somebody did
 * and crashed, or if it is something else altogether; only in the second case
 * it may be replaced.
 *
 * The runtime removes the path that a listener was bound to when it is closed,
 * even later than that, and whoever's file it is by then. So the socket is
 * bound to a name that nobody else uses, and then linked to its own: linking
 * fails where a file is, so of two servers that start at once one gets it.
 *
 * @module
 */
import { perform } from "./_operation.ts";
import { UnixConnecting } from "./_unix_connecting.ts";
import type { Listening } from "./_listening.ts";
import type { WaitOptions } from "../tasks/types.ts";

/** Listens on a Unix socket. */
export async function listenUnix(
  path: string,
  options: WaitOptions,
): Promise<Listening> {
  const sockname: Deno.UnixAddr = { transport: "unix", path };
  const stale = await findStale(path, options);
  const unnamed = beside(path);
  const listener = Deno.listen({ transport: "unix", path: unnamed });
  try {
    if (stale !== undefined) removeIfSame(path, stale);
    Deno.linkSync(unnamed, path);
  } catch (error) {
    listener.close();
    if (error instanceof Deno.errors.AlreadyExists) throw inUse(path, error);
    throw error;
  }
  Deno.removeSync(unnamed);
  const own = Deno.lstatSync(path);
  return {
    listener,
    sockname,
    close(): void {
      listener.close();
      removeIfSame(path, own);
    },
  };
}

/** The file that nobody listens at any more. */
async function findStale(
  path: string,
  options: WaitOptions,
): Promise<Deno.FileInfo | undefined> {
  const file = lookAt(path);
  if (file === undefined) return undefined;
  if (!file.isSocket) throw inUse(path);
  try {
    const { conn } = await perform(new UnixConnecting(path), options);
    conn.close();
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return file;
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  throw inUse(path);
}

function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function removeIfSame(path: string, { dev, ino }: Deno.FileInfo): void {
  const file = lookAt(path);
  if (file?.dev === dev && file.ino === ino) Deno.removeSync(path);
}

/**
 * A name in the same directory, as short as can be: the system takes about 100
 * bytes.
 */
function beside(path: string): string {
  const name = `.${Math.random().toString(36).slice(2, 10)}`;
  return path.slice(0, path.lastIndexOf("/") + 1) + name;
}

function inUse(path: string, cause?: unknown): Error {
  return new Deno.errors.AddrInUse(
    `${path} is in use: somebody listens there, or it is no socket`,
    { cause },
  );
}
