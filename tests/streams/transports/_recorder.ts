/** Protocols that note what is called. */
import {
  BufferedProtocol,
  createConnection,
  createServer,
  Protocol,
  type Transport,
} from "@asyncio/asyncio/streams/transports";
import type { Server } from "@asyncio/asyncio/streams";
import { currentTask } from "@asyncio/asyncio/tasks";
import { assertEquals } from "@std/assert";
import { turns } from "../../_helpers/turns.ts";
import { until } from "../../_helpers/until.ts";
import { portOf, text } from "../_sockets.ts";

/** The names of the same errors in CPython. */
const NAMES: Record<string, string> = {
  BrokenPipe: "BrokenPipeError",
  ConnectionReset: "ConnectionResetError",
  TypeError: "TypeError",
  Error: "RuntimeError",
};

function nameOf(error: unknown): string {
  return error === undefined ? "None" : NAMES[(error as Error).name]!;
}

/** Notes each call; what comes in pieces is one. */
export class Recorder extends Protocol {
  readonly events: string[] = [];
  transport!: Transport;
  keepsOpen: boolean | undefined = undefined;
  error: unknown = undefined;

  /** What the last call was. */
  get last(): string {
    return this.events.at(-1) ?? "";
  }

  get isLost(): boolean {
    return this.last.startsWith("lost");
  }

  /** Forgets what does not match, and what follows in those that do. */
  keep(pattern: RegExp): void {
    const kept = this.events.map((event) => pattern.exec(event)?.[0])
      .filter((event) => event !== undefined);
    this.events.splice(0, Infinity, ...kept);
  }

  /** Until the connection is lost. */
  lost(): Promise<void> {
    return until(() => this.isLost);
  }

  /** Until all of it has come. */
  got(text: string): Promise<void> {
    return until(() => this.last === `data ${text}`);
  }

  note(event: string): void {
    assertEquals(currentTask(), undefined);
    this.events.push(event);
  }

  override connectionMade(transport: Transport): void {
    this.transport = transport;
    this.note("made");
  }

  override dataReceived(data: Uint8Array): void {
    if (this.last.startsWith("data ")) {
      this.events[this.events.length - 1] += text(data);
    } else this.note(`data ${text(data)}`);
  }

  override eofReceived(): boolean | undefined {
    this.note("eof");
    return this.keepsOpen;
  }

  override connectionLost(error: unknown): void {
    this.error = error;
    this.note(`lost ${nameOf(error)}`);
  }

  override pauseWriting(): void {
    this.note("pause");
  }

  override resumeWriting(): void {
    this.note("resume");
  }
}

/** The same with memory of its own, of so many bytes. */
export class BufferedRecorder extends BufferedProtocol {
  readonly events: string[] = [];
  readonly hints: number[] = [];
  readonly memory: Uint8Array<ArrayBuffer>;
  transport!: Transport;

  constructor(size: number) {
    super();
    this.memory = new Uint8Array(size);
  }

  override connectionMade(transport: Transport): void {
    this.transport = transport;
    this.events.push("made");
  }

  override getBuffer(hint: number): Uint8Array {
    this.hints.push(hint);
    return this.memory;
  }

  override bufferUpdated(count: number): void {
    this.events.push(`data ${text(this.memory.subarray(0, count))}`);
  }

  override eofReceived(): boolean | undefined {
    this.events.push("eof");
    return undefined;
  }

  override connectionLost(error: unknown): void {
    this.events.push(`lost ${nameOf(error)}`);
  }

  lost(): Promise<void> {
    return until(() => this.events.at(-1)?.startsWith("lost") === true);
  }
}

/** A connection with a recorder at each end. */
export class RecordedPair<C extends Protocol | BufferedProtocol = Recorder>
  implements AsyncDisposable {
  readonly client: C;
  readonly transport: Transport;
  readonly peer: Recorder;
  readonly server: Server;

  private constructor(
    client: C,
    transport: Transport,
    peer: Recorder,
    server: Server,
  ) {
    this.client = client;
    this.transport = transport;
    this.peer = peer;
    this.server = server;
  }

  static open(): Promise<RecordedPair>;
  static open<C extends Protocol | BufferedProtocol>(
    factory: () => C,
  ): Promise<RecordedPair<C>>;
  static async open(factory = () => new Recorder()): Promise<RecordedPair> {
    const peer = new Recorder();
    const server = await createServer(() => peer, { hostname: "127.0.0.1" });
    const { transport, protocol } = await createConnection(factory, {
      port: portOf(server),
    });
    await until(() => peer.events.length > 0);
    return new RecordedPair(protocol, transport, peer, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.transport.abort();
    await this.server[Symbol.asyncDispose]();
    await turns(); // in which both are told
  }
}
