/** A WebSocket echo server of the runtime: it prints its port. @module */
const options = {
  ...{ hostname: "127.0.0.1", port: 0 },
  onListen: ({ port }: Deno.NetAddr) => console.log(port),
};
Deno.serve(options, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
});
