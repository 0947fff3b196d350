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
import { perform } from "./operation.ts";
import { UnixConnect } from "./connect.ts";
import type { Bound, Listener } from "./listener.ts";
import { isAbstract, MAX_UNIX_PATH } from "../address.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { sleep } from "../../tasks/sleep.ts";

/** How long a new name is, if there is room. */
const NAME_LENGTH = 9;
const NAME_CHARACTERS = "#%+,=@^~";
const SOCKET = "/s";
/** How often another name is tried, if one is taken. */
const MAX_TRIES = 100;
/** The longest pause before the lock of a directory is tried again. */
const MAX_LOCK_PAUSE_MS = 16;

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
    const listener = listen(path);
    return { listener, sockname, close: () => listener.close() };
  }
  const file = lookAt(path);
  if (file !== undefined && !file.isSocket) throw inUse(path);
  using unlinked = bindBeside(path, listen, options.mode);
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

/** A socket that has not got its path yet. */
interface Unlinked<L> extends Disposable {
  readonly listener: L;
  readonly path: string;
}

/** Listens where no client comes: in a new directory of its own. */
function bindBeside<L extends { close(): void }>(
  path: string,
  listen: (path: string) => L,
  mode: number | undefined,
): Unlinked<L> {
  const parent = path.slice(0, path.lastIndexOf("/") + 1);
  const room = MAX_UNIX_PATH - sizeOf(parent);
  if (room <= SOCKET.length) {
    return bindInPlainSight(path, parent, listen, mode);
  }
  const length = Math.min(room - SOCKET.length, NAME_LENGTH);
  const directory = tryNames(parent, length, (name) => {
    Deno.mkdirSync(name, { mode: 0o700 });
    return name;
  });
  const unlinked = directory + SOCKET;
  const remove = () => Deno.removeSync(directory, { recursive: true });
  let listener: L | undefined;
  try {
    listener = listen(unlinked);
    if (mode !== undefined) Deno.chmodSync(unlinked, mode);
    return { listener, path: unlinked, [Symbol.dispose]: remove };
  } catch (error) {
    listener?.close();
    remove();
    throw error;
  }
}

/** Listens at a name that no other program would use, as no directory fits in. */
function bindInPlainSight<L>(
  path: string,
  parent: string,
  listen: (path: string) => L,
  mode: number | undefined,
): Unlinked<L> {
  if (mode !== undefined) {
    throw new TypeError(
      `Cannot set the mode of ${path}: it takes a path of at most ${
        MAX_UNIX_PATH - SOCKET.length
      } bytes`,
    );
  }
  const length = sizeOf(path) - sizeOf(parent);
  return tryNames(parent, length, (name) => {
    if (name === path) throw new Deno.errors.AddrInUse(name);
    const listener = listen(name);
    return {
      listener,
      path: name,
      [Symbol.dispose]: () => Deno.removeSync(name),
    };
  });
}

/** Calls `make` with new names until one is free. */
function tryNames<T>(
  parent: string,
  length: number,
  make: (name: string) => T,
): T {
  for (let tries = 1;; tries++) {
    try {
      return make(parent + randomName(length));
    } catch (error) {
      const isTaken = error instanceof Deno.errors.AlreadyExists ||
        error instanceof Deno.errors.AddrInUse;
      if (!isTaken || tries === MAX_TRIES) throw error;
    }
  }
}

function randomName(length: number): string {
  const pick = () =>
    NAME_CHARACTERS[Math.floor(Math.random() * NAME_CHARACTERS.length)];
  return Array.from({ length }, pick).join("");
}

/** Gives the socket its path; false if there is a file. */
function linked(unlinked: string, path: string): boolean {
  try {
    Deno.linkSync(unlinked, path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** @throws {Deno.errors.AddrInUse} The file is not stale. */
async function replaceStale(
  path: string,
  unlinked: string,
  options: WaitOptions,
): Promise<void> {
  using _lock = await lockDirectory(path, options);
  const file = lookAt(path);
  if (file !== undefined) {
    if (!file.isSocket || await isServed(path, options)) throw inUse(path);
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

function sizeOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

function inUse(path: string): Error {
  return new Deno.errors.AddrInUse(
    `Cannot listen at ${path}: a server listens there, or it is no socket`,
  );
}
