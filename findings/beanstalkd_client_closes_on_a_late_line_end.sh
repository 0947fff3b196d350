#!/usr/bin/env bash
# beanstalkd 2.2.5: a line end that comes late closes the connection
#
# A good guess: An answer of beanstalkd ends with CR LF, whichever chunks the
# network makes of it, and reserve() resolves when all of it is there.
#
# What happens: reserve() resolves as soon as the job is there. If the CR LF
# behind it comes in a chunk of its own, the client finds no command that it
# belongs to, says so on the console, and closes: delete() rejects, and is not
# sent. The work is done, and the server gives the job to the next worker, who
# does it again.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  beanstalkd@2.2.5

cat >probe.mjs <<'CODE'
import beanstalkd from "beanstalkd";
import { createServer } from "node:net";
import process from "node:process";

const Client = beanstalkd.default ?? beanstalkd;
async function show(name, chunks) {
  const said = [];
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", async (data) => {
      const command = data.toString().split(/\s/)[0];
      if (command === "delete") {
        said.push("DELETED");
        return socket.write("DELETED\r\n");
      }
      for (const chunk of chunks) {
        socket.write(chunk);
        // Long enough to be read alone.
        await new Promise((done) => setTimeout(done, 200));
      }
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const client = new Client("127.0.0.1", server.address().port);
  await client.connect();
  const [id, job] = await client.reserve();
  // The work takes longer than the rest of the answer.
  await new Promise((done) => setTimeout(done, 400));
  const outcome = await client.delete(id).then(() => "resolves", (error) => `rejects with "${error.message.trim()}"`);
  console.log(`beanstalkd 2.2.5, ${name}: job "${job}", server ${said.join() || "heard no delete"}, delete() ${outcome}`);
}
await show("one chunk", ["RESERVED 7 5\r\nhello\r\n"]);
await show("the job in two", ["RESERVED 7 5\r\nhe", "llo\r\n"]);
await show("the end in a chunk of its own", ["RESERVED 7 5\r\nhello", "\r\n"]);
process.exit();
CODE

cat >expected <<'TEXT'
beanstalkd 2.2.5, one chunk: job "hello", server DELETED, delete() resolves
beanstalkd 2.2.5, the job in two: job "hello", server DELETED, delete() resolves
No read queue item
beanstalkd 2.2.5, the end in a chunk of its own: job "hello", server heard no delete, delete() rejects with "Connection is closed"
TEXT

node --no-deprecation probe.mjs | tee seen
diff expected seen
