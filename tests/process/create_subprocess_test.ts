import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  INHERIT,
  PIPE,
  type Process,
  runSubprocess,
  STDOUT,
  type SubprocessOptions,
} from "@asyncio/asyncio/process";
import {
  CancelledError,
  createTask,
  InvalidStateError,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { openFiles, stateOf, text, zombies } from "./_processes.ts";
import { Folder } from "../_helpers/folder.ts";

/** What a program prints. */
async function outputOf(
  program: string | URL,
  args: string[],
  options?: SubprocessOptions,
): Promise<string> {
  const process = await createSubprocessExec(program, args, {
    stdout: PIPE,
    ...options,
  });
  return text((await process.communicate()).stdout);
}

// --- Programs ----------------------------------------------------------------

Deno.test("a program gets its arguments as they are", async () => {
  const args = ["a b", "$HOME", "*", "", "'\"", "ä"];
  const output = await outputOf("printf", ["%s|", ...args]);
  assertEquals(output, args.map((arg) => `${arg}|`).join(""));
});

Deno.test("a program without arguments needs no list of them", async () => {
  const process = await createSubprocessExec("true");
  assertEquals(await process.wait(), 0);
});

Deno.test("a program can be given as a file URL", async () => {
  assertEquals(await outputOf(new URL("file:///bin/echo"), ["hi"]), "hi\n");
});

Deno.test("a shell command goes through the shell", async () => {
  const process = await createSubprocessShell("echo $((1 + 2)) | cat", {
    stdout: PIPE,
  });
  assertEquals(text((await process.communicate()).stdout), "3\n");
});

Deno.test("a program starts in cwd", async () => {
  assertEquals(await outputOf("pwd", [], { cwd: "/usr" }), "/usr\n");
  const url = new URL("file:///usr/");
  assertEquals(await outputOf("pwd", [], { cwd: url }), "/usr\n");
});

Deno.test("a relative path starts in cwd, with STDOUT as well", async () => {
  await using folder = new Folder();
  const cwd = folder.path;
  await Deno.writeTextFile(folder.file("tool"), "#!/bin/sh\necho $1\n", {
    mode: 0o755,
  });
  assertEquals(await outputOf("./tool", ["hi"], { cwd }), "hi\n");
  const merged = await outputOf("./tool", ["hi"], { cwd, stderr: STDOUT });
  assertEquals(merged, "hi\n");
});

Deno.test("env adds to the environment", async () => {
  const output = await outputOf("sh", ["-c", "echo $ADDED ${PATH:+path}"], {
    env: { ADDED: "yes" },
  });
  assertEquals(output, "yes path\n");
});

Deno.test("clearEnv leaves env alone", async () => {
  const output = await outputOf("env", [], {
    env: { ONLY: "this" },
    clearEnv: true,
  });
  assertEquals(output, "ONLY=this\n");
});

Deno.test("a program can be looked up on a PATH of its own", async () => {
  await using folder = new Folder();
  await Deno.writeTextFile(folder.file("mytool"), "#!/bin/sh\necho mine\n", {
    mode: 0o755,
  });
  const env = { PATH: folder.path };
  assertEquals(await outputOf("mytool", [], { env }), "mine\n");
  const merged = await outputOf("mytool", [], { env, stderr: STDOUT });
  assertEquals(merged, "mine\n");
  const shell = await createSubprocessShell("mytool", { env, stdout: PIPE });
  assertEquals(text((await shell.communicate()).stdout), "mine\n");
});

// --- Streams -----------------------------------------------------------------

Deno.test("the constants are the words that the options take", () => {
  assertEquals([PIPE, DEVNULL, INHERIT, STDOUT], [
    "piped",
    "null",
    "inherit",
    "stdout",
  ]);
});

Deno.test("only what is piped has a stream", async () => {
  await using process = await createSubprocessExec("true", [], {
    stdin: DEVNULL,
    stdout: PIPE,
  });
  assertEquals(process.stdin, undefined);
  assert(process.stdout !== undefined);
  assertEquals(process.stderr, undefined);
});

Deno.test("STDOUT puts messages and output into one stream in true order", async () => {
  const script = "for i in 1 2 3 4 5; do echo out$i; echo err$i >&2; done";
  const process = await createSubprocessShell(script, {
    stdout: PIPE,
    stderr: STDOUT,
  });
  const { stdout, stderr } = await process.communicate();
  const lines = [1, 2, 3, 4, 5].map((i) => `out${i}\nerr${i}\n`);
  assertEquals(text(stdout), lines.join(""));
  assertEquals(stderr, undefined);
});

Deno.test("STDOUT leaves arguments as they are", async () => {
  const args = ["a b", "$0", "--", "'\"", ""];
  const output = await outputOf("printf", ["%s|", ...args], { stderr: STDOUT });
  assertEquals(output, args.map((arg) => `${arg}|`).join(""));
});

/** What `env` prints with STDOUT and without. */
async function environments(
  options: SubprocessOptions,
): Promise<[merged: string[], plain: string[]]> {
  const variables = async (stderr: SubprocessOptions["stderr"]) =>
    (await outputOf("env", ["-0"], { ...options, stderr })).split("\0").sort();
  return [await variables(STDOUT), await variables(INHERIT)];
}

Deno.test("STDOUT leaves the variables of env as they are", async () => {
  const env = {
    ...{ A: "1", "my.var": "two\nlines", "-u": "", "": "no name", PPID: "7" },
    ...{ PATH: "/usr/bin:/bin", PWD: "/mine", OLDPWD: "/usr", IFS: ":" },
  };
  for (const clearEnv of [true, false]) {
    const [merged, plain] = await environments({ env, clearEnv });
    assertEquals(merged, plain);
  }
});

/** What `body` starts, as command lines: every user can read them. */
async function commandLinesOf(body: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const { Command } = Deno;
  Deno.Command = class extends Command {
    constructor(program: string | URL, options: Deno.CommandOptions = {}) {
      lines.push([program, ...options.args ?? []].join(" "));
      super(program, options);
    }
  };
  try {
    await body();
  } finally {
    Deno.Command = Command;
  }
  return lines;
}

Deno.test("STDOUT puts no value of a variable on a command line", async () => {
  const env = { "my.token": "5eCr3t", IFS: "5eCr3t", PWD: "/5eCr3t" };
  const lines = await commandLinesOf(() =>
    runSubprocess(["true"], { env, stderr: STDOUT })
  );
  assert(lines.some((line) => line.includes("my.token")), lines.join("\n"));
  assertEquals(lines.filter((line) => line.includes("5eCr3t")), []);
});

Deno.test("STDOUT adds no variable", async () => {
  const [merged] = await environments({ clearEnv: true });
  assertEquals(merged, [""]);
});

Deno.test("STDOUT leaves the inherited variables as they are, also in another directory", async () => {
  const name = "inherited.by-a-program";
  Deno.env.set(name, "yes");
  try {
    for (const cwd of [undefined, "/usr"]) {
      const [merged, plain] = await environments({ cwd });
      assert(plain.includes(`${name}=yes`));
      assertEquals(merged, plain);
    }
  } finally {
    Deno.env.delete(name);
  }
});

Deno.test("STDOUT runs a program whose path has an equals sign, and passes its variables on", async () => {
  await using folder = new Folder();
  const tool = folder.file("a=b");
  await Deno.writeTextFile(tool, '#!/bin/sh\necho "$A $1"\n', {
    mode: 0o755,
  });
  const options = { env: { A: "1", "my.var": "2" }, stderr: STDOUT };
  assertEquals(await outputOf(tool, ["hi"], options), "1 hi\n");
});

Deno.test("STDOUT drops the messages where the output is dropped", async () => {
  const process = await createSubprocessShell("echo bad >&2", {
    stdout: DEVNULL,
    stderr: STDOUT,
  });
  assertEquals(await process.wait(), 0);
});

Deno.test("the writer knows the pid", async () => {
  await using process = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: DEVNULL,
  });
  assertEquals(process.stdin!.getExtraInfo("pid"), process.pid);
});

Deno.test("limit is the longest line of the readers", async () => {
  const process = await createSubprocessExec("echo", ["far too long"], {
    stdout: PIPE,
    limit: 4,
  });
  await assertRejects(() => process.stdout!.readLine(), Error, "limit");
  await process.wait();
});

// --- What cannot be started --------------------------------------------------

Deno.test("a missing program is NotFound and named", async () => {
  for (const stderr of [INHERIT, STDOUT] as const) {
    for (const name of ["no-such-program", "./no-such-file", "/no/such/file"]) {
      const error = await assertRejects(
        () => createSubprocessExec(name, [], { stderr }),
        Deno.errors.NotFound,
      );
      assertStringIncludes(error.message, JSON.stringify(name));
    }
  }
});

Deno.test("the errors of a start have the code of the runtime's", async () => {
  for (const group of [true, false]) {
    for (
      const [program, code] of [
        ["no-such-program", "ENOENT"],
        ["/no/such/program", "ENOENT"],
        ["/etc/passwd", "EACCES"],
      ] as const
    ) {
      const start = () => createSubprocessExec(program, [], { group });
      const error = await assertRejects(start, Error) as { code?: string };
      assertEquals(error.code, code);
    }
  }
});

Deno.test("a missing directory is NotFound and named", async () => {
  const cwd = "/no/such/folder";
  const tries = [
    () => createSubprocessExec("true", [], { cwd }),
    () => createSubprocessExec("true", [], { cwd, stderr: STDOUT }),
    () => createSubprocessExec("./tool", [], { cwd, stderr: STDOUT }),
    () => createSubprocessShell("true", { cwd }),
  ];
  for (const start of tries) {
    await assertRejects(start, Deno.errors.NotFound, cwd);
  }
});

Deno.test("a file that is not executable is PermissionDenied and named", async () => {
  for (const stderr of [INHERIT, STDOUT] as const) {
    await assertRejects(
      () => createSubprocessExec("/etc/passwd", [], { stderr }),
      Deno.errors.PermissionDenied,
      "/etc/passwd",
    );
  }
});

// The superuser may execute whatever anybody may.
if (Deno.uid() !== 0) {
  Deno.test("a file that others may execute is PermissionDenied, in a group or not", async () => {
    await using folder = new Folder();
    const script = folder.file("script");
    await Deno.writeTextFile(script, "#!/bin/sh\n");
    await Deno.chmod(script, 0o455);
    for (const group of [true, false]) {
      await assertRejects(
        () => createSubprocessExec(script, [], { stdin: DEVNULL, group }),
        Deno.errors.PermissionDenied,
        script,
      );
    }
  });
}

Deno.test("a directory is PermissionDenied and named, in a group or not", async () => {
  for (const group of [true, false]) {
    for (const stderr of [INHERIT, STDOUT] as const) {
      await assertRejects(
        () => createSubprocessExec("/usr", [], { group, stderr }),
        Deno.errors.PermissionDenied,
        '"/usr"',
      );
    }
  }
});

Deno.test("a directory on PATH is PermissionDenied and named, in a group or not", async () => {
  for (const group of [true, false]) {
    await assertRejects(
      () => createSubprocessExec("bin", [], { group, env: { PATH: "/usr" } }),
      Deno.errors.PermissionDenied,
      '"bin"',
    );
  }
});

Deno.test("a script without its interpreter is NotFound", async () => {
  const script = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(script, "#!/no/such/interpreter\n");
    await Deno.chmod(script, 0o755);
    for (const group of [true, false]) {
      await assertRejects(
        () => createSubprocessExec(script, [], { stdin: DEVNULL, group }),
        Deno.errors.NotFound,
        script,
      );
    }
  } finally {
    await Deno.remove(script);
  }
});

Deno.test("every error of a start names the program, and nothing put around it", async () => {
  const args = ["x".repeat(3_000_000)];
  for (const group of [true, false]) {
    for (const stderr of [INHERIT, STDOUT] as const) {
      const error = await assertRejects(
        () => createSubprocessExec("echo", args, { group, stderr }),
        Error,
        'Cannot start "echo": Argument list too long',
      );
      assertEquals(/setsid|\bsh\b/.test(error.message), false);
      assertInstanceOf(error.cause, Error);
    }
  }
});

Deno.test("without descriptors left the error names the program", async () => {
  const code = `
    import { runSubprocess } from "${import.meta.resolve("@asyncio/asyncio")}";
    const files = [];
    try {
      while (true) files.push(Deno.openSync("/dev/null"));
    } catch { /* none is left */ }
    for (const group of [true, false]) {
      const error = await runSubprocess(["true"], { captureOutput: true, group })
        .catch((error) => error);
      files.push(error.message);
    }
    for (const file of files) if (typeof file === "object") file.close();
    console.log(files.filter((it) => typeof it === "string").join("\\n"));
    console.log((await runSubprocess(["true"])).returnCode);`;
  const { stdout } = await runSubprocess(
    ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", Deno.execPath(), "run"]
      .concat(["-A", "--quiet", "-"]) as [string, ...string[]],
    { input: code, captureOutput: true, env: { NO_COLOR: "1" } },
  );
  const message = 'Cannot start "true": Too many open files (os error 24)';
  assertEquals(stdout, `${message}\n${message}\n0\n`);
});

Deno.test("scripts lead a group as well", async () => {
  const script = await Deno.makeTempFile();
  try {
    for (const interpreter of ["/bin/sh", "/usr/bin/env sh", " /bin/sh -e"]) {
      await Deno.writeTextFile(
        script,
        `#!${interpreter}\nps -o pgid= -p $$\n`,
        { mode: 0o755 },
      );
      await Deno.chmod(script, 0o755);
      const process = await createSubprocessExec(script, [], {
        stdin: DEVNULL,
        stdout: PIPE,
      });
      const group = Number(text((await process.communicate()).stdout));
      assertEquals(group, process.pid);
    }
  } finally {
    await Deno.remove(script);
  }
});

Deno.test("what could not be started leaves nothing behind", async () => {
  const streams = { stdin: PIPE, stdout: PIPE, stderr: PIPE } as const;
  const tries = [
    ["no-such-program"],
    ["/etc/passwd"],
    ["echo", "x".repeat(3_000_000)],
  ];
  let before = 0;
  for (const [program, ...args] of [...tries, ...tries]) {
    await assertRejects(() => createSubprocessExec(program!, args, streams));
    before ||= openFiles();
    assertEquals([zombies(), openFiles()], [[], before]);
  }
});

Deno.test("wrong arguments are refused", async () => {
  // deno-lint-ignore no-explicit-any -- wrong on purpose
  const wrong = (...args: any[]) => () =>
    // deno-lint-ignore no-explicit-any -- wrong on purpose
    (createSubprocessExec as any)(...args);
  await assertRejects(wrong("echo", "a"), TypeError, "list of strings");
  await assertRejects(wrong("echo", [1]), TypeError, "string");
  await assertRejects(wrong(["echo"]), TypeError, "program");
  await assertRejects(wrong("true", [], { stdin: "pipe" }), TypeError, "stdin");
  await assertRejects(wrong("true", [], { stdin: STDOUT }), TypeError, "stdin");
  await assertRejects(wrong("true", [], { stdout: STDOUT }), TypeError);
  await assertRejects(wrong("echo", ["a\0b"]), TypeError, "NUL");
  await assertRejects(wrong("true", [], ["x"]), TypeError, "options");
  await assertRejects(wrong("true", [], "x"), TypeError, "options");
  await assertRejects(wrong("true", [], null), TypeError, "options");
  await assertRejects(wrong("true", [], { cwd: 5 }), TypeError, "cwd");
  for (
    const env of [{ "A=B": "1" }, { "A\0": "1" }, { A: "\0" }, { A: 1 }, 5]
  ) {
    await assertRejects(wrong("true", [], { env }), TypeError, "env");
  }
  await assertRejects(wrong("true", [], { killAfter: NaN }), RangeError, "NaN");
  await assertRejects(wrong("true", [], { killAfter: "1" }), TypeError);
  await assertRejects(wrong("true", [], { limit: 0 }), RangeError, "limit");
  await assertRejects(
    // deno-lint-ignore no-explicit-any -- wrong on purpose
    () => createSubprocessShell(["true"] as any),
    TypeError,
    "command",
  );
});

// --- Cancels -----------------------------------------------------------------

Deno.test("a cancel that comes before starts no program", async () => {
  await using folder = new Folder();
  const task = createTask(async () => {
    task.cancel();
    await createSubprocessExec("touch", [folder.file("started")]);
  });
  await assertRejects(async () => await task, CancelledError);
  assertEquals(folder.names(), []);
});

Deno.test("a cancel in the turn of the start leaves the program to its owner", async () => {
  let process: Process | undefined;
  const task = createTask(async () => {
    process = await createSubprocessExec("sleep", ["1000"]);
    await process.wait();
  }, { eager: true });
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assert(process !== undefined);
  await process[Symbol.asyncDispose]();
  assertEquals(process.returnCode, -15);
});

Deno.test("a program that is not returned yet when its task is cancelled ends with the run", async () => {
  let pid = 0;
  await run(() => {
    const task = createTask(async () => {
      pid = (await createSubprocessExec("sleep", ["1000"])).pid;
    }, { eager: true });
    task.cancel();
  });
  assert(pid > 0);
  assertEquals(stateOf(pid), undefined);
});

Deno.test("a cancel at any moment of the start leaves nothing behind", async () => {
  const { stdout } = await runSubprocess("exec sleep 0", { stdout: PIPE }); // warm
  assertEquals(stdout, "");
  for (let turns = 0; turns < 20; turns++) {
    let process: Process | undefined;
    const task = createTask(async () => {
      await using started = await createSubprocessExec("sleep", ["1000"], {
        stdin: DEVNULL,
        stdout: PIPE,
      });
      process = started;
      await started.wait();
    });
    for (let i = 0; i < turns * turns; i++) await sleep(0);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    if (process !== undefined) assertEquals(process.returnCode, -15);
    assertEquals(zombies(), []);
  }
});

Deno.test("no program starts in a run that has ended", async () => {
  let late!: () => Promise<Process>;
  const gate = Promise.withResolvers<void>();
  let started!: Promise<Process>;
  await run(() => {
    late = () => createSubprocessExec("true");
    started = gate.promise.then(late);
  });
  gate.resolve();
  await assertRejects(() => started, InvalidStateError, "has ended");
});
