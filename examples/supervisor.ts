/**
 * A supervisor: `supervisor.ts programs.json` keeps programs running. They start
 * in order, each when the one before is healthy, and end in the reverse order.
 * One that ends, or fails its health check, is ended with all that it has
 * started, and starts again after a pause, which doubles until the program has
 * been up for ten seconds. Without arguments it shows itself for a moment.
 */
import {
  createSubprocessExec,
  createTask,
  DEVNULL,
  Event,
  getRunningLoop,
  moveOnAfter,
  type Process,
  run,
  runSubprocess,
  sleep,
  taskGroup,
  wait,
} from "@asyncio/asyncio";

interface Program {
  name: string;
  command: [string, ...string[]];
  health?: string; // a command of the shell, which ends with 0 if all is well
  interval?: number; // milliseconds between two checks, and that one may take
  grace?: number; // milliseconds to end by itself before it is killed
}

async function isHealthy({ health = "true", interval = 1000 }: Program) {
  const check = () => runSubprocess(health, { killAfter: 100 });
  return (await moveOnAfter(interval, check))?.returnCode === 0;
}

/** Returns why it does not run any more. */
async function watch(program: Program, process: Process, healthy: Event) {
  for (let failures = 0;;) {
    if (await isHealthy(program)) healthy.set();
    else if (healthy.isSet || ++failures > 10) return "is not healthy";
    const ended = () => process.wait();
    const code = await moveOnAfter(program.interval ?? 1000, ended);
    if (code !== undefined) return `ended with ${code}`;
  }
}

async function runOnce(program: Program, healthy: Event): Promise<string> {
  const [command, ...args] = program.command;
  const options = { stdin: DEVNULL, killAfter: program.grace ?? 5000 };
  try {
    await using process = await createSubprocessExec(command, args, options);
    console.log(`${program.name} starts as ${process.pid}`);
    return await watch(program, process, healthy);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return error.message;
    throw error;
  } finally {
    healthy.clear();
  }
}

async function keepRunning(program: Program, healthy: Event): Promise<never> {
  for (let pause = 100;; pause = Math.min(2 * pause, 30_000)) {
    const began = performance.now();
    const why = await runOnce(program, healthy);
    if (performance.now() - began > 10_000) pause = 100;
    console.log(`${program.name} ${why}: again in ${pause} ms`);
    await sleep(pause);
  }
}

/** What starts later is nested deeper, and so ends earlier. */
async function supervise([program, ...others]: Program[]): Promise<void> {
  if (program === undefined) return void await new Event().wait();
  const healthy = new Event();
  await taskGroup(async (group) => {
    group.createTask(() => keepRunning(program, healthy));
    await healthy.wait();
    await supervise(others);
  });
}

async function main(file: string): Promise<void> {
  const programs = JSON.parse(await Deno.readTextFile(file));
  const all = createTask(() => supervise(programs));
  getRunningLoop().addSignalHandler("SIGTERM", () => void all.cancel());
  await wait([all]);
  if (!all.cancelled) await all; // it has failed
}

const EXAMPLE: Program[] = [
  { name: "server", command: ["sleep", "60"] },
  { name: "worker", command: ["sh", "-c", "sleep 60 & exit 1"] },
];
const demonstrate = () => moveOnAfter(3_000, () => supervise(EXAMPLE));
const [file] = Deno.args;
await run<unknown>(file === undefined ? demonstrate : () => main(file));
