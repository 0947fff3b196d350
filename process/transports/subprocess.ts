/** Starting programs with protocols. @module */
import { checkProtocol, ProcessTransport } from "./process_transport.ts";
import type {
  Connected,
  SubprocessProtocol,
  SubprocessTransport,
} from "../../streams/transports/mod.ts";
import type { SubprocessOptions } from "../options.ts";
import type { Process } from "../process.ts";
import type { StdioOptions } from "../spawn/settings.ts";
import { createExec, createShell } from "../start_subprocess.ts";
import { PIPE } from "../stdio.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { checkOptions, describe } from "../../tasks/kernel/types.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

/** The options of a start: input, output and messages are pipes by default. */
export type SubprocessProtocolOptions = Omit<SubprocessOptions, "detached">;

/**
 * Starts a program with arguments, without a shell, whose output is passed to a
 * protocol. Mirrors `loop.subprocess_exec`; `createSubprocessExec` is the same with
 * streams.
 *
 * `close` of the transport closes the pipes and kills the program. The program ends
 * with the `run` in which it was started.
 *
 * **Cancel safety:** if a cancel is pending, nothing is started. Once the program
 * has started, the promise resolves, so the program is never lost.
 *
 * @param factory Makes the protocol, before the program is started.
 *
 * @throws {TypeError} `factory` is no function, or makes no protocol; the
 * arguments or options are wrong, as those of `createSubprocessExec`.
 * @throws {Deno.errors.NotFound} There is no such program or directory.
 * @throws {Deno.errors.PermissionDenied} The file is not executable.
 *
 * @example
 * ```ts
 * import {
 *   SubprocessProtocol,
 *   subprocessExec,
 * } from "@asyncio/asyncio/process/transports";
 * import { Future } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * class Collector extends SubprocessProtocol {
 *   output = "";
 *   readonly done = new Future<void>();
 *   override pipeDataReceived(fd: number, data: Uint8Array) {
 *     if (fd === 1) this.output += new TextDecoder().decode(data);
 *   }
 *   override connectionLost() {
 *     this.done.setResult();
 *   }
 * }
 *
 * const { transport, protocol } = await subprocessExec(
 *   () => new Collector(),
 *   "echo",
 *   ["hello"],
 * );
 * await protocol.done;
 * assertEquals(protocol.output, "hello\n");
 * assertEquals(transport.getReturnCode(), 0);
 * ```
 */
export function subprocessExec<P extends SubprocessProtocol>(
  factory: () => P,
  program: string | URL,
  args?: string[],
  options?: SubprocessProtocolOptions,
): Promise<Connected<SubprocessTransport, P>> {
  return start(
    "subprocessExec",
    factory,
    () => createExec(program, args, options, pipesIn(options)),
  );
}

/**
 * Runs a command in the shell, whose output is passed to a protocol. Mirrors
 * `loop.subprocess_shell`; `createSubprocessShell` is the same with streams.
 *
 * **Cancel safety:** as {@linkcode subprocessExec}.
 *
 * @throws {TypeError} As {@linkcode subprocessExec}; the command is no string.
 * @throws {Deno.errors.NotFound} There is no such directory, or no shell.
 *
 * @example
 * ```ts
 * import {
 *   SubprocessProtocol,
 *   subprocessShell,
 *   type SubprocessTransport,
 *   type WriteTransport,
 * } from "@asyncio/asyncio/process/transports";
 * import { Future } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * class Sorter extends SubprocessProtocol {
 *   output = "";
 *   readonly done = new Future<void>();
 *   override connectionMade(transport: SubprocessTransport) {
 *     const input = transport.getPipeTransport(0) as WriteTransport;
 *     input.write("pear\napple\n");
 *     input.close();
 *   }
 *   override pipeDataReceived(_fd: number, data: Uint8Array) {
 *     this.output += new TextDecoder().decode(data);
 *   }
 *   override connectionLost() {
 *     this.done.setResult();
 *   }
 * }
 *
 * const command = "sort | head -1";
 * const { protocol } = await subprocessShell(() => new Sorter(), command);
 * await protocol.done;
 * assertEquals(protocol.output, "apple\n");
 * ```
 */
export function subprocessShell<P extends SubprocessProtocol>(
  factory: () => P,
  command: string,
  options?: SubprocessProtocolOptions,
): Promise<Connected<SubprocessTransport, P>> {
  return start(
    "subprocessShell",
    factory,
    () => createShell(command, options, pipesIn(options)),
  );
}

/** The standard streams of `options`: pipes, unless given. */
function pipesIn(options: SubprocessProtocolOptions = {}): StdioOptions {
  checkOptions(options, "start a program");
  if ((options as SubprocessOptions).detached) {
    throw new TypeError(
      "Cannot start a program: detached does not go with a protocol, use createSubprocessExec",
    );
  }
  const { stdin = PIPE, stdout = PIPE, stderr = PIPE } = options;
  return { stdin, stdout, stderr };
}

function start<P extends SubprocessProtocol>(
  caller: string,
  factory: () => P,
  startProcess: () => Promise<Process>,
): Promise<Connected<SubprocessTransport, P>> {
  return composite(async () => {
    if (typeof factory !== "function") {
      throw new TypeError(
        `Cannot start a program: ${caller} takes a function that makes a protocol, received ${
          describe(factory)
        }: write ${caller}(() => new MyProtocol(), ...)`,
      );
    }
    const protocol = factory();
    checkProtocol(protocol);
    const process = await startProcess();
    const transport = new ProcessTransport(process, protocol);
    await detached(() => transport.start());
    return { transport, protocol };
  });
}
