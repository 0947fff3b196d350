import asyncio
import sys

if "uvloop" in sys.argv:
    import uvloop

    uvloop.install()


class Echo(asyncio.BufferedProtocol):
    def connection_made(self, transport):
        self.transport = transport
        self.memory = memoryview(bytearray(65536))

    def get_buffer(self, sizehint):
        return self.memory

    def buffer_updated(self, nbytes):
        self.transport.write(self.memory[:nbytes])

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
