/** A chat for `nc`: `chat_server.ts 6667`; without a port it shows itself. */
import {
  type ConnectionHandler,
  isCancelled,
  openConnection,
  Queue,
  run,
  startServer,
  type StreamWriter,
  taskGroup,
  timeout,
} from "@asyncio/asyncio";

const SILENCE = 600_000; // who says nothing for so long has to go,
const STALL = 30_000; // and so has who takes nothing, in milliseconds

class Member {
  readonly lines = new Queue<string>(100);
  #missed = 0;

  /** Never waits; who has missed a line misses all until the queue is empty. */
  tell(line: string): void {
    if (this.lines.full || this.#missed > 0) this.#missed++;
    else this.lines.putNowait(line);
  }

  async send(writer: StreamWriter): Promise<void> {
    for await (const line of this.lines) {
      writer.write(`${line}\n`);
      await timeout(STALL, () => writer.drain());
      if (this.#missed === 0 || !this.lines.empty) continue;
      writer.write(`* you read too slowly, lines missed: ${this.#missed}\n`);
      this.#missed = 0;
    }
    writer.close();
    await timeout(STALL, () => writer.waitClosed());
  }
}

const members = new Map<string, Member>();

function tellAll(line: string): void {
  for (const member of members.values()) member.tell(line);
}

const serve: ConnectionHandler = async (reader, writer) => {
  const member = new Member();
  let name = "";
  await taskGroup(async (group) => {
    group.createTask(() => member.send(writer));
    member.tell("* your name?");
    const lines = reader.lines()[Symbol.asyncIterator]();
    try {
      while (true) {
        const { value, done } = await timeout(SILENCE, () => lines.next());
        if (done || value === "/quit") return;
        if (name) tellAll(`${name}: ${value}`);
        else if (!/^\w+$/.test(value) || members.has(value)) {
          member.tell("* that is no name, or taken: another?");
        } else {
          members.set(name = value, member);
          tellAll(`* ${name} is here`);
        }
      }
    } finally {
      if (members.delete(name)) tellAll(`* ${name} has left`);
      member.lines.shutdown(); // what is in it is still sent
    }
  }).catch((error) => {
    if (isCancelled(error)) throw error;
    console.log(`${name || "a guest"} was lost: ${error.message}`);
    writer.abort();
  });
};

async function demonstrate(server: Deno.NetAddr): Promise<void> {
  const alice = await openConnection(server);
  alice.writer.write("alice\n");
  await alice.reader.readUntil("* alice is here\n");
  const bob = await openConnection(server);
  bob.writer.write("bob\nhello, alice\n/quit\n");
  const heard = await alice.reader.readUntil("* bob has left\n");
  console.log(new TextDecoder().decode(heard).trimEnd());
}

await run(async () => {
  const where = { hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 0) };
  const server = await startServer(serve, { ...where, limit: 1024 });
  const address = server.addresses[0] as Deno.NetAddr;
  if (Deno.args.length === 0) return await demonstrate(address);
  console.log(`listening on ${address.port}`);
  try {
    await server.waitClosed(); // it is not closed: this waits for Ctrl-C
  } finally {
    tellAll("* the server stops");
    await server.shutdown({ timeout: 0 });
  }
});
