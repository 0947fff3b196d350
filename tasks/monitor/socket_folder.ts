/** The folders of the sockets of monitors. @module */
import { environment, isGranted } from "../kernel/permissions.ts";

/** The name of a socket: of a process, or of a further thread in it. */
const NAME = /^(\d+)(?:\.\d+)?\.sock$/;

/** A younger socket may be that of a program that is about to listen. */
const STALE_AFTER_MS = 10_000;

/** A folder of sockets, which only its owner can open. */
export interface SocketFolder {
  readonly path: string;
  /** The id of the user that has to own it. */
  readonly owner: number;
}

/** The socket of a program. */
export interface MonitorSocket {
  /** The process, with a number behind it for a further thread: `"4711.1"`. */
  readonly name: string;
  readonly path: string;
}

/**
 * Returns the folders that a program may have chosen: it may not be allowed to
 * read all variables. The first one is that of this program.
 *
 * @throws {Error} The permission to read the user's id has not been granted, or
 * the system has no such ids.
 */
export function socketFolders(): SocketFolder[] {
  const owner = isGranted({ name: "sys", kind: "uid" }) ? Deno.uid() : null;
  if (owner === null) {
    throw new Error(
      "Cannot find the folder of sockets: who the user is cannot be known, --allow-sys=uid is needed",
    );
  }
  const runtime = environment("XDG_RUNTIME_DIR");
  const temporary = [environment("TMPDIR"), "/tmp"];
  const paths = [
    ...isAbsolute(runtime) ? [`${runtime}/asyncio`] : [],
    ...temporary.filter(isAbsolute).map((path) => `${path}/asyncio-${owner}`),
  ];
  return [...new Set(paths)].map((path) => ({ path, owner }));
}

function isAbsolute(path: string | undefined): path is string {
  return path !== undefined && path.startsWith("/");
}

/**
 * Makes the folder, unless it is there.
 *
 * @throws {Error} It is no folder that only this user can open.
 */
export async function prepareFolder(folder: SocketFolder): Promise<void> {
  try {
    await Deno.mkdir(folder.path, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  const found = await lookAt(folder);
  if (found !== undefined) throw new Error(found);
}

/** Returns what is wrong with a folder, if anything is. */
async function lookAt(
  { path, owner }: SocketFolder,
): Promise<string | undefined> {
  const { isDirectory, uid, mode } = await Deno.lstat(path);
  const wrong = !isDirectory
    ? "it is no folder"
    : uid !== owner
    ? `it belongs to the user ${uid}`
    : (mode! & 0o077) !== 0
    ? `others can open it, its mode is ${(mode! & 0o777).toString(8)}`
    : undefined;
  return wrong && `Cannot use ${path} for sockets: ${wrong}`;
}

/**
 * Resolves to the sockets in all folders, or to those of one name. Sockets on
 * which nothing listens any more are removed.
 */
export async function findSockets(only?: string): Promise<MonitorSocket[]> {
  const found: MonitorSocket[] = [];
  for (const folder of socketFolders()) {
    for (const socket of await socketsIn(folder)) {
      if (only !== undefined && socket.name !== only) continue;
      if (await isDead(socket.path)) await removeStale(socket.path);
      else found.push(socket);
    }
  }
  return found.sort((a, b) => parseFloat(a.name) - parseFloat(b.name));
}

/**
 * Resolves to the sockets in a folder; to none if others can open the folder.
 */
async function socketsIn(folder: SocketFolder): Promise<MonitorSocket[]> {
  const { path } = folder;
  try {
    if (await lookAt(folder) !== undefined) return [];
    const names = await Array.fromAsync(Deno.readDir(path), (it) => it.name);
    return names.filter((name) => NAME.test(name)).map((name) => ({
      name: name.slice(0, -".sock".length),
      path: `${path}/${name}`,
    }));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * Resolves to a path in `folder` for a socket of this process, on which nothing
 * listens. It has a number if another thread of the process listens already.
 * Another thread may still take it before the caller does.
 */
export async function freePath(folder: SocketFolder): Promise<string> {
  for (let thread = 0;; thread++) {
    const name = thread === 0 ? Deno.pid : `${Deno.pid}.${thread}`;
    const path = `${folder.path}/${name}.sock`;
    if (!await isThere(path)) return path;
    if (!await isDead(path) || await isOfThread(path)) continue;
    await removeIfThere(path); // of an old process with the same id
    return path;
  }
}

/**
 * How long before this thread a socket may have been made on which a thread of
 * the same process does not listen yet, in milliseconds.
 */
const MAX_LISTEN_DELAY_MS = 1000;

/**
 * Whether a thread of this process has made a socket, and is about to listen: it
 * was made since this thread began, when no old process had this id any more.
 */
async function isOfThread(path: string): Promise<boolean> {
  const { mtime } = await Deno.lstat(path).catch(() => ({ mtime: null }));
  return mtime !== null &&
    mtime.getTime() > performance.timeOrigin - MAX_LISTEN_DELAY_MS;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Whether nothing listens on a socket. */
async function isDead(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused ||
      error instanceof Deno.errors.NotFound;
  }
}

async function removeStale(path: string): Promise<void> {
  const { mtime } = await Deno.lstat(path).catch(() => ({ mtime: null }));
  if (mtime === null) return;
  if (Date.now() - mtime.getTime() > STALE_AFTER_MS) await removeIfThere(path);
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
