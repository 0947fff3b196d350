/** Programs at a terminal, which `script` provides. @module */
import { DEVNULL, runSubprocess } from "@asyncio/asyncio/process";

/** What a program shows at a terminal; the runtime could ask the user there. */
export async function atTerminal(
  code: string,
  permissions: string[],
): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/program.ts`;
    await Deno.writeTextFile(file, code);
    const command = [
      `'${Deno.execPath()}' run --quiet`,
      ...permissions,
      `'${file}'`,
    ];
    const { stdout } = await runSubprocess(
      ["script", "-qec", command.join(" "), "/dev/null"],
      {
        stdin: DEVNULL,
        captureOutput: true,
        timeout: 60_000,
        env: { NO_COLOR: "1", SHELL: "/bin/sh" },
      },
    );
    return stdout!.replaceAll("\r\n", "\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
