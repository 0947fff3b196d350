"""What one idle thing holds: what ../idle.ts says, in Python.

    python3 idle.py asyncio|uvloop task|getter|connection COUNT
"""

import asyncio
import gc
import json
import resource
import sys

kept = []


def memory():
    gc.collect()
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * resource.getpagesize()


def say(**answer):
    print(json.dumps(answer), flush=True)


async def task(count):
    event = asyncio.Event()
    kept.extend(asyncio.create_task(event.wait()) for _ in range(count))


async def getter(count):
    queue = asyncio.Queue()
    kept.extend(asyncio.create_task(queue.get()) for _ in range(count))


async def connection(count):
    async def handle(reader, writer):
        await reader.readline()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=1000)
    kept.append(server)
    say(port=server.sockets[0].getsockname()[1])


KINDS = {"task": task, "getter": getter, "connection": connection}


async def main(kind, count):
    before = memory()
    await KINDS[kind](count)
    read = asyncio.get_running_loop().run_in_executor
    while await read(None, sys.stdin.readline):
        say(bytes=(memory() - before) / count)


make_loop = None
if sys.argv[1] == "uvloop":
    import uvloop

    make_loop = uvloop.new_event_loop
with asyncio.Runner(loop_factory=make_loop) as runner:
    runner.run(main(sys.argv[2], int(sys.argv[3])))
