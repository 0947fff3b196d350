/** The HTTP server, and others. @module */
import { runSubprocess } from "@asyncio/asyncio/process";
import { type Contest, deno, type Round, startServers } from "./contest.ts";

const path = (file: string) => new URL(file, import.meta.url).pathname;
const PYTHON = "/usr/bin/python3";

/** The first is this package's, the second what it is to be measured by. */
const SERVERS: Record<string, string[]> = {
  "examples/http_server.ts": deno("../../examples/http_server.ts", "0"),
  "asyncio's streams on uvloop": [PYTHON, path("./http_server.py")],
  "a protocol on uvloop, with httptools": [
    PYTHON,
    path("./http_protocol_server.py"),
  ],
  "`serve` of this package": deno("./http_server.ts", "serve"),
  "Deno.serve": deno("./http_server.ts"),
};

export async function* http(): AsyncGenerator<Contest> {
  await using stack = new AsyncDisposableStack();
  const servers = await startServers(SERVERS, stack);
  for (const connections of [1, 32]) {
    const contestants = servers.map(([name, port, pid]) => ({
      ...{ name, pid },
      round: () => wrk(port, connections),
    }));
    const work = `HTTP: requests, ${connections} at a time`;
    yield { work, contestants, target: 1 };
  }
}

async function wrk(port: number, connections: number): Promise<Round> {
  const options = ["-t1", `-c${connections}`, "-d1", "--timeout", "60s"];
  const { stdout } = await runSubprocess(
    ["wrk", ...options, `http://127.0.0.1:${port}/`],
    { captureOutput: true, check: true },
  );
  if (/Socket errors|Non-2xx/.test(stdout!)) throw new Error(stdout!);
  const [, count, seconds] = /(\d+) requests in ([\d.]+)s/.exec(stdout!) ?? [];
  return { count: Number(count), seconds: Number(seconds) };
}
