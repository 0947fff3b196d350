/** A command in one call; with `check`, a failure is an error. */
import {
  CalledProcessError,
  DEVNULL,
  run,
  runSubprocess,
} from "@asyncio/asyncio";

async function main(): Promise<void> {
  try {
    const completed = await runSubprocess(
      "echo to stdout; echo to stderr 1>&2; exit 1",
      { stdout: DEVNULL, stderr: DEVNULL, check: true },
    );
    console.log("return code:", completed.returnCode);
  } catch (error) {
    if (!(error instanceof CalledProcessError)) throw error;
    console.log("ERROR:", error.message);
  }

  const completed = await runSubprocess(["echo", "to stdout"], {
    captureOutput: true,
  });
  console.log("return code:", completed.returnCode);
  console.log("stdout:", JSON.stringify(completed.stdout));
}

await run(main);
