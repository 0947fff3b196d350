/** What an operator asks a server, without a client. @module */
import { openConnection } from "@asyncio/asyncio/streams";

// deno-lint-ignore no-explicit-any -- JSON
export type Answer = any;

/** Asks JetStream's interface: `askServer(port, "STREAM.INFO.X")`. */
export async function askServer(
  port: number,
  subject: string,
  body = "",
): Promise<Answer> {
  await using connection = await openConnection({
    hostname: "127.0.0.1",
    port,
  });
  const { reader, writer } = connection;
  const text = new TextDecoder();
  writer.write(
    'CONNECT {"verbose":false}\r\nSUB answer 1\r\n' +
      `PUB $JS.API.${subject} answer ${body.length}\r\n${body}\r\n`,
  );
  while (true) {
    const line = text.decode(await reader.readUntil("\r\n")).trim();
    if (!line.startsWith("MSG ")) continue;
    const length = Number(line.split(" ").at(-1));
    return JSON.parse(text.decode(await reader.readExactly(length)));
  }
}
