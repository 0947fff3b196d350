/**
 * Servers that are programs of their own, under the load of a C program: so
 * neither the servers nor the load are in the process that measures.
 *
 * @module
 */
import { StreamReader } from "@asyncio/asyncio/streams";

const here = new URL(".", import.meta.url).pathname;

const load = Deno.makeTempFileSync();
const canLoad = succeeds("cc", "-O2", "-o", load, `${here}load.c`);
globalThis.addEventListener("unload", () => Deno.removeSync(load));

/** Whether the command is there, and ends without an error. */
export function succeeds(command: string, ...args: string[]): boolean {
  try {
    const options = { args, stdout: "null", stderr: "null" } as const;
    return new Deno.Command(command, options).outputSync().success;
  } catch {
    return false;
  }
}

/**
 * The ports of the servers that run, by command: each is started when it is
 * first asked for.
 */
const ports = new Map<string, number>();

async function portOf(command: string[]): Promise<number> {
  const name = command.join(" ");
  const known = ports.get(name);
  if (known !== undefined) return known;
  const [program, ...args] = command;
  const child = new Deno.Command(program!, {
    args,
    stdin: "null",
    stdout: "piped",
  }).spawn();
  globalThis.addEventListener("unload", () => child.kill("SIGKILL"));
  const line = await StreamReader.from(child.stdout).readLine();
  child.unref(); // not before: what it says is waited for
  const port = Number(new TextDecoder().decode(line));
  ports.set(name, port);
  return port;
}

/** A server, and what it is asked to do. */
export interface Loaded {
  name: string;
  group: string;
  baseline: boolean;
  /** Starts it; its first line is its port. */
  command: string[];
  connections: number;
  /** Of a message, in bytes. */
  size: number;
  messages: number;
  kind?: "udp" | "http";
}

/** Defines the benchmark of a server; it is skipped without a compiler. */
export function benchUnderLoad({ name, group, baseline, ...it }: Loaded): void {
  Deno.bench({
    name,
    group,
    baseline,
    n: 5,
    warmup: 1,
    ignore: !canLoad,
    async fn(bench) {
      const port = await portOf(it.command);
      const { connections, size, messages, kind } = it;
      const args = [port, connections, size, few(messages)].map(String);
      if (kind !== undefined) args.push(kind);
      bench.start();
      const { success } = await new Deno.Command(load, {
        args,
        stdout: "null",
      }).output();
      bench.end();
      if (!success) throw new Error(`no answer from ${name}`);
    },
  });
}

/** To see that it works, a hundredth is enough. */
function few(messages: number): number {
  return Deno.env.has("BENCH_SMOKE") ? Math.ceil(messages / 100) : messages;
}
