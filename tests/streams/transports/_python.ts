/** The same program in CPython. */
import { outputOf } from "../_programs.ts";

const PRELUDE = `
import asyncio, json

class Recorder(asyncio.Protocol):
    def __init__(self):
        self.events = []
        self.keeps_open = None

    @property
    def last(self):
        return self.events[-1] if self.events else ""

    async def until(self, condition):
        while not condition():
            await asyncio.sleep(0.001)

    async def lost(self):
        await self.until(lambda: self.last.startswith("lost"))

    async def got(self, text):
        await self.until(lambda: self.last == "data " + text)

    def note(self, event):
        self.events.append(event)

    def connection_made(self, transport):
        self.transport = transport
        self.note("made")

    def data_received(self, data):
        if self.last.startswith("data "):
            self.events[-1] += data.decode()
        else:
            self.note("data " + data.decode())

    def eof_received(self):
        self.note("eof")
        return self.keeps_open

    def connection_lost(self, error):
        self.note("lost " + ("None" if error is None else type(error).__name__))

    def pause_writing(self):
        self.note("pause")

    def resume_writing(self):
        self.note("resume")

async def open_pair():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)
    peer = Recorder()
    server = await loop.create_server(lambda: peer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport, client = await loop.create_connection(Recorder, "127.0.0.1", port)
    await peer.until(lambda: peer.events)
    return client, transport, peer

async def main():
    client, transport, peer = await open_pair()
    extra = []
`;

const END = `
    print(json.dumps({"client": client.events, "peer": peer.events, "extra": extra}))

asyncio.run(main())
`;

/** What was called at both ends, and what the program has noted beside. */
export interface Recorded {
  client: string[];
  peer: string[];
  extra: unknown[];
}

/** Runs `body` in CPython, between two ends of a connection. */
export async function inPython(body: string): Promise<Recorded> {
  const indented = body.trim().split("\n").map((line) => `    ${line}`);
  return JSON.parse(
    await outputOf("python3", ["-c", PRELUDE + indented.join("\n") + END]),
  );
}
