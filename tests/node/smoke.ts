// Nothing of tasks, sync and queue needs Deno: this runs under Node as well, and prints what smoke.sh expects.
import {
  CancelledError,
  ContextVar,
  createTask,
  currentTask,
  Future,
  gather,
  getRunningLoop,
  run,
  signals,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
} from "../../tasks/mod.ts";
import { Lock } from "../../sync/mod.ts";
import { Queue } from "../../queue/mod.ts";

// deno-lint-ignore no-process-global -- Node's
const { pid, kill } = process;
const say = (...parts: unknown[]) => console.log(parts.join(" "));

say("not Deno:", !("Deno" in globalThis));

await run(async () => {
  const task = createTask(
    () => sleep(60_000).finally(() => say("cancel: cleaned up")),
    { name: "sleeper" },
  );
  await sleep(0);
  console.log(task);
  task.cancel();
  await task.catch((error) => say("cancel:", error instanceof CancelledError));

  await timeout(5, () => sleep(60_000)).catch((error) =>
    say("timeout:", error instanceof TimeoutError)
  );

  const error = await taskGroup((group) => {
    group.createTask(() => sleep(60_000));
    group.createTask(() => {
      throw new Error("boom");
    });
  }).catch((error) => error);
  say("group:", error.errors[0].message);

  const queue = new Queue<number>(2);
  const consumer = createTask(async () => {
    const items: number[] = [];
    for await (const item of queue) items.push(item);
    return items;
  });
  for (let i = 0; i < 5; i++) await queue.put(i);
  queue.shutdown();
  say("queue:", await consumer);

  const lock = new Lock();
  let inside = 0;
  let most = 0;
  await gather([1, 2, 3].map(() => async () => {
    const guard = await lock.acquire();
    most = Math.max(most, ++inside);
    await sleep(0);
    inside--;
    guard[Symbol.dispose](); // Node 20 has no `using`
  }));
  say("lock:", most);

  const user = new ContextVar("user", { default: "nobody" });
  user.set("ada");
  say(
    "context:",
    await createTask(async () => {
      await sleep(1);
      return `${user.get()} in ${currentTask()!.name.startsWith("Task-")}`;
    }),
  );

  const hangups = signals("SIGHUP");
  getRunningLoop().callLater(5, () => kill(pid, "SIGHUP"));
  for await (const signal of hangups) {
    say("signals:", signal);
    break;
  }

  const usr1 = new Future<string>();
  getRunningLoop().addSignalHandler("SIGUSR2", () => usr1.setResult("SIGUSR2"));
  kill(pid, "SIGUSR2");
  say("handler:", await usr1);

  let ticks = 0;
  const interval = setInterval(() => ticks++, 1);
  const busy = new Queue<number>();
  while (ticks < 3) {
    await busy.put(1);
    await busy.get();
  }
  clearInterval(interval);
  say("fair");

  createTask(() => Promise.reject(new Error("never retrieved")), {
    name: "lost",
  });
  getRunningLoop().setExceptionHandler((_, { message }) => say(message));
  await sleep(0);
});

const ended = await run(() => {
  kill(pid, "SIGINT");
  return sleep(60_000).finally(() => say("Ctrl-C: cleaned up"));
}).catch((error) => error.name);
say(ended);

run(() => {
  kill(pid, "SIGINT");
  return sleep(60_000);
});
