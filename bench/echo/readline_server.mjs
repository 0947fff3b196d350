/** An echo line by line, as programs for Node write it: also for Deno. */
import net from "node:net";
import readline from "node:readline";

const server = net.createServer({ noDelay: true }, async (socket) => {
  socket.on("error", () => {});
  for await (const line of readline.createInterface({ input: socket })) {
    socket.write(`${line}\n`);
  }
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
