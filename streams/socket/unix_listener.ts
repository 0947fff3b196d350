/**
 * The file of a Unix socket. It is there if a server listens, if one did
 * and crashed, or if it is something else altogether; only in the second case
 * it may be replaced.
 *
 * - The socket is bound in a directory of its own, and then linked to its path:
 *   linking fails if there is a file, so of two servers that start at once one
 *   gets it. No client can reach it before, so its mode is in force for the
 *   first one. And the runtime removes the path that a listener was bound to
 *   once more after it is closed: that must not be the path of another server.
 * - A stale file is removed under a lock on its directory. Without, two servers
 *   that find it stale at the same moment could each remove what they take for
 *   it, and the second one the new file of the first.
 * - At the end the file is removed before the socket is closed: so no client can
 *   find it stale in between, and its inode is not given to another file.
 *
 * @module
 */
import type { Bound, Listener } from "./listener.ts";
import {
  inUse,
  linked,
  lookAt,
  NO_SOCKET,
  removeIfSame,
  replaceStale,
} from "./socket_file.ts";
import { named } from "./named_error.ts";
import { bindBeside } from "./unlinked_socket.ts";
import { formatPath, isAbstract } from "../address.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";

/** How to listen on a Unix socket. */
export interface UnixListenOptions extends WaitOptions {
  /** The mode of the file; the usual one unless given. */
  mode?: number | undefined;
}

/** Listens on a Unix socket. */
export async function listenUnix(
  path: string,
  options: UnixListenOptions,
): Promise<Listener> {
  const listen = (path: string) => Deno.listen({ transport: "unix", path });
  const bound = await bindUnix(path, listen, options);
  return Object.assign(bound, { accept: () => bound.listener.accept() });
}

/** Something that listens at a path. */
export interface BoundUnix<L> extends Bound {
  readonly listener: L;
}

/**
 * Gives a socket its path: `listen` may bind it at another one first.
 */
export async function bindUnix<L extends { close(): void }>(
  path: string,
  listen: (path: string) => L,
  options: UnixListenOptions,
): Promise<BoundUnix<L>> {
  const sockname = { transport: "unix", path } as const;
  if (isAbstract(path)) {
    const listener = attempt(path, () => listen(path));
    return { listener, sockname, close: () => listener.close() };
  }
  const file = attempt(path, () => lookAt(path));
  if (file !== undefined && !file.isSocket) throw inUse(path, NO_SOCKET);
  using unlinked = attempt(
    path,
    () => bindBeside(path, listen, options.mode),
  );
  const { listener } = unlinked;
  let own: Deno.FileInfo;
  try {
    own = Deno.lstatSync(unlinked.path); // a link to it is the same file
    if (!linked(unlinked.path, path)) {
      await replaceStale(path, unlinked.path, options);
    }
  } catch (error) {
    listener.close();
    throw error;
  }
  return {
    listener,
    sockname,
    close(): void {
      try {
        removeIfSame(path, own);
      } catch (error) {
        currentScope().loop.report({
          message: `Cannot remove the file of the server on ${path}`,
          error,
        });
      }
      listener.close();
    },
  };
}

/** Calls `step`; what the system refuses names the path that users know. */
function attempt<T>(path: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof TypeError) throw error; // of the mode
    throw named(`Cannot listen at ${formatPath(path)}`, error);
  }
}
