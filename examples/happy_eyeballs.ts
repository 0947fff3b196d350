/** Connects to the first address of a host that answers, as RFC 8305 has it. */
import {
  type AddrInfo,
  any,
  getaddrinfo,
  openConnection,
  run,
  shielded,
  sleep,
  startServer,
} from "@asyncio/asyncio";

/** How an attempt is made: a TCP connection, or what a test has in its place. */
export type Connect<C> = (address: AddrInfo) => Promise<C>;

/** What RFC 8305 recommends between two attempts. */
const ATTEMPT_DELAY = 250;

/** IPv6 and IPv4 in turn, beginning with the family that came first. */
export function interleave(addresses: readonly AddrInfo[]): AddrInfo[] {
  const [first] = addresses;
  const preferred = addresses.filter(({ family }) => family === first?.family);
  const others = addresses.filter(({ family }) => family !== first?.family);
  const turns = Math.max(preferred.length, others.length);
  return Array.from({ length: turns }, (_, i) => [preferred[i], others[i]])
    .flat()
    .filter((address) => address !== undefined);
}

/**
 * The first connection that is there. An attempt begins when the one before has
 * failed, or has had 250 ms; what loses ends. Two attempts may have succeeded in
 * the same moment: the later connection is closed.
 */
export async function connectToFirst<C extends AsyncDisposable>(
  addresses: readonly AddrInfo[],
  connect: Connect<C>,
): Promise<C> {
  const connections = new Set<C>();
  const attempts = interleave(addresses).map((address) => async () => {
    const connection = await connect(address);
    connections.add(connection);
    return connection;
  });
  try {
    const first = await any(attempts, { stagger: ATTEMPT_DELAY });
    connections.delete(first);
    return first;
  } finally {
    for (const late of connections) {
      await shielded(() => late[Symbol.asyncDispose]());
    }
  }
}

/** The server listens at one of three addresses; one of the others is silent. */
async function main(): Promise<void> {
  await using server = await startServer((_reader, writer) => {
    writer.write("hello\n");
    writer.close();
  }, { hostname: "127.0.0.1" });
  const { port } = server.addresses[0] as Deno.NetAddr;
  const addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.1"]
    .map((hostname): AddrInfo => ({ family: 4, hostname, port }));
  await using connection = await connectToFirst(
    addresses,
    async ({ hostname, port }) => {
      console.log(`tries ${hostname}`);
      if (hostname === "127.0.0.3") await sleep(60_000);
      return await openConnection({ hostname, port });
    },
  );
  const { reader } = connection;
  console.log(new TextDecoder().decode(await reader.readLine()).trim());
}

/** The first line that a host sends. */
async function show(hostname: string, port: number): Promise<void> {
  const addresses = await getaddrinfo(hostname, port);
  await using connection = await connectToFirst(
    addresses,
    ({ hostname, port }) => openConnection({ hostname, port }),
  );
  const line = await connection.reader.readLine();
  console.log(new TextDecoder().decode(line).trim());
}

if (import.meta.main) {
  const [hostname, port] = Deno.args;
  await run(() =>
    hostname === undefined ? main() : show(hostname, Number(port))
  );
}
