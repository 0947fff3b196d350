/**
 * A small make: `make.ts Makefile 4 all` runs up to 4 commands at a time. It
 * knows rules and `.PHONY`. Without arguments it makes a greeting.
 */
import {
  CalledProcessError,
  gather,
  run,
  runSubprocess,
  Semaphore,
  STDOUT,
  type Task,
  taskGroup,
} from "@asyncio/asyncio";

const EXAMPLE = `
.PHONY: greeting
greeting: hello world
	cat hello world
hello:
	echo hello > hello
world:
	echo world > world
`;

const OPTIONS = { captureOutput: true, stderr: STDOUT, check: true } as const;
const RULE = /^([^\s:#]+) *:(.*)\n((?:\t.*\n)*)/gm;

async function make(makefile: string, jobs: number, goal?: string) {
  const needs = new Map<string, string[]>();
  const commands = new Map<string, string[]>();
  for (const [, target, needed, lines] of makefile.matchAll(RULE)) {
    needs.set(target!, needed!.match(/\S+/g) ?? []);
    commands.set(target!, lines!.match(/[^\t\n].*/g) ?? []);
  }
  const tasks = new Map<string, Task<number>>();
  const slots = new Semaphore(jobs);

  async function madeAt(target: string): Promise<number | undefined> {
    if (needs.get(".PHONY")?.includes(target)) return undefined;
    const info = await Deno.stat(target).catch(() => null);
    return info?.mtime?.getTime();
  }

  /** Gives when it was made. */
  async function update(target: string, needed: Task<number>[]) {
    const newest = Math.max(...await gather(needed));
    const before = await madeAt(target);
    if (before !== undefined && before >= newest) return before;
    if (!needs.has(target)) throw new Error(`there is no rule for ${target}`);
    using _ = await slots.acquire(); // only now: its needs had to have theirs
    try {
      for (const command of commands.get(target)!) {
        const { stdout } = await runSubprocess(command, OPTIONS);
        console.log(`${command}\n${stdout}`.trimEnd()); // in one piece
      }
    } catch (error) { // half a target would pass for a whole one the next time
      const now = await madeAt(target);
      if (now !== undefined && now !== before) await Deno.remove(target);
      throw error;
    }
    return await madeAt(target) ?? Infinity;
  }

  await taskGroup((group) => {
    function plan(target: string, path: string[]): Task<number> {
      const way = [...path, target];
      if (path.includes(target)) throw new Error(`a ring: ${way.join(" <- ")}`);
      let task = tasks.get(target);
      if (task !== undefined) return task;
      const needed = needs.get(target)?.map((need) => plan(need, way)) ?? [];
      task = group.createTask(() => update(target, needed), { name: target });
      tasks.set(target, task);
      return task;
    }
    plan(goal ?? needs.keys().find((it) => !it.startsWith("."))!, []);
  });
}

await run(async () => {
  const [file, jobs = "2", goal] = Deno.args;
  if (!file) Deno.chdir(await Deno.makeTempDir());
  try {
    const makefile = file ? await Deno.readTextFile(file) : EXAMPLE;
    await make(makefile, Number(jobs), goal);
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    for (const it of new Set(error.errors)) { // who needed it failed of it, too
      if (it instanceof CalledProcessError) {
        console.log(`${it.stdout}`.trimEnd());
      }
      console.log(`*** ${it.message}`);
    }
    Deno.exitCode = 2;
  } finally {
    if (!file) await Deno.remove(Deno.cwd(), { recursive: true });
  }
});
