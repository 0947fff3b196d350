"""An HTTP/1.1 server as uvloop's own benchmark has it: a protocol that is called,
and httptools, which parses in C. No limits, no bodies, no flow control."""
import asyncio

import httptools
import uvloop

RESPONSE = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello\n"


class Http(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_url(self, url):
        self.url = url

    def on_header(self, name, value):
        pass

    def on_message_complete(self):
        self.transport.write(RESPONSE)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Http, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


uvloop.install()
asyncio.run(main())
