/**
 * Real servers, on loopback, with what they store in a folder of their own.
 *
 * @module
 */
import { fail } from "@std/assert";
import {
  createSubprocessExec,
  PIPE,
  type Process,
} from "@asyncio/asyncio/process";
import { createTask } from "@asyncio/asyncio/tasks";
import { has } from "../../_helpers/installed.ts";

/** The program; the variable names that of another version. */
const PROGRAM = Deno.env.get("NATS_SERVER") ?? "nats-server";

/** Without a nats-server, the tests that need one are skipped. */
export const ignore = !has(PROGRAM);

/** A server that can be killed and started again, with what it has stored. */
export class NatsServer implements AsyncDisposable {
  readonly #args: string[];
  readonly #folder: string;
  #port: number;
  #process!: Process;

  private constructor(args: string[], folder: string, port: number) {
    this.#args = args;
    this.#folder = folder;
    this.#port = port;
  }

  /**
   * Starts one that listens on a free port, with JetStream unless `options` say
   * otherwise. Those of a cluster are ready later: when they have found each
   * other.
   */
  static async start(
    args: string[] = [],
    { jetStream = true, port = -1 }: { jetStream?: boolean; port?: number } =
      {},
  ): Promise<NatsServer> {
    const folder = await Deno.makeTempDir({ prefix: "nats-" });
    const js = jetStream ? ["-js", "-sd", folder] : [];
    const server = new NatsServer([...js, ...args], folder, port);
    await server.restart();
    return server;
  }

  /** `127.0.0.1:4222` */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Starts it again, on the same port. */
  async restart(): Promise<void> {
    const args = ["-a", "127.0.0.1", "-p", `${this.#port}`, ...this.#args];
    this.#process = await createSubprocessExec(PROGRAM, args, {
      stderr: PIPE,
    });
    const lines = this.#process.stderr!.lines()[Symbol.asyncIterator]();
    let log = "";
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      log += `${line.value}\n`;
      const port = /for client connections on .*:(\d+)/.exec(line.value)?.[1];
      if (port !== undefined) this.#port = Number(port);
      if (!line.value.includes("Server is ready")) continue;
      createTask(async () => {
        while (!(await lines.next()).done);
      });
      return;
    }
    fail(`nats-server does not start:\n${log}`);
  }

  /** It goes without a word, as in a power cut. */
  async kill(): Promise<void> {
    this.#process.kill(); // SIGKILL
    await this.#process.wait();
  }

  /** It ends as an operator ends it: the others know at once. */
  async stop(): Promise<void> {
    this.#process.terminate();
    await this.#process.wait();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** As many ports that are free. */
export function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}
