/** Lets other programs look into the runs of this one. @module */
import { observe } from "../../kernel/watch/observer.ts";
import { isGranted } from "../../kernel/permissions.ts";
import { PROTOCOL } from "../protocol.ts";
import { freePath, prepareFolder, socketFolders } from "../socket_folder.ts";
import { Heartbeat } from "./_heartbeat.ts";
import { inNoRun, type Loop, report } from "./_kernel_view.ts";
import { Requests } from "./_requests.ts";
import { PathInUse, SocketThread } from "./_socket_thread.ts";
import { StepNotes } from "./_step_notes.ts";
import { WaitAges } from "./_wait_ages.ts";

/** The monitor of all runs of this thread. */
let current: Promise<Monitor> | undefined;
/** Resolves when the last monitor has ended. */
let closing: Promise<void> = Promise.resolve();
const loops = new Set<Loop>();

/**
 * Lets other programs look into `loop`. Once they can, resolves to the function
 * that ends this.
 *
 * @throws {Error} It cannot listen: a permission has not been granted, or
 * others can open the folder.
 */
export async function attach(loop: Loop): Promise<() => Promise<void>> {
  loops.add(loop);
  const mine = current ??= closing.then(() => inNoRun(Monitor.open));
  try {
    await mine;
  } catch (error) {
    loops.delete(loop);
    if (current === mine) current = undefined;
    throw error;
  }
  return async () => {
    loops.delete(loop);
    if (loops.size > 0 || current !== mine) return;
    current = undefined;
    const closed = mine.then((monitor) => monitor.close());
    closing = closed.catch(() => {});
    await closed;
  };
}

class Monitor {
  readonly #thread: SocketThread;
  readonly #requests: Requests;
  readonly #heartbeat: Heartbeat;
  readonly #ages = new WaitAges(loops);
  /** Functions that end the notes of each loop in debug mode. */
  readonly #notes = new Map<Loop, () => void>();

  private constructor(thread: SocketThread, requests: Requests) {
    this.#thread = thread;
    this.#requests = requests;
    this.#heartbeat = new Heartbeat(() => this.#beat());
    requests.heartbeat = this.#heartbeat;
  }

  static async open(this: void): Promise<Monitor> {
    const requests = new Requests(loops, {
      crashed: (error) => {
        for (const loop of loops) report(loop, "The monitor has ended", error);
      },
    });
    const hello = {
      protocol: PROTOCOL,
      pid: Deno.pid,
      program: Deno.mainModule,
    };
    while (true) {
      const path = await findPath();
      try {
        const thread = await SocketThread.open(path, hello, requests);
        return new Monitor(thread, requests);
      } catch (error) {
        if (!(error instanceof PathInUse)) throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.#heartbeat.stop();
    this.#requests.close();
    for (const stop of this.#notes.values()) stop();
    await this.#thread.close();
  }

  #beat(): void {
    this.#thread.beat();
    this.#ages.look();
    this.#requests.endLeases();
    for (const loop of loops) {
      if (loop.debug && !this.#notes.has(loop)) {
        const notes = new StepNotes(this.#thread.note);
        this.#notes.set(loop, observe(loop, notes));
      }
    }
    for (const [loop, stop] of this.#notes) {
      if (loop.debug && loops.has(loop)) continue;
      stop();
      this.#notes.delete(loop);
    }
  }
}

/** Resolves to a path on which this may listen without a prompt. */
async function findPath(): Promise<string> {
  const [folder] = socketFolders();
  const { path } = folder!;
  const host = `unix:${path}/${Deno.pid}.sock`;
  const needed: Record<string, Deno.PermissionDescriptor> = {
    [`--allow-read=${path}`]: { name: "read", path },
    [`--allow-write=${path}`]: { name: "write", path },
    [`--allow-net`]: { name: "net", host },
  };
  const missing = Object.keys(needed).filter((it) => !isGranted(needed[it]!));
  if (missing.length > 0) {
    throw new Error(
      `Cannot listen in ${path}: ${missing.join(" and ")} is needed`,
    );
  }
  await prepareFolder(folder!);
  return await freePath(folder!);
}
