/** The echo of protocols, encrypted, with a certificate made for it. */
import { createSubprocessExec, Future, run } from "@asyncio/asyncio";
import {
  createConnection,
  createServer,
  Protocol,
  type Transport,
} from "@asyncio/asyncio/streams/transports";

const decoder = new TextDecoder();

class EchoServer extends Protocol {
  #transport!: Transport;

  override connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  override dataReceived(data: Uint8Array): void {
    console.log(`server: "${decoder.decode(data)}"`);
    this.#transport.write(data);
  }
}

/**
 * TLS has no end of one direction, so a message ends with a zero byte here, and
 * the client closes when that has come back.
 */
class EchoClient extends Protocol {
  readonly done = new Future<string>();
  readonly #message: string;
  #transport!: Transport;
  #echo = "";

  constructor(message: string) {
    super();
    this.#message = message;
  }

  override connectionMade(transport: Transport): void {
    this.#transport = transport;
    console.log(`client: half-close is possible: ${transport.canWriteEof}`);
    transport.write(`${this.#message}\0`);
  }

  override dataReceived(data: Uint8Array): void {
    this.#echo += decoder.decode(data);
    if (this.#echo.endsWith("\0")) this.#transport.close();
  }

  override connectionLost(error: unknown): void {
    if (error === undefined) this.done.setResult(this.#echo.slice(0, -1));
    else this.done.setException(error);
  }
}

/** A self-signed certificate for `localhost`. */
async function makeCertificate(): Promise<{ cert: string; key: string }> {
  const directory = await Deno.makeTempDir();
  try {
    const openssl = await createSubprocessExec("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt"],
      ...["ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
      // Else it would be an authority, and no server.
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-keyout", "key.pem", "-out", "cert.pem"],
    ], { cwd: directory, stderr: "null" });
    await openssl.wait();
    const [cert, key] = await Promise.all([
      Deno.readTextFile(`${directory}/cert.pem`),
      Deno.readTextFile(`${directory}/key.pem`),
    ]);
    return { cert, key };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

await run(async () => {
  const tls = await makeCertificate();
  const server = await createServer(() => new EchoServer(), {
    hostname: "127.0.0.1",
    tls,
  });
  const { port } = server.addresses[0] as Deno.NetAddr;

  const message = "This message is sent encrypted.";
  const { protocol } = await createConnection(() => new EchoClient(message), {
    hostname: "127.0.0.1",
    port,
    tls: { caCerts: [tls.cert], serverName: "localhost" },
  });
  console.log(`client: "${await protocol.done}"`);
});
