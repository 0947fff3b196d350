/** Another program's output, collected and parsed by a protocol. */
import { Future, run } from "@asyncio/asyncio";
import {
  subprocessExec,
  SubprocessProtocol,
  type SubprocessTransport,
} from "@asyncio/asyncio/process/transports";

/** A line of `df`. */
interface FileSystem {
  name: string;
  used: string;
  mountedOn: string;
}

class DiskFree extends SubprocessProtocol {
  readonly done = new Future<{ code: number; found: FileSystem[] }>();
  readonly #decoder = new TextDecoder();
  #transport!: SubprocessTransport;
  #output = "";

  override connectionMade(transport: SubprocessTransport): void {
    console.log("the program has started");
    this.#transport = transport;
  }

  override pipeDataReceived(fd: number, data: Uint8Array): void {
    console.log(`it has written to ${fd === 1 ? "its output" : "its errors"}`);
    if (fd === 1) this.#output += this.#decoder.decode(data, { stream: true });
  }

  override processExited(): void {
    console.log("it has ended");
  }

  /** Comes last, when the pipes have ended too. */
  override connectionLost(): void {
    const code = this.#transport.getReturnCode()!;
    this.done.setResult({ code, found: parse(this.#output) });
  }
}

function parse(output: string): FileSystem[] {
  const [_heading, ...lines] = output.trim().split("\n");
  return lines.map((line) => {
    const [name = "", _size, _used, _free, used = "", mountedOn = ""] = line
      .split(/\s+/);
    return { name, used, mountedOn };
  });
}

await run(async () => {
  const { protocol } = await subprocessExec(() => new DiskFree(), "df", [
    "-P",
    "/",
  ], { stdin: "null" });
  const { code, found } = await protocol.done;
  console.log(`exit code ${code}`);
  for (const { used, mountedOn } of found) {
    console.log(`${mountedOn} is ${used} full`);
  }
});
