#!/usr/bin/env bash
# jsmodbus 5.0.0: the late answer to a request that has timed out fails the
# requests after it
#
# A good guess: Modbus TCP numbers its requests, so that an answer nobody waits
# for any more is recognised and dropped, as modbus-serial 8.0.25 does.
#
# What happens: It is taken for the answer to the request that is under way.
# That one rejects, with a message about the function code, and all that wait in
# line with it, though their own answers would come. One slow device behind a
# gateway fails the polling of the others.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  jsmodbus@5.0.0 modbus-serial@8.0.25

cat >probe.mjs <<'CODE'
import jsmodbus from "jsmodbus";
import ModbusRTU from "modbus-serial";
import { once } from "node:events";
import net from "node:net";

// A register's value is its address. The answer for register 7 comes when
// register 8 is asked for, just before the answer to that.
const server = net.createServer((connection) => {
  let late;
  connection.on("data", (bytes) => {
    for (; bytes.length > 0; bytes = bytes.subarray(12)) {
      const answer = Buffer.from([bytes[0], bytes[1], 0, 0, 0, 5, bytes[6], 3, 2, bytes[8], bytes[9]]);
      if (bytes[9] === 7) late = answer;
      else {
        if (late !== undefined) connection.write(late);
        late = undefined;
        connection.write(answer);
      }
    }
  });
}).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address();
const show = async (name, values) => {
  const results = await Promise.allSettled(values);
  console.log(`${name}: ${results.map(({ value, reason }) => value ?? `error: ${reason.message}`).join("; ")}`);
};

const socket = net.connect(port, "127.0.0.1");
const client = new jsmodbus.client.TCP(socket, 1, 300);
await once(socket, "connect");
const read = async (address) => (await client.readHoldingRegisters(address, 1)).response.body.valuesAsArray[0];
await show("jsmodbus 5.0.0, register 7", [read(7)]);
await show("jsmodbus 5.0.0, registers 8, 9 and 10", [read(8), read(9), read(10)]);
await show("jsmodbus 5.0.0, register 11", [read(11)]);
socket.destroy();

const other = new ModbusRTU();
await other.connectTCP("127.0.0.1", { port });
other.setTimeout(300);
const readOther = async (address) => (await other.readHoldingRegisters(address, 1)).data[0];
await show("modbus-serial 8.0.25, register 7", [readOther(7)]);
await show("modbus-serial 8.0.25, registers 8, 9 and 10", [readOther(8), readOther(9), readOther(10)]);
other.close(() => server.close());
CODE

cat >expected <<'TEXT'
jsmodbus 5.0.0, register 7: error: Req timed out
jsmodbus 5.0.0, registers 8, 9 and 10: error: request fc and response fc does not match.; error: rejecting because of earlier OutOfSync error; error: rejecting because of earlier OutOfSync error
jsmodbus 5.0.0, register 11: 11
modbus-serial 8.0.25, register 7: error: Timed out
modbus-serial 8.0.25, registers 8, 9 and 10: 8; 9; 10
TEXT

node probe.mjs | tee seen
diff expected seen
