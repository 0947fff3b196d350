"""A WebSocket echo server of Python's websockets, on uvloop: it prints its port."""
import asyncio

import uvloop
import websockets


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def main():
    # Without compression, as the others.
    server = await websockets.serve(echo, "127.0.0.1", 0, compression=None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()


uvloop.install()
asyncio.run(main())
