import type { ConnectOptions, ServeOptions } from "@asyncio/asyncio/streams";
import { has } from "../_helpers/installed.ts";
import { certificates } from "./_certificates.ts";
import { LOOPBACK } from "../_helpers/loopback.ts";

/** These tests make their certificates with openssl. */
export function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: !has("openssl") });
}

export function serving(
  options: Partial<ServeOptions["tls"]> = {},
): ServeOptions {
  const { cert, key } = certificates().server;
  return { ...LOOPBACK, tls: { cert, key, ...options } };
}

export function trusting(
  port: number,
  options: ConnectOptions["tls"] & object = {},
): ConnectOptions {
  const caCerts = [certificates().authority.cert];
  return { hostname: "localhost", port, tls: { caCerts, ...options } };
}
