import { assertEquals, assertRejects } from "@std/assert";
import {
  NatsError,
  natsJobs,
  type NatsJobsOptions,
} from "@asyncio/asyncio/queue/nats";
import { has } from "../../_helpers/installed.ts";
import { certificates } from "../../streams/_certificates.ts";
import { take } from "../jobs/_place.ts";
import { ignore, NatsServer } from "./_nats_server.ts";

function test(what: string, fn: () => Promise<void>): void {
  Deno.test({
    name: `natsJobs with TLS: ${what}`,
    ignore: ignore || !has("openssl"),
    fn,
  });
}

function startServer(...args: string[]): Promise<NatsServer> {
  const { authority, server } = certificates();
  return NatsServer.start([
    "--tls",
    "--tlscert",
    server.certPath,
    "--tlskey",
    server.keyPath,
    "--tlscacert",
    authority.certPath,
    ...args,
  ]);
}

function open(
  server: NatsServer,
  options: Partial<NatsJobsOptions<string>>,
): ReturnType<typeof natsJobs<string>> {
  const servers = `tls://localhost:${server.port}`;
  return natsJobs<string>({
    servers,
    name: "test",
    connectTimeout: 30_000,
    ...options,
  });
}

test("a server whose authority is trusted is talked to", async () => {
  await using server = await startServer();
  const caCerts = [certificates().authority.cert];
  await using jobs = await open(server, { tls: { caCerts } });
  await jobs.put("a");
  assertEquals(await take(jobs), "a");
});

test("a server of an unknown authority is an error, with why", async () => {
  await using server = await startServer();
  const error = await assertRejects(
    () => open(server, { connectTimeout: 5000 }),
    NatsError,
    `no NATS server at localhost:${server.port}`,
  );
  assertEquals(/certificate|issuer/i.test(String(error.cause)), true);
});

test("a server that asks for a certificate gets it", async () => {
  await using server = await startServer("--tlsverify");
  const { authority, client: { cert, key } } = certificates();
  const caCerts = [authority.cert];
  await using jobs = await open(server, { tls: { caCerts, cert, key } });
  await jobs.put("a");
  assertEquals(await take(jobs), "a");
});

test("asking a server for TLS that has none is an error", async () => {
  await using server = await NatsServer.start();
  await assertRejects(
    () => open(server, { connectTimeout: 1000 }),
    NatsError,
    "no NATS server at",
  );
});
