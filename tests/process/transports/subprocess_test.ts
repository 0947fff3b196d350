import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  subprocessExec,
  SubprocessProtocol,
  type SubprocessProtocolOptions,
  subprocessShell,
  type SubprocessTransport,
  type WriteTransport,
} from "@asyncio/asyncio/process/transports";
import {
  CancelledError,
  createTask,
  currentTask,
  run,
} from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { has } from "../../_helpers/installed.ts";
import { reportsOf } from "../../_helpers/reports.ts";
import { turns } from "../../_helpers/turns.ts";
import { until } from "../../_helpers/until.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Notes each call; what a pipe brings in pieces is one. */
class Recorder extends SubprocessProtocol {
  readonly events: string[] = [];
  transport!: SubprocessTransport;

  note(event: string): void {
    assertEquals(currentTask(), undefined);
    this.events.push(event);
  }

  get isLost(): boolean {
    return this.events.at(-1)?.startsWith("lost") === true;
  }

  lost(): Promise<void> {
    return until(() => this.isLost);
  }

  /** What came from a pipe. */
  from(fd: number): string {
    return this.events.filter((it) => it.startsWith(`data ${fd} `))
      .map((it) => it.slice(7)).join("");
  }

  override connectionMade(transport: SubprocessTransport): void {
    this.transport = transport;
    this.note("made");
  }

  override pipeDataReceived(fd: number, data: Uint8Array): void {
    this.note(`data ${fd} ${text(data)}`);
  }

  override pipeConnectionLost(fd: number, error: unknown): void {
    this.note(`pipe ${fd} ${(error as Error | undefined)?.name ?? "None"}`);
  }

  override processExited(): void {
    this.note("exited");
  }

  override connectionLost(error: unknown): void {
    this.note(`lost ${error ?? "None"}`);
  }

  override pauseWriting(): void {
    this.note("pause");
  }

  override resumeWriting(): void {
    this.note("resume");
  }
}

function start(
  command: string,
  options?: SubprocessProtocolOptions,
) {
  return subprocessExec(() => new Recorder(), "sh", ["-c", command], options);
}

function inputOf(transport: SubprocessTransport): WriteTransport {
  return transport.getPipeTransport(0) as WriteTransport;
}

const PYTHON = `
import asyncio, json, sys

class Recorder(asyncio.SubprocessProtocol):
    def __init__(self):
        self.events = []
        self.lost = asyncio.get_running_loop().create_future()
    def connection_made(self, transport):
        self.events.append("made")
    def pipe_data_received(self, fd, data):
        self.events.append("data %d %s" % (fd, data.decode()))
    def pipe_connection_lost(self, fd, error):
        self.events.append("pipe %d %s" % (fd, type(error).__name__ if error else "None"))
    def process_exited(self):
        self.events.append("exited")
    def connection_lost(self, error):
        self.events.append("lost %s" % error)
        self.lost.set_result(None)

async def main():
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.subprocess_exec(Recorder, "sh", "-c", sys.argv[1])
    stdin = transport.get_pipe_transport(0)
    stdin.write(b"hello\\n")
    stdin.close()
    await protocol.lost
    print(json.dumps([sorted(protocol.events), protocol.events[0], protocol.events[-1], transport.get_returncode()]))
asyncio.run(main())
`;

for (
  const command of [
    "cat; echo oops >&2; exit 3",
    "read line; echo $line",
    "exit 0",
    "cat; kill -9 $$",
  ]
) {
  Deno.test({
    name: `as in CPython: the calls for ${command}`,
    ignore: !has("python3"),
    fn: async () => {
      const { stdout } = await new Deno.Command("python3", {
        args: ["-c", PYTHON, command],
      }).output();
      const { transport, protocol } = await start(command);
      inputOf(transport).write("hello\n");
      inputOf(transport).close();
      await protocol.lost();
      const { events } = protocol;
      const ours = [
        events.toSorted(),
        events[0],
        events.at(-1),
        transport.getReturnCode(),
      ];
      // Whether the input has found a reader is up to the system.
      const withoutErrors = JSON.stringify(ours).replace("BrokenPipe", "None");
      const theirs = JSON.stringify(JSON.parse(text(stdout)));
      assertEquals(withoutErrors, theirs.replace("BrokenPipeError", "None"));
    },
  });
}

Deno.test("the input of a program that ends is lost without an error if everything was sent", async () => {
  const { transport, protocol } = await start("cat");
  inputOf(transport).write("hello");
  await until(() => protocol.from(1) === "hello");
  assertEquals(inputOf(transport).getWriteBufferSize(), 0);
  transport.kill();
  await protocol.lost();
  assert(protocol.events.includes("pipe 0 None"));
});

Deno.test("the input of a program that ends is lost with an error if bytes are unsent", async () => {
  const { transport, protocol } = await start("exec sleep 1000");
  inputOf(transport).write(new Uint8Array(100_000)); // a pipe takes 65 536
  transport.kill();
  await protocol.lost();
  assert(protocol.events.includes("pipe 0 BrokenPipe"));
});

Deno.test("the shell runs a command, with all three pipes", async () => {
  const { transport, protocol } = await subprocessShell(
    () => new Recorder(),
    "echo out && echo err >&2",
  );
  inputOf(transport).close();
  await protocol.lost();
  assertEquals([protocol.from(1), protocol.from(2)], ["out\n", "err\n"]);
  assertEquals(transport.getReturnCode(), 0);
});

Deno.test("only those that are pipes have transports and calls", async () => {
  const { transport, protocol } = await start("echo out; echo err >&2", {
    stdin: "null",
    stderr: "stdout",
  });
  assertEquals(transport.getPipeTransport(0), undefined);
  assertEquals(transport.getPipeTransport(2), undefined);
  assertEquals(transport.getPipeTransport(7), undefined);
  await protocol.lost();
  assertEquals(protocol.from(1), "out\nerr\n");
  assertEquals(protocol.events.filter((it) => it.startsWith("pipe")), [
    "pipe 1 None",
  ]);
});

Deno.test("much goes through a program, with flow control", async () => {
  const { transport, protocol } = await start("cat");
  let received = 0;
  protocol.pipeDataReceived = (_fd, data) => received += data.length;
  const input = inputOf(transport);
  for (let i = 0; i < 20; i++) input.write(new Uint8Array(100_000));
  assert(protocol.events.includes("pause"));
  await until(() => protocol.events.includes("resume"));
  input.writeEof();
  await protocol.lost();
  assertEquals(received, 2_000_000);
});

Deno.test("reading a pipe is paused and resumed", async () => {
  const { transport, protocol } = await start("echo out");
  const output = transport.getPipeTransport(1)!;
  (output as unknown as { pauseReading(): void }).pauseReading();
  await until(() => protocol.events.includes("exited"));
  await turns(5);
  assertEquals(protocol.from(1), "");
  (output as unknown as { resumeReading(): void }).resumeReading();
  await protocol.lost();
  assertEquals(protocol.from(1), "out\n");
});

Deno.test("a pipe that is closed breaks what the program writes", async () => {
  const { transport, protocol } = await start("yes; echo done $? >&2", {
    stdin: "null",
  });
  await until(() => protocol.from(1) !== "");
  transport.getPipeTransport(1)!.close();
  await protocol.lost();
  assert(protocol.events.includes("pipe 1 None"));
  assert(/done (141|1)/.test(protocol.from(2)), protocol.from(2));
});

Deno.test("close closes the pipes and kills the program", async () => {
  const { transport, protocol } = await start("sleep 1000");
  assertEquals(transport.isClosing, false);
  assertEquals(transport.getReturnCode(), undefined);
  transport.close();
  transport.close();
  assert(transport.isClosing);
  await protocol.lost();
  assertEquals(transport.getReturnCode(), -9);
  assertEquals(protocol.events.at(-1), "lost None");
});

Deno.test("signals reach the program, after the end they are an error", async () => {
  for (
    const [send, code] of [
      [(it: SubprocessTransport) => it.kill(), -9],
      [(it: SubprocessTransport) => it.terminate(), -15],
      [(it: SubprocessTransport) => it.sendSignal("SIGINT"), -2],
    ] as const
  ) {
    const { transport, protocol } = await subprocessExec(
      () => new Recorder(),
      "sleep",
      ["1000"],
    );
    send(transport);
    await protocol.lost();
    assertEquals(transport.getReturnCode(), code);
    assertThrows(() => transport.kill(), Deno.errors.NotFound, "has ended");
  }
});

Deno.test("a program that was not started is an error, and calls nothing", async () => {
  const protocol = new Recorder();
  await assertRejects(
    () => subprocessExec(() => protocol, "no-such-program"),
    Deno.errors.NotFound,
    "no-such-program",
  );
  assertEquals(protocol.events, []);
});

Deno.test("the end of its run ends it, and calls all that is to be called", async () => {
  const protocol = await run(async () => {
    const { protocol } = await start("echo out; sleep 1000");
    await until(() => protocol.from(1) !== "");
    return protocol;
  });
  assert(protocol.isLost);
  assert(protocol.events.includes("exited"));
  assertEquals(protocol.transport.getReturnCode(), -15);
});

Deno.test("a cancel that comes before starts nothing", async () => {
  const protocol = new Recorder();
  const task = createTask(async () => {
    task.cancel();
    await subprocessExec(() => protocol, "true");
  });
  await assertRejects(async () => await task, CancelledError);
  assertEquals(protocol.events, []);
});

Deno.test("errors in its calls are reported, and the others still come", async () => {
  const reports = await reportsOf(async () => {
    const fail = () => {
      throw new TypeError("no");
    };
    const protocol = new Recorder();
    protocol.connectionMade = fail;
    protocol.pipeDataReceived = fail;
    protocol.processExited = fail;
    await subprocessExec(() => protocol, "echo", ["x"]);
    await protocol.lost();
  });
  assertEquals(reports.map(({ error }) => (error as Error).message), [
    "no",
    "no",
    "no",
  ]);
});

Deno.test("a virtual clock stands still while a program runs", async () => {
  await run(async () => {
    const { protocol } = await start("echo out");
    await protocol.lost();
    assertEquals(protocol.from(1), "out\n");
  }, { clock: new VirtualClock() });
});

Deno.test("what is no factory, no protocol, or does not go with one is refused", async () => {
  await assertRejects(
    () => subprocessExec(new Recorder() as never, "true"),
    TypeError,
    "write subprocessExec(() => new MyProtocol(), ...)",
  );
  await assertRejects(
    () => subprocessShell("echo" as never, "true"),
    TypeError,
    "subprocessShell takes a function",
  );
  for (const protocol of [undefined, Promise.resolve(new Recorder())]) {
    await assertRejects( // before it looks for the program
      () => subprocessExec(() => protocol as never, "there-is-no-such-program"),
      TypeError,
      "expected a SubprocessProtocol",
    );
  }
  await assertRejects(
    () => start("true", { detached: true } as never),
    TypeError,
    "detached",
  );
});

Deno.test("a transport knows its process, and prints its state", async () => {
  const { transport, protocol } = await start("exit 0");
  assert(transport.getExtraInfo("subprocess") !== undefined);
  assertEquals(transport.getExtraInfo("nonsense", 7), 7);
  assertEquals(transport.getProtocol(), protocol);
  await protocol.lost();
  assertEquals(
    Deno.inspect(transport, { colors: false }),
    `ProcessTransport { pid: ${transport.getPid()}, returnCode: 0, protocol: "Recorder", closing: true }`,
  );
});
