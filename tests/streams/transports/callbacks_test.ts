/**
 * The order of the calls is CPython's: each program here is run there as well.
 */
import { assertEquals } from "@std/assert";
import {
  createConnection,
  type Transport,
} from "@asyncio/asyncio/streams/transports";
import { type EventLoop, getRunningLoop } from "@asyncio/asyncio/tasks";
import { testWith } from "../_programs.ts";
import { until } from "../../_helpers/until.ts";
import { turns } from "../../_helpers/turns.ts";
import { inPython } from "./_python.ts";
import { RecordedPair, Recorder } from "./_recorder.ts";

/** The errors that are reported from now on, by name. */
function reportsFrom(loop: EventLoop): string[] {
  const reports: string[] = [];
  loop.setExceptionHandler((_loop, { error }) => {
    reports.push((error as Error).name);
  });
  return reports;
}

interface Ends {
  client: Recorder;
  peer: Recorder;
  transport: Transport;
  extra: unknown[];
}

/** Defines a test that does the same here and in Python, and compares. */
function testAlike(
  name: string,
  python: string,
  here: (ends: Ends) => Promise<void>,
): void {
  testWith(["python3"], `as in CPython: ${name}`, async () => {
    const loop = getRunningLoop();
    loop.setExceptionHandler(() => {});
    await using pair = await RecordedPair.open();
    const { client, peer, transport } = pair;
    const extra: unknown[] = [];
    await here({ client, peer, transport, extra });
    const ours = {
      client: [...client.events],
      peer: [...peer.events],
      extra,
    };
    loop.setExceptionHandler(undefined);
    assertEquals(ours, await inPython(python));
  });
}

testAlike(
  "the client closes",
  `
transport.write(b"hello")
transport.close()
extra.append(transport.is_closing())
transport.close()
await client.lost()
await peer.lost()
`,
  async ({ client, peer, transport, extra }) => {
    transport.write("hello");
    transport.close();
    extra.push(transport.isClosing);
    transport.close();
    await client.lost();
    await peer.lost();
  },
);

testAlike(
  "the peer answers after the client's end, and closes by itself",
  `
transport.write(b"question")
transport.write_eof()
transport.write_eof()
await client.lost()
await peer.lost()
extra.append(transport.can_write_eof())
`,
  async ({ client, peer, transport, extra }) => {
    transport.write("question");
    transport.writeEof();
    transport.writeEof();
    await client.lost();
    await peer.lost();
    extra.push(transport.canWriteEof);
  },
);

testAlike(
  "eofReceived that returns true keeps the connection open to write",
  `
peer.keeps_open = True
transport.write(b"question")
transport.write_eof()
await peer.until(lambda: peer.last == "eof")
extra.append(peer.transport.is_closing())
extra.append(peer.transport.is_reading())
peer.transport.write(b"answer")
await client.got("answer")
peer.transport.close()
await client.lost()
await peer.lost()
`,
  async ({ client, peer, transport, extra }) => {
    peer.keepsOpen = true;
    transport.write("question");
    transport.writeEof();
    await until(() => peer.last === "eof");
    extra.push(peer.transport.isClosing, peer.transport.isReading);
    peer.transport.write("answer");
    await client.got("answer");
    peer.transport.close();
    await client.lost();
    await peer.lost();
  },
);

testAlike(
  "abort drops what is unsent, and is no error at this end",
  `
transport.pause_reading()
transport.write(b"x" * 20_000_000)
transport.abort()
extra.append(transport.get_write_buffer_size())
extra.append(transport.is_closing())
transport.abort()
await client.lost()
client.events = [each for each in client.events if each != "pause"]
await peer.lost()
peer.events = [each[:6] for each in peer.events if each.startswith(("made", "data"))]
`,
  async ({ client, peer, transport, extra }) => {
    transport.pauseReading();
    transport.write(new Uint8Array(20_000_000).fill(120));
    transport.abort();
    extra.push(transport.getWriteBufferSize(), transport.isClosing);
    transport.abort();
    await client.lost();
    client.keep(/^(made|lost.*)/);
    await peer.lost();
    peer.keep(/^(made|data x)/);
  },
);

testAlike(
  "abort inside connectionMade: it is lost without having received",
  `
class Refusing(Recorder):
    def connection_made(self, transport):
        super().connection_made(transport)
        transport.abort()
port = transport.get_extra_info("peername")[1]
transport.close()
await client.lost()
_, client = await asyncio.get_running_loop().create_connection(Refusing, "127.0.0.1", port)
await client.lost()
peer.events.clear()
`,
  async ({ client, peer, transport }) => {
    const { port } = transport.getExtraInfo("peername") as Deno.NetAddr;
    transport.close();
    await client.lost();
    client.events.length = 0;
    class Refusing extends Recorder {
      override connectionMade(transport: Transport): void {
        super.connectionMade(transport);
        transport.abort();
      }
    }
    const { protocol } = await createConnection(() => new Refusing(), { port });
    await protocol.lost();
    client.events.push(...protocol.events);
    await until(() => peer.isLost);
    await turns(5);
    peer.events.length = 0;
  },
);

testAlike(
  "nothing is received while reading is paused",
  `
extra.append(peer.transport.is_reading())
peer.transport.pause_reading()
peer.transport.pause_reading()
extra.append(peer.transport.is_reading())
transport.write(b"held back")
await asyncio.sleep(0.02)
extra.append(list(peer.events))
peer.transport.resume_reading()
extra.append(list(peer.events))
peer.transport.resume_reading()
await peer.got("held back")
transport.close()
await peer.lost()
await client.lost()
`,
  async ({ client, peer, transport, extra }) => {
    extra.push(peer.transport.isReading);
    peer.transport.pauseReading();
    peer.transport.pauseReading();
    extra.push(peer.transport.isReading);
    transport.write("held back");
    await turns(10);
    extra.push([...peer.events]);
    peer.transport.resumeReading();
    extra.push([...peer.events]);
    peer.transport.resumeReading();
    await peer.got("held back");
    transport.close();
    await peer.lost();
    await client.lost();
  },
);

testAlike(
  "an end that comes while reading is paused is heard of when it goes on",
  `
peer.transport.pause_reading()
transport.write(b"last words")
transport.close()
await client.lost()
await asyncio.sleep(0.02)
extra.append(list(peer.events))
peer.transport.resume_reading()
await peer.lost()
`,
  async ({ client, peer, transport, extra }) => {
    peer.transport.pauseReading();
    transport.write("last words");
    transport.close();
    await client.lost();
    await turns(10);
    extra.push([...peer.events]);
    peer.transport.resumeReading();
    await peer.lost();
  },
);

testAlike(
  "another protocol goes on in the middle",
  `
class Second(Recorder):
    pass
second = Second()
transport.write(b"first")
await peer.got("first")
peer.transport.set_protocol(second)
extra.append(peer.transport.get_protocol() is second)
transport.write(b"second")
await second.got("second")
transport.close()
await second.lost()
await client.lost()
extra.append(second.events)
`,
  async ({ client, peer, transport, extra }) => {
    const second = new Recorder();
    transport.write("first");
    await peer.got("first");
    peer.transport.setProtocol(second);
    extra.push(peer.transport.getProtocol() === second);
    transport.write("second");
    await second.got("second");
    transport.close();
    await second.lost();
    await client.lost();
    extra.push(second.events);
  },
);

testAlike(
  "an error in dataReceived loses the connection with it",
  `
class Failing(Exception): pass
def fail(data):
    peer.note("failing")
    raise TypeError("no")
peer.data_received = fail
reports = []
asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(type(context["exception"]).__name__))
transport.write(b"x")
await peer.lost()
await client.lost()
extra.append(reports)
`,
  async ({ client, peer, transport, extra }) => {
    peer.dataReceived = () => {
      peer.note("failing");
      throw new TypeError("no");
    };
    const reports = reportsFrom(getRunningLoop());
    transport.write("x");
    await peer.lost();
    await client.lost();
    extra.push(reports);
  },
);

testAlike(
  "an error in eofReceived loses the connection with it",
  `
def fail():
    raise TypeError("no")
peer.eof_received = fail
reports = []
asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(type(context["exception"]).__name__))
transport.write_eof()
await peer.lost()
await client.lost()
extra.append(reports)
`,
  async ({ client, peer, transport, extra }) => {
    peer.eofReceived = () => {
      throw new TypeError("no");
    };
    const reports = reportsFrom(getRunningLoop());
    transport.writeEof();
    await peer.lost();
    await client.lost();
    extra.push(reports);
  },
);

testAlike(
  "errors in connectionMade, pauseWriting and connectionLost are reported, and change nothing",
  `
class Failing(Recorder):
    def connection_made(self, transport):
        super().connection_made(transport)
        raise TypeError("no")
    def pause_writing(self):
        super().pause_writing()
        raise TypeError("no")
    def connection_lost(self, error):
        super().connection_lost(error)
        raise TypeError("no")
reports = []
asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(type(context["exception"]).__name__))
port = transport.get_extra_info("peername")[1]
transport.close()
await peer.lost()
peer.events.clear()
transport, client = await asyncio.get_running_loop().create_connection(Failing, "127.0.0.1", port)
peer.keeps_open = True
transport.write(b"x")
await peer.got("x")
peer.transport.write(b"answer")
await client.got("answer")
transport.set_write_buffer_limits(high=0)
peer.transport.pause_reading()
transport.write(b"x" * 20_000_000)
transport.abort()
await client.lost()
peer.events.clear()
extra.append(reports)
`,
  async ({ client, peer, transport, extra }) => {
    class Failing extends Recorder {
      override connectionMade(transport: Transport): void {
        super.connectionMade(transport);
        throw new TypeError("no");
      }
      override pauseWriting(): void {
        super.pauseWriting();
        throw new TypeError("no");
      }
      override connectionLost(error: unknown): void {
        super.connectionLost(error);
        throw new TypeError("no");
      }
    }
    const reports = reportsFrom(getRunningLoop());
    const { port } = transport.getExtraInfo("peername") as Deno.NetAddr;
    transport.close();
    await peer.lost();
    const { protocol, transport: second } = await createConnection(
      () => new Failing(),
      { port },
    );
    second.write("x");
    await peer.got("x");
    peer.transport.write("answer");
    await protocol.got("answer");
    second.setWriteBufferLimits({ high: 0 });
    peer.transport.pauseReading();
    second.write(new Uint8Array(20_000_000).fill(120));
    second.abort();
    await protocol.lost();
    client.events.splice(0, Infinity, ...protocol.events);
    peer.events.length = 0;
    extra.push(reports);
  },
);

testAlike(
  "writing is paused above the high-water mark, and resumed at the low one, in pairs",
  `
peer.transport.pause_reading()
transport.set_write_buffer_limits(high=100_000, low=1_000)
extra.append(transport.get_write_buffer_limits())
transport.write(b"x" * 20_000_000)
transport.write(b"x" * 1_000_000)
extra.append([client.last, transport.get_write_buffer_size() > 100_000])
peer.transport.resume_reading()
await client.until(lambda: client.last == "resume")
extra.append(transport.get_write_buffer_size() <= 1_000)
transport.close()
await client.lost()
await peer.lost()
peer.events[1] = str(len(peer.events[1]))
`,
  async ({ client, peer, transport, extra }) => {
    peer.transport.pauseReading();
    transport.setWriteBufferLimits({ high: 100_000, low: 1_000 });
    extra.push(Object.values(transport.getWriteBufferLimits()));
    transport.write(new Uint8Array(20_000_000).fill(120));
    transport.write(new Uint8Array(1_000_000).fill(120));
    extra.push([client.last, transport.getWriteBufferSize() > 100_000]);
    peer.transport.resumeReading();
    await until(() => client.last === "resume");
    extra.push(transport.getWriteBufferSize() <= 1_000);
    transport.close();
    await client.lost();
    await peer.lost();
    peer.events[1] = String(peer.events[1]!.length);
  },
);

testAlike(
  "the limits that follow from one of them, and those that are refused",
  `
def limits(**given):
    try:
        transport.set_write_buffer_limits(**given)
    except ValueError:
        return "refused"
    return list(transport.get_write_buffer_limits())
extra.append(list(transport.get_write_buffer_limits()))
extra.append(limits(high=1001))
extra.append(limits(low=100))
extra.append(limits(high=0))
extra.append(limits(high=1, low=2))
extra.append(limits(low=-1))
extra.append(limits())
transport.abort()
await client.lost()
await peer.lost()
`,
  async ({ client, peer, transport, extra }) => {
    const limits = (given?: { high?: number; low?: number }) => {
      try {
        transport.setWriteBufferLimits(given);
      } catch (error) {
        if (error instanceof RangeError) return "refused";
      }
      return Object.values(transport.getWriteBufferLimits());
    };
    extra.push(Object.values(transport.getWriteBufferLimits()));
    extra.push(limits({ high: 1001 }));
    extra.push(limits({ low: 100 }));
    extra.push(limits({ high: 0 }));
    extra.push(limits({ high: 1, low: 2 }));
    extra.push(limits({ low: -1 }));
    extra.push(limits());
    transport.abort();
    await client.lost();
    await peer.lost();
  },
);

testAlike(
  "writes after the end are dropped, after writeEof refused",
  `
def attempt(data):
    try:
        transport.write(data)
    except Exception as error:
        return type(error).__name__
    return "taken"
extra.append(attempt("text" and 5))
transport.write_eof()
extra.append(attempt(b"x"))
await client.lost()
await peer.lost()
peer.transport.write(b"dropped")
peer.transport.abort()
peer.transport.close()
`,
  async ({ client, peer, transport, extra }) => {
    const attempt = (data: unknown) => {
      try {
        transport.write(data as string);
      } catch (error) {
        return error instanceof TypeError ? "TypeError" : "RuntimeError";
      }
      return "taken";
    };
    extra.push(attempt(5));
    transport.writeEof();
    extra.push(attempt("x"));
    await client.lost();
    await peer.lost();
    peer.transport.write("dropped");
    peer.transport.abort();
    peer.transport.close();
  },
);
