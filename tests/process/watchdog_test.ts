/** Children end with their program, however that ends. */
import { assertEquals } from "@std/assert";
import {
  createSubprocessExec,
  DEVNULL,
  PIPE,
  type Process,
} from "@asyncio/asyncio/process";
import { sleep } from "@asyncio/asyncio/tasks";
import { isAlive, livingIn, stateOf, until } from "./_processes.ts";

const MODULE = import.meta.resolve("@asyncio/asyncio");

/** A child with a child of its own, that ends by SIGKILL alone. */
const STUBBORN = `
  const child = await createSubprocessShell(
    "trap '' TERM; sleep 1000 & echo $$; wait; sleep 1000",
    { stdin: "null", stdout: PIPE, killAfter: 20 },
  );
  const line = await child.stdout.readLine();
  console.log(new TextDecoder().decode(line).trim());`;

/** A program that runs `code`. */
function startProgram(
  code: string,
  permissions: readonly string[] = ["-A"],
  env: Record<string, string> = {},
): Promise<Process> {
  const source = `
    import {
      createSubprocessExec,
      createSubprocessShell,
      DEVNULL,
      PIPE,
      run,
      sleep,
    } from "${MODULE}";
    ${code}`;
  const url = `data:text/typescript,${encodeURIComponent(source)}`;
  return createSubprocessExec(
    Deno.execPath(),
    ["run", "--quiet", "--no-prompt", ...permissions, url],
    { stdin: DEVNULL, stdout: PIPE, stderr: DEVNULL, env },
  );
}

/** The number that a program prints. */
async function numberFrom(program: Process): Promise<number> {
  return Number(new TextDecoder().decode(await program.stdout!.readLine()));
}

/** How a program can end, by itself or from outside. */
const ENDS: Record<string, { code?: string; signal?: Deno.Signal }> = {
  "Deno.exit": { code: "Deno.exit(0);" },
  "an uncaught error": {
    code: "setTimeout(() => { throw new Error('bug'); }); await sleep(60_000);",
  },
  "an unhandled rejection": {
    code: "Promise.reject(new Error('bug')); await sleep(60_000);",
  },
  SIGTERM: { code: "await sleep(60_000);", signal: "SIGTERM" },
  SIGHUP: { code: "await sleep(60_000);", signal: "SIGHUP" },
  SIGINT: { code: "await sleep(60_000);", signal: "SIGINT" },
  SIGKILL: { code: "await sleep(60_000);", signal: "SIGKILL" },
};

for (const [name, { code, signal }] of Object.entries(ENDS)) {
  Deno.test(`a child and its descendants end with their program: ${name}`, async () => {
    const body = `${STUBBORN}\n${code}`;
    const programs = [body, `await run(async () => { ${body} });`];
    for (const source of programs) {
      await using program = await startProgram(source);
      const group = await numberFrom(program);
      if (signal !== undefined) Deno.kill(program.pid, signal);
      await program.wait();
      await until(() => livingIn(group).length === 0, "all have ended");
    }
  });
}

Deno.test("children end with their program without the permission to read and write", async () => {
  for (
    const permissions of [["--allow-run"], ["--allow-run", "--allow-read"]]
  ) {
    await using program = await startProgram(
      `${STUBBORN}\nawait sleep(60_000);`,
      permissions,
    );
    const group = await numberFrom(program);
    program.kill();
    await program.wait();
    await until(() => livingIn(group).length === 0, "all have ended");
  }
});

Deno.test("a child without a group ends with its program", async () => {
  await using program = await startProgram(`
    const child = await createSubprocessExec("sleep", ["1000"], { group: false });
    console.log(child.pid);
    await sleep(60_000);`);
  const pid = await numberFrom(program);
  Deno.kill(program.pid, "SIGKILL");
  await program.wait();
  await until(() => !isAlive(pid), "it has ended");
});

Deno.test("a child that was just started ends with its program", async () => {
  await using program = await startProgram(`
    for (let i = 0; i < 20; i++) {
      const child = await createSubprocessExec("sleep", ["1000"], {
        stdin: DEVNULL,
      });
      console.log(child.pid);
    }
    Deno.exit(0);`);
  const pids: number[] = [];
  for await (const line of program.stdout!.lines()) pids.push(Number(line));
  assertEquals(pids.length, 20);
  await until(() => !pids.some(isAlive), "all have ended");
});

Deno.test("the children of a program end by killSignal", async () => {
  const log = await Deno.makeTempFile();
  await using program = await startProgram(`
    const child = await createSubprocessShell(
      "trap 'echo asked >${log}; kill $!; exit' USR1; sleep 1000 & echo; wait",
      { stdin: DEVNULL, stdout: PIPE, killSignal: "SIGUSR1" },
    );
    await child.stdout.readLine();
    console.log(child.pid);
    await sleep(60_000);`);
  const group = await numberFrom(program);
  Deno.kill(program.pid, "SIGKILL");
  await until(() => livingIn(group).length === 0, "all have ended");
  assertEquals(await Deno.readTextFile(log), "asked\n");
  await Deno.remove(log);
});

Deno.test("a stopped child of a program that has ended goes on, so that it can end", async () => {
  await using program = await startProgram(`
    const child = await createSubprocessExec("sleep", ["1000"], {
      stdin: DEVNULL,
      killAfter: Infinity,
    });
    child.sendSignal("SIGSTOP");
    console.log(child.pid);
    await sleep(60_000);`);
  const pid = await numberFrom(program);
  await until(() => stateOf(pid) === "T", "it is stopped");
  Deno.kill(program.pid, "SIGKILL");
  await until(() => !isAlive(pid), "it has ended");
});

const LEFT_BEHIND = `
  const child = await createSubprocessShell("sleep 1000 & echo $!", {
    stdin: DEVNULL,
    stdout: PIPE,
  });
  console.log(parseInt(new TextDecoder().decode(await child.stdout.readLine())));
  await child.wait();
  console.log("ended");
  await sleep(60_000);`;

Deno.test("what a child has left behind in a run ends with the program", async () => {
  await using program = await startProgram(
    `await run(async () => { ${LEFT_BEHIND} });`,
  );
  const left = await numberFrom(program);
  await program.stdout!.readLine();
  Deno.kill(program.pid, "SIGKILL");
  await until(() => !isAlive(left), "it has ended");
});

Deno.test("what a child has left behind outside of a run stays", async () => {
  await using program = await startProgram(LEFT_BEHIND);
  const left = await numberFrom(program);
  await program.stdout!.readLine();
  Deno.kill(program.pid, "SIGKILL");
  await program.wait();
  for (let i = 0; i < 500; i++) await sleep(0);
  assertEquals(isAlive(left), true);
  Deno.kill(left, "SIGKILL");
});

Deno.test("children end with their program if there is no place for files", async () => {
  await using program = await startProgram(
    `${STUBBORN}\nawait sleep(60_000);`,
    ["-A"],
    { TMPDIR: "/no/such/folder" },
  );
  const group = await numberFrom(program);
  program.kill();
  await program.wait();
  await until(() => livingIn(group).length === 0, "all have ended");
});

Deno.test("any killAfter will do", async () => {
  for (const killAfter of ["0", "-1", "1e300", "Infinity"]) {
    await using program = await startProgram(`
      const child = await createSubprocessShell("sleep 1000 & echo; wait", {
        stdin: DEVNULL,
        stdout: PIPE,
        killAfter: ${killAfter},
      });
      await child.stdout.readLine();
      console.log(child.pid);
      await sleep(60_000);`);
    const group = await numberFrom(program);
    program.kill();
    await until(() => livingIn(group).length === 0, "all have ended");
  }
});

Deno.test("the children of a worker end with it, and with the program", async () => {
  for (
    const end of ["worker.terminate(); await sleep(60_000);", "Deno.exit();"]
  ) {
    const inWorker = `
      import { createSubprocessExec } from "${MODULE}";
      const child = await createSubprocessExec("sleep", ["1000"], { stdin: "null" });
      postMessage(child.pid);`;
    await using program = await startProgram(`
      const worker = new Worker(
        "data:text/typescript," + ${
      JSON.stringify(encodeURIComponent(inWorker))
    },
        { type: "module" },
      );
      console.log(await new Promise((got) => worker.onmessage = ({ data }) => got(data)));
      ${end}`);
    const pid = await numberFrom(program);
    await until(() => !isAlive(pid), "the child has ended");
  }
});

Deno.test("a program that was stopped keeps its children", async () => {
  await using program = await startProgram(`${STUBBORN}\nawait sleep(60_000);`);
  const group = await numberFrom(program);
  Deno.kill(program.pid, "SIGSTOP");
  await until(() => livingIn(group).length === 2, "both are there");
  Deno.kill(program.pid, "SIGCONT");
  assertEquals(livingIn(group).length, 2);
  program.kill();
  await until(() => livingIn(group).length === 0, "all have ended");
});

Deno.test("a program whose children have ended does not wait for anything", async () => {
  await using program = await startProgram(`
    for (let i = 0; i < 3; i++) {
      const child = await createSubprocessExec("true", [], { stdin: DEVNULL });
      await child.wait();
    }
    console.log("done");`);
  assertEquals(await program.wait(), 0);
});

Deno.test("the watchdog holds no stream of the program open", async () => {
  await using program = await startProgram(`
    await createSubprocessExec("sleep", ["1000"], {
      stdin: DEVNULL,
      stdout: DEVNULL,
      stderr: DEVNULL,
      detached: true,
    }).then((child) => console.log(child.pid));
    const child = await createSubprocessExec("true");
    await child.wait();`);
  const pid = await numberFrom(program);
  assertEquals((await program.stdout!.read()).length, 0);
  assertEquals(await program.wait(), 0);
  assertEquals(isAlive(pid), true);
  Deno.kill(pid, "SIGKILL");
});
