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
import { perform } from "./operation.ts";
import { UnixConnect } from "./connect.ts";
import type { Listener } from "./tcp_listener.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";

/** How long a path may be on every system, in bytes. */
const MAX_PATH_BYTES = 103;
/** How long a name is that nobody uses, where there is room. */
const NAME_LENGTH = 9;
/**
 * What it is made of: the runtime removes it once more at the end, so it may not
 * be a name that somebody else takes in the meantime.
 */
const NAME_CHARACTERS = "#%+,=@^~";
/** How often another one is tried, where one is taken. */
const MAX_TRIES = 100;

/** Listens on a Unix socket. */
export async function listenUnix(
  path: string,
  options: WaitOptions,
): Promise<Listener> {
  const sockname: Deno.UnixAddr = { transport: "unix", path };
  const stale = await findStale(path, options);
  const { listener, unnamed } = listenBeside(path);
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
      try {
        removeIfSame(path, own);
      } catch (error) {
        currentScope().scheduler.report({
          message: `Cannot remove the file of the server on ${path}`,
          error,
        });
      }
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
    const { conn } = await perform(new UnixConnect(path), options);
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
 * Listens at a name in the same directory that nobody uses: a long one, where
 * the system takes that.
 */
function listenBeside(
  path: string,
): { listener: Deno.Listener; unnamed: string } {
  const directory = path.slice(0, path.lastIndexOf("/") + 1);
  const own = size(path) - size(directory);
  const length = Math.min(
    Math.max(own, MAX_PATH_BYTES - size(directory)),
    NAME_LENGTH,
  );
  for (let tries = 1;; tries++) {
    const unnamed = directory + randomName(length);
    if (unnamed === path) continue;
    try {
      const listener = Deno.listen({ transport: "unix", path: unnamed });
      return { listener, unnamed };
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || tries === MAX_TRIES) {
        throw error;
      }
    }
  }
}

function randomName(length: number): string {
  const pick = () =>
    NAME_CHARACTERS[Math.floor(Math.random() * NAME_CHARACTERS.length)];
  return Array.from({ length }, pick).join("");
}

function size(text: string): number {
  return new TextEncoder().encode(text).length;
}

function inUse(path: string, cause?: unknown): Error {
  return new Deno.errors.AddrInUse(
    `${path} is in use: somebody listens there, or it is no socket`,
    { cause },
  );
}
