"""An HTTP/1.1 server on asyncio's streams and uvloop: as examples/http_server.ts.

It does less: no limits of time, no chunked bodies, no watch over its clients.
"""
import asyncio
from email.utils import formatdate
from http import HTTPStatus

import uvloop


async def handle(method, target, headers, body):
    if target == "/":
        return 200, b"hello\n"
    if target == "/echo":
        return 200, body
    return 404, b"Not Found\n"


async def serve(reader, writer):
    try:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            first, *lines = head[:-4].decode("latin-1").split("\r\n")
            method, target, version = first.split(" ")
            headers = {}
            for line in lines:
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            length = int(headers.get("content-length", 0))
            body = await reader.readexactly(length) if length else b""
            status, answer = await handle(method, target, headers, body)
            is_kept = headers.get("connection", "").lower() != "close"
            fields = {"content-length": str(len(answer))}
            if not is_kept:
                fields["connection"] = "close"
            text = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
            text += "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            text += f"date: {formatdate(usegmt=True)}\r\n\r\n"
            writer.write(text.encode("latin-1") + answer)
            await writer.drain()
            if not is_kept:
                break
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


uvloop.install()
asyncio.run(main())
