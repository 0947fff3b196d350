/** A transport to a program. @module */
import { PipeProtocol } from "./pipe_protocol.ts";
import {
  type BaseProtocol,
  connectReadPipe,
  connectWritePipe,
  type ReadTransport,
  type SubprocessProtocol,
  SubprocessTransport,
  type WriteTransport,
} from "../../streams/transports/mod.ts";
import { type EventLoop, getRunningLoop } from "../../tasks/mod.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { ready } from "../../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import { checkObject } from "../../tasks/kernel/types.ts";
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import { childOf, type Process } from "../process.ts";

/** @throws {TypeError} `protocol` is no object, or a promise of one. */
export function checkProtocol(protocol: unknown): void {
  checkObject(
    protocol,
    "Cannot set the protocol: expected a SubprocessProtocol",
  );
}

/**
 * A transport to a program. Every call of its protocol is a callback of the
 * loop; calls for the pipes come after `connectionMade`.
 */
export class ProcessTransport extends SubprocessTransport
  implements AsyncDisposable {
  readonly #process: Process;
  readonly #loop: EventLoop = getRunningLoop();
  /** Tells its run that it has ended; left out if the run had ended before. */
  readonly #leaveRun: (() => void) | undefined;
  readonly #closers = new WaitQueue<void>("the end of a subprocess", {
    external: true,
  });
  readonly #pipes = new Map<number, ReadTransport | WriteTransport>();
  readonly #lostPipes = new Set<number>();
  #protocol!: SubprocessProtocol;
  #early: (() => void)[] | undefined = [];
  #isClosing = false;
  #hasExited = false;
  #isFinished = false;
  #isClosed = false;

  constructor(process: Process, protocol: SubprocessProtocol) {
    super();
    this.#process = process;
    this.setProtocol(protocol);
    this.#leaveRun = currentScope().loop.own(this, "start a program");
  }

  /**
   * Connects the pipes, then calls `connectionMade`. To be called in no task.
   */
  async start(): Promise<void> {
    const { stdout, stderr } = this.#process;
    const stdin = childOf(this.#process).pipes.openInput();
    const pipe = (fd: number) => () => new PipeProtocol(fd, this);
    if (stdin !== undefined) {
      const { transport } = await connectWritePipe(pipe(0), stdin);
      this.#pipes.set(0, transport);
    }
    for (const [fd, reader] of [[1, stdout], [2, stderr]] as const) {
      if (reader === undefined) continue;
      const { transport } = await connectReadPipe(pipe(fd), reader.readable);
      this.#pipes.set(fd, transport);
    }
    try {
      this.#protocol.connectionMade?.(this);
    } catch (error) {
      const message = "Exception in callback protocol.connectionMade()";
      this.#loop.callExceptionHandler({ message, error });
    }
    const early = this.#early!;
    this.#early = undefined;
    for (const call of early) this.#call(call);
    const exited = () => this.#exited();
    this.#process.wait().then(exited, exited);
  }

  getExtraInfo(name: string, fallback?: unknown): unknown {
    return name === "subprocess" ? this.#process : fallback;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  setProtocol(protocol: BaseProtocol): void {
    checkProtocol(protocol);
    this.#protocol = protocol as SubprocessProtocol;
  }

  getProtocol(): SubprocessProtocol {
    return this.#protocol;
  }

  getPid(): number {
    return this.#process.pid;
  }

  getPipeTransport(fd: number): ReadTransport | WriteTransport | undefined {
    return this.#pipes.get(fd);
  }

  getReturnCode(): number | undefined {
    return this.#process.returnCode;
  }

  sendSignal(signal: Deno.Signal): void {
    if (this.#isClosed) {
      throw new Deno.errors.NotFound(
        `Cannot send ${signal}: process ${this.getPid()} has ended`,
      );
    }
    this.#process.sendSignal(signal);
  }

  terminate(): void {
    this.sendSignal("SIGTERM");
  }

  kill(): void {
    this.sendSignal("SIGKILL");
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    for (const pipe of this.#pipes.values()) pipe.close();
    if (this.getReturnCode() === undefined) this.#process.kill();
  }

  /** Waits for the last call of the protocol; the process ends with its run. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    if (this.#isClosed) return ready(undefined);
    return detached(() => this.#closers.wait());
  }

  /** Called when bytes of a pipe were read. */
  dataReceived(fd: number, data: Uint8Array<ArrayBuffer>): void {
    this.#call(() => this.#protocol.pipeDataReceived?.(fd, data));
  }

  /** Called when a pipe is closed. */
  pipeLost(fd: number, error: unknown): void {
    this.#lostPipes.add(fd);
    if (fd > 0) childOf(this.#process).pipes.closeOutput(fd);
    this.#call(() => this.#protocol.pipeConnectionLost?.(fd, error));
    this.#finishIfOver();
  }

  #exited(): void {
    this.#hasExited = true;
    this.#call(() => this.#protocol.processExited?.());
    this.#pipes.get(0)?.close(); // nothing reads it
    this.#finishIfOver();
  }

  #finishIfOver(): void {
    const isOver = this.#hasExited &&
      [...this.#pipes.keys()].every((fd) => this.#lostPipes.has(fd));
    if (!isOver || this.#isFinished) return;
    this.#isFinished = true;
    this.#isClosing = true;
    this.#call(() => this.#lost());
  }

  #lost(): void {
    try {
      this.#protocol.connectionLost?.(undefined);
    } finally {
      this.#isClosed = true;
      this.#leaveRun?.();
      this.#closers.wakeAll();
    }
  }

  #call(fn: () => void): void {
    if (this.#early !== undefined) this.#early.push(fn);
    else this.#loop.callSoon(fn);
  }

  static {
    printable(ProcessTransport, (transport) => ({
      pid: transport.getPid(),
      returnCode: transport.getReturnCode(),
      protocol: transport.#protocol.constructor.name,
      closing: transport.isClosing,
    }));
  }
}
