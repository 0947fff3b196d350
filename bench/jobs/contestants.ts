/** Whose jobs are counted, and the servers they are on. */
import {
  createSubprocessExec,
  PIPE,
  type Process,
  runSubprocess,
  STDOUT,
} from "@asyncio/asyncio/process";

/** A queue to be measured. */
export interface Contestant extends AsyncDisposable {
  readonly title: string;
  /** Whether several processes can share it. */
  readonly shared: boolean;
  /** The program that plays `roles` on the queue `name`. */
  command(name: string, roles: string[]): string[];
}

const here = new URL(".", import.meta.url).pathname;

function denoCommand(program: string, ...args: string[]): string[] {
  const file = `${here}${program}`;
  return [Deno.execPath(), "run", "-A", "--quiet", file, ...args];
}

export function memory(): Contestant {
  return {
    title: "memoryJobs, in one process",
    shared: false,
    command: (name, roles) =>
      denoCommand("this_package.ts", "memory:", name, ...roles),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A server of NATS, and what is measured on it. */
interface OnNats {
  title(version: string): string;
  shared: boolean;
  command(server: string, name: string, roles: string[]): string[];
}

async function onNats({ title, shared, command }: OnNats): Promise<Contestant> {
  const folder = await Deno.makeTempDir();
  const args = ["-js", "-sd", folder, "-a", "127.0.0.1", "-p", "-1"];
  const [server, line] = await startServer(
    "nats-server",
    args,
    / client connections on .*:(\d+)/,
  );
  const version = await firstLine(["nats-server", "--version"]);
  return {
    title: title(version.replace(/: v/, " ")),
    shared,
    command: (name, roles) => command(`127.0.0.1:${line[1]}`, name, roles),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

export function nats(): Promise<Contestant> {
  return onNats({
    title: (version) => `natsJobs, ${version}`,
    shared: true,
    command: (server, name, roles) =>
      denoCommand("this_package.ts", server, name, ...roles),
  });
}

/** The same client on JetStream alone, each settlement confirmed. */
export function confirmed(): Promise<Contestant> {
  return onNats({
    title: () => "JetStream alone, pulls of 10, confirmed",
    shared: false,
    command: (server, name, roles) =>
      denoCommand("bare.ts", server, name, "10", "each", ...roles),
  });
}

/** The same, fast and loose. */
export function unconfirmed(): Promise<Contestant> {
  return onNats({
    title: () => "JetStream alone, pulls of 100, unconfirmed",
    shared: false,
    command: (server, name, roles) =>
      denoCommand("bare.ts", server, name, "100", "none", ...roles),
  });
}

export const bullmq5 = (): Promise<Contestant> => bullmq(5);
export const bullmq6 = (): Promise<Contestant> => bullmq(6);

/** As durable as a stream of JetStream: written at once, synced by and by. */
async function bullmq(major: number): Promise<Contestant> {
  const folder = await Deno.makeTempDir();
  await runSubprocess(
    [
      "npm",
      "install",
      "--no-fund",
      "--no-audit",
      `bullmq@${major}`,
      "ioredis@5",
    ],
    { cwd: folder, captureOutput: true, check: true, timeout: 300_000 },
  );
  for (const file of ["bullmq.mjs", "roles.js"]) {
    await Deno.copyFile(`${here}${file}`, `${folder}/${file}`);
  }
  await Deno.writeTextFile(`${folder}/package.json`, '{ "type": "module" }');
  const port = freePort();
  const [server] = await startServer("redis-server", [
    "--port",
    `${port}`,
    "--dir",
    folder,
    "--save",
    "",
    "--appendonly",
    "yes",
    "--appendfsync",
    "everysec",
  ], /eady to accept connections/);
  const { version } = JSON.parse(
    await Deno.readTextFile(`${folder}/node_modules/bullmq/package.json`),
  );
  const redis = await firstLine(["redis-server", "--version"]);
  const node = await firstLine(["node", "--version"]);
  return {
    title: `BullMQ ${version}, Node ${node.slice(1)}, Redis ${
      redis.match(/v=(\S+)/)?.[1]
    }`,
    shared: true,
    command: (name, roles) => [
      "node",
      `${folder}/bullmq.mjs`,
      `${port}`,
      name,
      ...roles,
    ],
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function startServer(
  program: string,
  args: string[],
  ready: RegExp,
): Promise<[Process, RegExpExecArray]> {
  const server = await createSubprocessExec(program, args, {
    stdout: PIPE,
    stderr: STDOUT,
  });
  for await (const line of server.stdout!.lines()) {
    const found = ready.exec(line);
    if (found !== null) return [server, found];
  }
  throw new Error(`${program} does not start`);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function firstLine(command: [string, ...string[]]): Promise<string> {
  const { stdout } = await runSubprocess(command, { captureOutput: true });
  return stdout!.split("\n")[0]!;
}
