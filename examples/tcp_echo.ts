/** A TCP echo server and a client of it, over real sockets. */
import {
  openConnection,
  run,
  startServer,
  type StreamReader,
  type StreamWriter,
} from "@asyncio/asyncio";

const decoder = new TextDecoder();

async function handleEcho(
  reader: StreamReader,
  writer: StreamWriter,
): Promise<void> {
  const data = await reader.read(100);
  const { hostname } = writer.getExtraInfo("peername") as Deno.NetAddr;
  console.log(`Received "${decoder.decode(data)}" from ${hostname}`);

  console.log(`Send: "${decoder.decode(data)}"`);
  writer.write(data);
  await writer.drain();

  console.log("Close the connection");
  writer.close();
}

async function tcpEchoClient(port: number, message: string): Promise<void> {
  const { reader, writer } = await openConnection({
    hostname: "127.0.0.1",
    port,
  });

  console.log(`Client sends: "${message}"`);
  writer.write(message);

  const data = await reader.read(100);
  console.log(`Client received: "${decoder.decode(data)}"`);

  console.log("Client closes the connection");
  writer.close();
  await writer.waitClosed();
}

async function main(): Promise<void> {
  await using server = await startServer(handleEcho, { hostname: "127.0.0.1" });
  const [address] = server.addresses as Deno.NetAddr[];
  console.log(`Serving on ${address!.hostname}`);
  await tcpEchoClient(address!.port, "Hello World!");
}

await run(main);
