import {
  type Coroutine,
  type ExceptionContext,
  Runner,
  type RunOptions,
} from "@asyncio/asyncio/tasks";

/** Runs `main` to its end, and gives what its loop's exception handler was told meanwhile. */
export async function reportsOf(
  main: Coroutine<unknown>,
  options?: RunOptions,
): Promise<ExceptionContext[]> {
  const reports: ExceptionContext[] = [];
  const runner = new Runner(options);
  runner.loop.setExceptionHandler((_loop, report) => reports.push(report));
  await runner.run(main);
  await runner.close();
  return reports;
}
