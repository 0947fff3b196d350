/**
 * Subprocesses with protocols: methods of your object are called with the output of
 * a program. The names and the order of the calls are asyncio's. The other
 * transports are in `@asyncio/asyncio/streams/transports`.
 *
 * ```ts
 * import {
 *   SubprocessProtocol,
 *   subprocessExec,
 * } from "@asyncio/asyncio/process/transports";
 * import { Future, run } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * class Counter extends SubprocessProtocol {
 *   bytes = 0;
 *   readonly done = new Future<void>();
 *   override pipeDataReceived(_fd: number, data: Uint8Array) {
 *     this.bytes += data.length;
 *   }
 *   override connectionLost() {
 *     this.done.setResult();
 *   }
 * }
 *
 * await run(async () => {
 *   const factory = () => new Counter();
 *   const { protocol } = await subprocessExec(factory, "seq", ["3"]);
 *   await protocol.done;
 *   assertEquals(protocol.bytes, 6);
 * });
 * ```
 *
 * @module
 */
export {
  BaseProtocol,
  BaseTransport,
  type Connected,
  ReadTransport,
  SubprocessProtocol,
  SubprocessTransport,
  Transport,
  type WriteBufferLimits,
  WriteTransport,
} from "../../streams/transports/mod.ts";
export {
  subprocessExec,
  type SubprocessProtocolOptions,
  subprocessShell,
} from "./subprocess.ts";
export type { SubprocessOptions } from "../options.ts";
export {
  DEVNULL,
  INHERIT,
  type InputSource,
  type OutputTarget,
  PIPE,
  type Stdio,
  STDOUT,
} from "../stdio.ts";
