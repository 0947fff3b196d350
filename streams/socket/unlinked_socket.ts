/** @module */
import { MAX_UNIX_PATH } from "../address.ts";

/** How long a new name is, if there is room. */
const NAME_LENGTH = 9;
const NAME_CHARACTERS = "#%+,=@^~";
const SOCKET = "/s";
/** How often another name is tried, if one is taken. */
const MAX_TRIES = 100;

/** A socket that has not got its path yet. */
export interface Unlinked<L> extends Disposable {
  readonly listener: L;
  readonly path: string;
}

/** Listens where no client comes: in a new directory of its own. */
export function bindBeside<L extends { close(): void }>(
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

function sizeOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
