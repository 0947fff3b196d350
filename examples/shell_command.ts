/** A shell command that fails, with what it wrote. */
import { createSubprocessShell, PIPE, run } from "@asyncio/asyncio";

async function shell(command: string): Promise<void> {
  const process = await createSubprocessShell(command, {
    stdout: PIPE,
    stderr: PIPE,
  });
  const { stdout, stderr } = await process.communicate();

  const decoder = new TextDecoder();
  console.log(`["${command}" exited with ${process.returnCode}]`);
  if (stdout?.length) console.log(`[stdout]\n${decoder.decode(stdout)}`);
  if (stderr?.length) console.log(`[stderr]\n${decoder.decode(stderr)}`);
}

await run(() => shell("ls /zzz"));
