/** What an operator asks a server, without a client. @module */
import { openConnection } from "@asyncio/asyncio/streams";
import { moveOnAfter, sleep } from "@asyncio/asyncio/tasks";

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

/** The HTTP status of errors that pass: no leader was elected yet. */
const UNAVAILABLE = 503;

/** Asks a server of a cluster, until the one that leads replies: others say nothing. */
export async function askCluster(
  port: number,
  subject: string,
  body?: string,
): Promise<Answer> {
  for (;; await sleep(100)) {
    const answer = await moveOnAfter(
      2000,
      () => askServer(port, subject, body),
    );
    if (answer !== undefined && answer.error?.code !== UNAVAILABLE) {
      return answer;
    }
  }
}
