/** A client of Redis in 50 lines, and a redis-server to try it on. */
import {
  createSubprocessExec,
  createTask,
  Future,
  gather,
  IncompleteReadError,
  openUnixConnection,
  PIPE,
  run,
  type StreamReader,
  type StreamWriter,
} from "@asyncio/asyncio";

type Reply = string | number | null | Error | Reply[];

const decoder = new TextDecoder();

/** Commands are sent at once, together where they come together; the replies come in order. */
class Redis {
  readonly #writer: StreamWriter;
  readonly #waiting: Future<Reply>[] = [];

  constructor(reader: StreamReader, writer: StreamWriter) {
    this.#writer = writer;
    createTask(() => this.#receive(reader));
  }

  send(...words: string[]): Future<Reply> {
    this.#writer.write(`*${words.length}\r\n`);
    for (const word of words) {
      const { length } = new TextEncoder().encode(word);
      this.#writer.write(`$${length}\r\n${word}\r\n`);
    }
    const reply = new Future<Reply>();
    this.#waiting.push(reply);
    return reply;
  }

  async #receive(reader: StreamReader): Promise<void> {
    try {
      while (true) {
        const reply = await readReply(reader);
        const future = this.#waiting.shift()!;
        if (future.done) continue; // whoever asked has given up
        if (reply instanceof Error) future.setException(reply);
        else future.setResult(reply);
      }
    } catch (error) {
      for (const future of this.#waiting) future.setException(error);
      if (!(error instanceof IncompleteReadError)) throw error;
    }
  }
}

async function readReply(reader: StreamReader): Promise<Reply> {
  const line = decoder.decode(await reader.readUntil("\r\n")).slice(0, -2);
  const rest = line.slice(1);
  if (line[0] === "+") return rest;
  if (line[0] === "-") return new Error(rest);
  const number = Number(rest);
  if (line[0] === ":") return number;
  if (number < 0) return null;
  if (line[0] === "$") {
    const data = await reader.readExactly(number + 2);
    return decoder.decode(data.subarray(0, number));
  }
  const items: Reply[] = [];
  while (items.length < number) items.push(await readReply(reader));
  return items;
}

async function main(): Promise<void> {
  const path = `${await Deno.makeTempDir()}/redis.sock`;
  await using server = await createSubprocessExec(
    "redis-server",
    ["--port", "0", "--unixsocket", path, "--save", ""],
    { stdout: PIPE },
  );
  for await (const line of server.stdout!.lines()) {
    if (line.includes("eady to accept connections")) break;
  }

  const { reader, writer } = await openUnixConnection(path);
  const redis = new Redis(reader, writer);
  console.log(await redis.send("PING"));
  console.log(await redis.send("SET", "greeting", "hello, wörld"));
  console.log(await redis.send("GET", "greeting"));
  console.log(await redis.send("GET", "nothing"));
  console.log(await redis.send("RPUSH", "list", "one", "two", "three"));
  console.log(await redis.send("LRANGE", "list", "0", "-1"));

  // A thousand commands go out in one write, and their replies come in a few reads.
  const counts = await gather(
    Array.from({ length: 1000 }, () => redis.send("INCR", "counter")),
  );
  console.log(`counted to ${counts.at(-1)}`);

  try {
    await redis.send("INCR", "greeting");
  } catch (error) {
    console.log(`refused: ${(error as Error).message}`);
  }
  writer.close();
}

await run(main);
