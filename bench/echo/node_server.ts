import net from "node:net";

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => {});
  socket.on("data", (data) => {
    if (!socket.write(data)) {
      socket.pause();
      socket.once("drain", () => socket.resume());
    }
  });
});
server.listen(0, "127.0.0.1", () => {
  console.log((server.address() as net.AddressInfo).port);
});
