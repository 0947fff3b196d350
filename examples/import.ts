/**
 * Imports a large file into Redis: a digest for each line, stored 500 at a time
 * over four connections, with a progress line. It can be stopped and repeated.
 *
 * ```sh
 * deno run -A examples/import.ts [people.csv [redis.sock]]
 * ```
 */
import {
  createSubprocessExec,
  openUnixConnection,
  PIPE,
  Queue,
  run,
  StreamReader,
  type Streams,
} from "@asyncio/asyncio";
import { chunks, map } from "@asyncio/asyncio/streams/operators";

const CONNECTIONS = 4;

const encoder = new TextEncoder();

interface Line {
  /** How many bytes of the file it is. */
  size: number;
  /** What stores the person, under a digest of the address; none if it is bad. */
  command?: string;
}

async function parse(line: string): Promise<Line> {
  const size = encoder.encode(line).length + 1;
  const [name, email, city] = line.split(",");
  if (!name || !email?.includes("@") || !city) return { size };
  const digest = await crypto.subtle.digest("SHA-256", encoder.encode(email));
  const key = `person:${new Uint8Array(digest).toHex().slice(0, 16)}`;
  return { size, command: command("HSET", key, "name", name, "city", city) };
}

/** A command in the protocol of Redis. */
function command(...words: string[]): string {
  const parts = words.map((word) =>
    `$${encoder.encode(word).length}\r\n${word}`
  );
  return `*${words.length}\r\n${parts.join("\r\n")}\r\n`;
}

/** Sends commands at once, and gives the last of their replies of one line. */
async function send({ reader, writer }: Streams, commands: string[]) {
  writer.write(commands.join(""));
  await writer.drain();
  let reply = "";
  for (const _ of commands) {
    reply = new TextDecoder().decode(await reader.readUntil("\r\n"));
    if (reply.startsWith("-")) throw new Error(`Redis has refused: ${reply}`);
  }
  return reply.slice(1).trim();
}

async function importFile(path: string, socket: string): Promise<void> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  const idle = new Queue<Streams>();
  for (let i = 0; i < CONNECTIONS; i++) {
    await idle.put(await openUnixConnection(socket));
  }
  let done = 0, stored = 0, refused = 0;

  const store = async (lines: Line[]) => {
    const commands = lines.flatMap((line) => line.command ?? []);
    const connection = await idle.get();
    await send(connection, commands);
    await idle.put(connection);
    stored += commands.length;
    refused += lines.length - commands.length;
    return lines.reduce((sum, { size }) => sum + size, 0);
  };

  const text = StreamReader.from(file.readable).lines();
  const lines = chunks(map(text, parse, { limit: 100 }), { size: 500 });
  const options = { limit: CONNECTIONS, ordered: false };
  for await (const bytes of map(lines, store, options)) {
    done += bytes;
    draw(done / size, `${stored} stored`);
  }
  const total = await send(await idle.get(), [command("DBSIZE")]);
  console.log(`${stored} stored, ${refused} refused, ${total} in Redis`);
}

let drawn = 0;

/** Draws over the last line on a terminal; elsewhere, a line for each tenth. */
function draw(part: number, text: string): void {
  const line = `${Math.floor(100 * part)} %, ${text}`;
  if (Deno.stdout.isTerminal()) {
    Deno.stdout.writeSync(
      encoder.encode(part < 1 ? `\r${line}` : `\r${line}\n`),
    );
  } else if (Math.floor(10 * part) > drawn) {
    drawn = Math.floor(10 * part);
    console.log(line);
  }
}

/** A redis-server of its own, and a file for it. */
async function show(): Promise<void> {
  const folder = await Deno.makeTempDir();
  const [path, socket] = [`${folder}/people.csv`, `${folder}/redis.sock`];
  const lines = Array.from(
    { length: 50_000 },
    (_, i) =>
      i % 1000 === 7 ? "not a person" : `Ada ${i},ada${i}@example.org,London`,
  );
  await Deno.writeTextFile(path, lines.join("\n") + "\n");
  const args = ["--port", "0", "--unixsocket", socket, "--save", ""];
  await using server = await createSubprocessExec("redis-server", args, {
    stdout: PIPE,
  });
  for await (const line of server.stdout!.lines()) {
    if (/ready to accept connections/i.test(line)) break;
  }
  await importFile(path, socket);
  await Deno.remove(folder, { recursive: true });
}

const [path, socket = "/run/redis/redis-server.sock"] = Deno.args;
await run(() => path === undefined ? show() : importFile(path, socket));
