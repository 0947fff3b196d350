import net from "node:net";

/** A server that resets each connection as soon as it has read something. */
export async function resettingServer(): Promise<
  { port: number } & AsyncDisposable
> {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.resetAndDestroy());
  });
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  return {
    port: (server.address() as net.AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => server.close(() => resolve())),
  };
}
