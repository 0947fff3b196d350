/**
 * What a request costs, beside plain `Deno.serve`, and beside what users add to
 * it to be told that a client has gone.
 *
 * The servers are programs of their own, in `bench/http`, and the load is the C
 * program of `bench/echo`: without a compiler nothing is asked. Compare what
 * stands in one group, and only on a quiet machine.
 *
 * ```sh
 * deno bench -A $(deno run -A tests/std_source.ts) bench/http_bench.ts
 * ```
 *
 * @module
 */
import { benchUnderLoad } from "./echo/under_load.ts";

const REQUESTS = 20_000;

const program = new URL("http/server.ts", import.meta.url).pathname;
const SERVERS = [
  "serve",
  "Deno.serve",
  "Deno.serve and a listener",
  "node:http in Deno",
];

for (const handler of ["at once", "async", "after 1 ms"]) {
  for (const connections of [1, 50]) {
    for (const name of SERVERS) {
      benchUnderLoad({
        name,
        group:
          `${REQUESTS} requests, answered ${handler}, ${connections} connections`,
        baseline: name === "serve",
        command: [
          ...[Deno.execPath(), "run", "-A", "--no-check"],
          ...[program, name, handler],
        ],
        connections,
        size: 1,
        messages: REQUESTS,
        kind: "http",
      });
    }
  }
}
