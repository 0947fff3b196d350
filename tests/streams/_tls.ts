import type { ConnectOptions, ServeOptions } from "@asyncio/asyncio/streams";
import { has } from "../_helpers/installed.ts";
import { certificates } from "./_certificates.ts";
import { transport } from "./_transport.ts";
import { LOOPBACK } from "../_helpers/loopback.ts";

/** These tests make their certificates with openssl. */
export function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: !has("openssl") });
}

export function serving(
  options: Partial<ServeOptions["tls"]> = {},
): ServeOptions {
  const { cert, key } = certificates().server;
  return { ...LOOPBACK, ...transport().server, tls: { cert, key, ...options } };
}

export function trusting(
  port: number,
  options: ConnectOptions["tls"] & object = {},
): ConnectOptions {
  const caCerts = [certificates().authority.cert];
  const tls = { caCerts, ...transport().client, ...options };
  return { hostname: "localhost", port, tls };
}
