/** The WebSocket server, and others. @module */
import {
  type Contest,
  deno,
  nextNumber,
  SMOKE,
  start,
  startServers,
} from "./contest.ts";

const path = (file: string) => new URL(file, import.meta.url).pathname;

const seconds = SMOKE ? 0.2 : 1;

const SERVERS: Record<string, string[]> = {
  "examples/websocket_echo.ts": deno("../../examples/websocket_echo.ts", "0"),
  "Deno.upgradeWebSocket": deno("./websocket_server.ts"),
  "Python's websockets on uvloop": [
    "/usr/bin/python3",
    path("./websocket_server.py"),
  ],
};

export async function* websocket(): AsyncGenerator<Contest> {
  await using stack = new AsyncDisposableStack();
  const servers = await startServers(SERVERS, stack);
  for (
    const [connections, size] of [[1, 32], [16, 32], [16, 16_384]] as const
  ) {
    const contestants = servers.map(([name, port, pid]) => ({
      ...{ name, pid },
      round: async () => {
        const args = [port, connections, size, seconds].map(String);
        await using load = await start(deno("./websocket_load.ts", ...args));
        return { count: await nextNumber(load), seconds };
      },
    }));
    const work = `WebSocket: messages of ${size} bytes back and forth, ` +
      `${connections} at a time`;
    yield { work, contestants };
  }
}
