/** A client of Redis in 50 lines, and a redis-server to try it on. */
import {
  createSubprocessExec,
  createTask,
  Future,
  gather,
  openUnixConnection,
  PIPE,
  run,
  type StreamReader,
  type StreamWriter,
} from "@asyncio/asyncio";

type Reply = string | number | null | Error | Reply[];
const decoder = new TextDecoder();

/** Commands are sent at once; the replies come in their order. */
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
        if (future.done) continue; // the caller has given up
        if (reply instanceof Error) future.setException(reply);
        else future.setResult(reply);
      }
    } catch (error) {
      this.#writer.abort(); // no reply can come any more
      for (const future of this.#waiting) {
        if (!future.done) future.setException(error);
      }
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
    return decoder.decode(data).slice(0, -2);
  }
  return await Array.fromAsync({ length: number }, () => readReply(reader));
}

async function main(): Promise<void> {
  const path = await Deno.makeTempFile(); // the server puts its socket there
  const args = ["--port", "0", "--unixsocket", path, "--save", ""];
  await using server = await createSubprocessExec("redis-server", args, {
    stdout: PIPE,
  });
  for await (const line of server.stdout!.lines()) {
    if (/ready to accept connections/i.test(line)) break;
  }
  const { reader, writer } = await openUnixConnection(path);
  const redis = new Redis(reader, writer);
  console.log(await redis.send("PING"));
  console.log(await redis.send("SET", "greeting", "hello, wörld"));
  console.log(await redis.send("GET", "greeting"));
  console.log(await redis.send("GET", "nothing"));
  console.log(await redis.send("RPUSH", "list", "one", "two", "three"));
  console.log(await redis.send("LRANGE", "list", "0", "-1"));
  // A thousand go out in one write, and their replies come in a few reads.
  const count = () => redis.send("INCR", "counter");
  const counts = await gather(Array.from({ length: 1000 }, count));
  console.log(`counted to ${counts.at(-1)}`);
  await redis.send("INCR", "greeting").catch((error) =>
    console.log(`refused: ${error.message}`)
  );
  writer.close();
}

await run(main);
