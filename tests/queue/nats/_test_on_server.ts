/** Tests with a server of their own. @module */
import { ignore, NatsServer } from "./_nats_server.ts";

/** Defines a test that gets a server. */
export function test(
  what: string,
  fn: (server: NatsServer) => Promise<void>,
): void {
  Deno.test({
    name: `natsJobs: ${what}`,
    ignore,
    async fn() {
      await using server = await NatsServer.start();
      await fn(server);
    },
  });
}
