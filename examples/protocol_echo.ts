/** An echo server and its client as protocols: no reads, but calls. */
import { Future, run } from "@asyncio/asyncio";
import {
  createConnection,
  createServer,
  Protocol,
  type Transport,
} from "@asyncio/asyncio/streams/transports";

const decoder = new TextDecoder();

/** Sends back what comes; a new one for every client. */
class EchoServer extends Protocol {
  #transport!: Transport;

  override connectionMade(transport: Transport): void {
    this.#transport = transport;
    console.log("server: a client has connected");
  }

  override dataReceived(data: Uint8Array): void {
    console.log(`server: "${decoder.decode(data)}"`);
    this.#transport.write(data);
  }

  override eofReceived(): void {
    console.log("server: the client has nothing more to say");
    // Returning nothing closes this side as well, when all is sent.
  }

  override connectionLost(error: unknown): void {
    console.log(`server: closed ${error === undefined ? "in order" : error}`);
  }
}

/** Says its pieces, and is done when all of them have come back. */
class EchoClient extends Protocol {
  readonly done = new Future<string>();
  readonly #pieces: string[];
  #echo = "";

  constructor(pieces: string[]) {
    super();
    this.#pieces = pieces;
  }

  override connectionMade(transport: Transport): void {
    transport.writeLines(this.#pieces);
    if (transport.canWriteEof) transport.writeEof();
  }

  override dataReceived(data: Uint8Array): void {
    this.#echo += decoder.decode(data);
  }

  override connectionLost(error: unknown): void {
    if (error === undefined) this.done.setResult(this.#echo);
    else this.done.setException(error);
  }
}

await run(async () => {
  const server = await createServer(() => new EchoServer(), {
    hostname: "127.0.0.1",
  });
  const { port } = server.addresses[0] as Deno.NetAddr;

  const pieces = ["This is the message. ", "It is sent ", "in parts."];
  const { protocol } = await createConnection(() => new EchoClient(pieces), {
    port,
  });
  console.log(`client: "${await protocol.done}"`);
});
