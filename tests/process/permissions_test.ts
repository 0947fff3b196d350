import { assertEquals } from "@std/assert";
import { runSubprocess } from "@asyncio/asyncio/process";

const PROCESS = import.meta.resolve("@asyncio/asyncio/process");

/** What a program prints that may do no more than `permissions`. */
async function run(code: string, ...permissions: string[]): Promise<string> {
  const { stdout } = await runSubprocess(
    [Deno.execPath(), "run", "--quiet", "--no-prompt", ...permissions, "-"],
    {
      input: `import * as p from "${PROCESS}";\n${code}`,
      captureOutput: true,
      check: true,
      env: { NO_COLOR: "1" },
    },
  );
  return stdout!;
}

Deno.test("with the permission to run one program, that one can be run and ended", async () => {
  const code = `
    const done = await p.runSubprocess(["echo", "hi"], { captureOutput: true });
    console.log(done.stdout.trim());
    const process = await p.createSubprocessExec("sleep", ["1000"], { stdin: "null" });
    await process[Symbol.asyncDispose]();
    console.log(process.returnCode);`;
  assertEquals(await run(code, "--allow-run=echo,sleep"), "hi\n-15\n");
});

Deno.test("a group takes the permission to run any program, and says so", async () => {
  const code = `
    try {
      await p.createSubprocessExec("sleep", ["1000"], { group: true });
    } catch (error) {
      console.log(error.name, error.message.includes("--allow-run"));
    }`;
  assertEquals(await run(code, "--allow-run=sleep"), "NotCapable true\n");
});

Deno.test("with the permission to run any program, but not to read, groups are ended as well", async () => {
  const code = `
    const process = await p.createSubprocessShell(
      "trap '' TERM; sleep 1000 & echo; wait; sleep 1000",
      { stdin: "null", stdout: "piped", stderr: "stdout", killAfter: 20 },
    );
    await process.stdout.readLine();
    await process[Symbol.asyncDispose]();
    console.log(process.returnCode);`;
  assertEquals(await run(code, "--allow-run"), "-9\n");
});

Deno.test("a program that may not be ended any more rejects each dispose, and can be waited for", async () => {
  const code = `
    const process = await p.createSubprocessExec("cat", [], { stdin: "piped" });
    await Deno.permissions.revoke({ name: "run" });
    for (let i = 0; i < 2; i++) {
      await process[Symbol.asyncDispose]().catch((error) => {
        console.log(error.name);
      });
    }
    console.log(await process.wait()); // its input is closed`;
  assertEquals(
    await run(code, "--allow-run", "--allow-read"),
    "NotCapable\nNotCapable\n0\n",
  );
});

Deno.test("without the permission to run it, a program is NotCapable", async () => {
  const code = `
    try {
      await p.createSubprocessExec("sleep", ["1000"]);
    } catch (error) {
      console.log(error.name);
    }`;
  assertEquals(await run(code, "--allow-run=echo"), "NotCapable\n");
});
