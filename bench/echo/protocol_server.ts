/** This package's echo server as a protocol. */
import { run } from "../../tasks/mod.ts";
import {
  BufferedProtocol,
  createServer,
  type Transport,
} from "../../streams/transports/mod.ts";

class Echo extends BufferedProtocol {
  readonly #memory = new Uint8Array(65536);
  #transport!: Transport;

  override connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  override getBuffer(): Uint8Array {
    return this.#memory;
  }

  override bufferUpdated(count: number): void {
    this.#transport.write(this.#memory.subarray(0, count));
  }

  override pauseWriting(): void {
    this.#transport.pauseReading();
  }

  override resumeWriting(): void {
    this.#transport.resumeReading();
  }
}

await run(async () => {
  const server = await createServer(() => new Echo(), {
    hostname: "127.0.0.1",
  });
  console.log((server.addresses[0] as Deno.NetAddr).port);
  await server.serveForever();
});
