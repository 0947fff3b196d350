/** A line read from the pipe of a child, while it runs. */
import { createSubprocessExec, PIPE, run } from "@asyncio/asyncio";

async function getDate(): Promise<string> {
  const code = "console.log(new Date().toISOString())";

  // Create the child; its standard output goes into a pipe.
  const process = await createSubprocessExec(
    Deno.execPath(),
    ["eval", code],
    { stdout: PIPE },
  );

  // Read one line of it.
  const data = await process.stdout!.readLine();
  const line = new TextDecoder().decode(data).trimEnd();

  // Wait for its end.
  await process.wait();
  return line;
}

const date = await run(getDate);
console.log(`Current date: ${date}`);
