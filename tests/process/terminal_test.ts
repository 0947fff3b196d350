/** Programs at a terminal, which `script` provides. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { atTerminal as showAtTerminal } from "../_helpers/terminal.ts";

const MODULE = import.meta.resolve("@asyncio/asyncio/process");

function atTerminal(code: string, permissions: string[]): Promise<string> {
  return showAtTerminal(
    `import * as p from "${MODULE}";\n${code}`,
    permissions,
  );
}

Deno.test("a program that inherits a terminal stays in the group of this program", async () => {
  const code = `
    const groups = "ps -o pgid= -p $$; ps -o pgid= -p $PPID";
    for (const stdin of ["inherit", "null"]) {
      const process = await p.createSubprocessShell(groups, { stdin, stdout: "piped" });
      const { stdout } = await process.communicate();
      const [own, parent] = new TextDecoder().decode(stdout).trim().split("\\n").map(Number);
      console.log(stdin, own === parent);
    }`;
  assertEquals(await atTerminal(code, ["-A"]), "inherit true\nnull false\n");
});

for (
  const permissions of [
    ["--allow-run"],
    ["--allow-run", "--allow-read"],
    ["--allow-run", "--allow-env"],
    ["--allow-run", "--allow-read", "--allow-env", "--allow-write"],
    ["--allow-run=sh,sleep,true"],
  ]
) {
  Deno.test(`nothing asks the user for a permission: ${permissions.join(" ")}`, async () => {
    const code = `
      await Promise.all(["inherit", "stdout"].map(async (stderr) => {
        const options = { stderr, killAfter: 20, env: { "my.var": "1" } };
        await p.runSubprocess(["true"], { ...options, cwd: "/" });
        await p.runSubprocess("sleep 1000 & sleep 1000", {
          ...options,
          stdout: "piped",
          timeout: 200,
        }).catch((error) => console.log(error.name));
        const left = await p.createSubprocessShell("sleep 1000 &", options);
        await left.wait();
        await left[Symbol.asyncDispose]();
        await p.createSubprocessExec("no-such-program").catch((error) =>
          console.log(error.name)
        );
      }));
      Deno.exit(0);`;
    const shown = await atTerminal(code, permissions);
    assertEquals(shown.includes("Deno requests"), false, shown);
    assertStringIncludes(shown, "TimeoutExpiredError");
  });
}
