import type {
  ConnectOptions,
  ServeOptions,
  StreamReader,
  StreamWriter,
} from "@asyncio/asyncio/streams";
import { has } from "../_installed.ts";
import { certificates } from "./_certificates.ts";

export const LOOPBACK = { hostname: "127.0.0.1" };

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

export async function echo(
  reader: StreamReader,
  writer: StreamWriter,
): Promise<void> {
  for await (const line of reader) {
    writer.write(line);
    await writer.drain();
  }
  writer.close();
}
