/** This package's echo of datagrams. */
import { run } from "../../tasks/mod.ts";
import { openDatagram } from "../../streams/mod.ts";

await run(async () => {
  const endpoint = await openDatagram({ hostname: "127.0.0.1" });
  console.log(endpoint.address.port);
  while (true) {
    const { data, from } = await endpoint.receive();
    await endpoint.send(data, from);
  }
});
