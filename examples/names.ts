/** The addresses of hosts, and the names of addresses, several at once. */
import {
  type AddrInfo,
  gather,
  getaddrinfo,
  getnameinfo,
  run,
} from "@asyncio/asyncio";

const hosts = Deno.args.length > 0 ? Deno.args : ["localhost", "127.0.0.1"];

/** Never throws: what cannot be found out is a part of the answer. */
async function describe(host: string): Promise<string[]> {
  try {
    const addresses = await getaddrinfo(host, 443, { timeout: 5000 });
    return await gather(addresses.map((address) => () => withName(address)));
  } catch (error) {
    return [(error as Error).message];
  }
}

async function withName(address: AddrInfo): Promise<string> {
  const [name, service] = await getnameinfo(address, { timeout: 5000 });
  return `${address.hostname} (IPv${address.family}) is ${name}, ${service}`;
}

await run(async () => {
  const answers = await gather(hosts.map((host) => () => describe(host)));
  for (const [i, lines] of answers.entries()) {
    console.log(`${hosts[i]}:`);
    for (const line of lines) console.log(`  ${line}`);
  }
});
