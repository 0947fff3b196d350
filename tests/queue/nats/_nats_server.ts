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
import type { StreamReader } from "@asyncio/asyncio/streams";
import { Event } from "@asyncio/asyncio/sync";
import { createTask } from "@asyncio/asyncio/tasks";
import { freePort } from "../../_helpers/free_port.ts";
import { has } from "../../_helpers/installed.ts";

/** The program; the variable names that of another version. */
const PROGRAM = Deno.env.get("NATS_SERVER") ?? "nats-server";

/** What a server logs when clients may come. It may still end: routes come later. */
const READY = "Server is ready";

/** Without a nats-server, the tests that need one are skipped. */
export const ignore = !has(PROGRAM);

/** A server that can be killed and started again, with what it has stored. */
export class NatsServer implements AsyncDisposable {
  readonly #args: string[];
  readonly #folder: string;
  readonly port: number;
  #process!: Process;
  #log = "";
  /** Whether it is to end. */
  #ends = false;

  private constructor(args: string[], folder: string, port: number) {
    this.#args = args;
    this.#folder = folder;
    this.port = port;
  }

  /**
   * Starts one that listens on a free port, with JetStream unless `options` say
   * otherwise. Those of a cluster are ready later: when they have found each
   * other.
   */
  static async start(
    args: string[] = [],
    { jetStream = true, port = freePort() }: {
      jetStream?: boolean;
      port?: number;
    } = {},
  ): Promise<NatsServer> {
    const folder = await Deno.makeTempDir({ prefix: "nats-" });
    const js = jetStream ? ["-js", "-sd", folder] : [];
    const server = new NatsServer([...js, ...args], folder, port);
    await server.restart();
    return server;
  }

  /** `127.0.0.1:4222` */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts it again, on the same port. */
  async restart(): Promise<void> {
    const args = ["-a", "127.0.0.1", "-p", `${this.port}`, ...this.#args];
    this.#process = await createSubprocessExec(PROGRAM, args, {
      stderr: PIPE,
    });
    this.#ends = false;
    this.#log = "";
    const ready = new Event();
    createTask(() => this.#read(this.#process.stderr!, ready));
    await ready.wait();
    if (!this.#log.includes(READY)) this.#fail("does not start");
  }

  /** Sets `ready` when the server is ready, or has ended. */
  async #read(output: StreamReader, ready: Event): Promise<void> {
    for await (const line of output.lines()) {
      this.#log += `${line}\n`;
      if (line.includes(READY)) ready.set();
    }
    ready.set();
  }

  #fail(what: string): never {
    fail(`nats-server ${what}:\n${this.#log}`);
  }

  /** Kills it at once, as a power cut does. */
  async kill(): Promise<void> {
    this.#ends = true;
    this.#process.kill(); // SIGKILL
    await this.#process.wait();
  }

  /** It ends as an operator ends it: the others know at once. */
  async stop(): Promise<void> {
    this.#ends = true;
    this.#process.terminate();
    await this.#process.wait();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const hasEnded = this.#process.returnCode !== undefined;
    await this.#process[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
    if (hasEnded && !this.#ends) this.#fail("has ended by itself");
  }
}
