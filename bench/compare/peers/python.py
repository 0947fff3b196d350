"""CPython's asyncio and uvloop: what ../serve.ts says, in Python.

    python3 python.py asyncio|uvloop [WORK]
"""

import asyncio
import json
import os
import platform
import sys
import tempfile
import time


ECHO_CONNECTIONS = 50


async def one():
    return 1


def check(done, units):
    if done != units:
        raise RuntimeError(f"did {done} units of {units}")


def sleep_time(k):
    return (1 + k % 20) / 1000


async def gather(units):
    check(sum(await asyncio.gather(*[one() for _ in range(units)])), units)


async def group(units):
    async with asyncio.TaskGroup() as tasks:
        children = [tasks.create_task(one()) for _ in range(units)]
    check(sum(child.result() for child in children), units)


async def sleep0_shared(units):
    async def work():
        for _ in range(units // 100):
            await asyncio.sleep(0)

    await asyncio.gather(*[work() for _ in range(100)])


async def sleep0_alone(units):
    for _ in range(units):
        await asyncio.sleep(0)


async def hand_over(units, pairs):
    items = asyncio.Queue(100)
    received = 0

    async def produce():
        for _ in range(units // pairs):
            await items.put(1)

    async def consume():
        nonlocal received
        for _ in range(units // pairs):
            item = await items.get()
            received += item

    async with asyncio.TaskGroup() as tasks:
        for _ in range(pairs):
            tasks.create_task(produce())
            tasks.create_task(consume())
    check(received, units)


async def queue(units):
    await hand_over(units, 1)


async def queue_10(units):
    await hand_over(units, 10)


async def ping_pong(units):
    there, back = asyncio.Queue(), asyncio.Queue()
    last = 0

    async def ping():
        nonlocal last
        for i in range(1, units + 1):
            await there.put(i)
            last = await back.get()

    async def pong():
        for _ in range(units):
            await back.put(await there.get())

    await asyncio.gather(ping(), pong())
    check(last, units)


async def priority(units):
    items = asyncio.PriorityQueue()
    for i in range(units):
        await items.put(i * 7919 % units)
    for i in range(units):
        check(await items.get(), i)


async def lock(units):
    free = asyncio.Lock()
    for _ in range(units):
        await free.acquire()
        free.release()


async def lock_held(units):
    shared = asyncio.Lock()

    async def work():
        for _ in range(units // 10):
            await shared.acquire()
            await asyncio.sleep(0)
            shared.release()

    await asyncio.gather(*[work() for _ in range(10)])


async def semaphore(units):
    permits = asyncio.Semaphore(10)

    async def work():
        await permits.acquire()
        await asyncio.sleep(0)
        permits.release()

    await asyncio.gather(*[work() for _ in range(units)])


async def sleeps(units):
    await asyncio.gather(*[asyncio.sleep(sleep_time(k)) for k in range(units)])


async def wait_for(units):
    done = 0
    for _ in range(units):
        done += await asyncio.wait_for(one(), 1)
    check(done, units)


async def race(units):
    idle, queue = asyncio.Queue(), asyncio.Queue()
    done = 0
    for _ in range(units):
        waits = [asyncio.create_task(it.get()) for it in (idle, queue)]
        await asyncio.sleep(0)
        queue.put_nowait(1)
        first, rest = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        done += first.pop().result()
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
    check(done, units)


async def cancel(units):
    tasks = [asyncio.create_task(asyncio.sleep(60)) for _ in range(units)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    check(sum(isinstance(end, asyncio.CancelledError) for end in ends), units)


async def program(group=False):
    child = await asyncio.create_subprocess_exec(
        "echo", "1",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=group,
    )
    stdout, _ = await child.communicate()
    check(int(stdout), 1)


async def process(units):
    for _ in range(units):
        await program()


async def processes(units):
    await asyncio.gather(*[program() for _ in range(units)])


async def process_group(units):
    for _ in range(units):
        await program(True)


MIB = 16 * 65536


async def mebibytes(count):
    chunk = bytes(MIB // 16)
    for _ in range(16 * count):
        yield chunk


def zeros(count):
    return asyncio.create_subprocess_exec(
        "head", "-c", str(count * MIB), "/dev/zero",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )


async def process_input(units):
    child = await asyncio.create_subprocess_exec(
        "wc", "-c",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    async for chunk in mebibytes(units):
        child.stdin.write(chunk)
        await child.stdin.drain()
    child.stdin.close()
    check(int(await child.stdout.read()), units * MIB)
    await child.wait()


async def process_to_file(units):
    child = await zeros(units)
    with tempfile.NamedTemporaryFile() as output:
        while chunk := await child.stdout.read(65536):
            output.write(chunk)
        output.flush()
        check(os.stat(output.name).st_size, units * MIB)
    await child.wait()


async def process_captured_file(units):
    child = await zeros(units)
    chunks = []
    with tempfile.NamedTemporaryFile() as output:
        while chunk := await child.stdout.read(65536):
            output.write(chunk)
            chunks.append(chunk)
        output.flush()
        check(os.stat(output.name).st_size, units * MIB)
    check(len(b"".join(chunks)), units * MIB)
    await child.wait()


async def process_lines(units):
    child = await asyncio.create_subprocess_exec(
        "seq", str(units),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, _ = await child.communicate()
    check(len(stdout.decode().splitlines()), units)


async def serve_echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def echo(units, size):
    server = await asyncio.start_server(serve_echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    message = bytes(size)

    async def client():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        echoed = 0
        for _ in range(units // ECHO_CONNECTIONS):
            writer.write(message)
            echoed += len(await reader.readexactly(size)) // size
        writer.close()
        await writer.wait_closed()
        return echoed

    async with server:
        clients = (client() for _ in range(ECHO_CONNECTIONS))
        check(sum(await asyncio.gather(*clients)), units)


async def echo_64(units):
    await echo(units, 64)


async def echo_16k(units):
    await echo(units, 16384)


WORKS = {
    work.__name__: work
    for work in (
        gather, group, sleep0_shared, sleep0_alone, queue, queue_10, ping_pong,
        priority, lock, lock_held, semaphore, sleeps, wait_for, race, cancel,
        echo_64, echo_16k, process, processes, process_group, process_input, process_to_file,
        process_captured_file, process_lines,
    )
}
WORKS["priority_many"] = priority
WORKS["sleeping_tasks"] = sleeps  # gather makes a task of every coroutine


async def time_of(work, units, ms):
    start = time.perf_counter()
    times, spent = 0, 0
    while times == 0 or spent < ms / 1000:
        await work(units)
        times += 1
        spent = time.perf_counter() - start
    return spent * 1e9 / times / units


async def serve(work):
    # Nothing else runs between the rounds: reading may block the loop.
    for line in sys.stdin:
        ns = await time_of(work, **json.loads(line))
        print(json.dumps({"ns": ns}), flush=True)


def main(kind, name=None):
    title = f"CPython {platform.python_version()}"
    make_loop = None
    if kind == "uvloop":
        import uvloop

        title = f"uvloop {uvloop.__version__}, {title}"
        make_loop = uvloop.new_event_loop
    if name is None:
        print(json.dumps({"title": title, "works": list(WORKS)}))
        return
    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(serve(WORKS[name]))


main(*sys.argv[1:])
