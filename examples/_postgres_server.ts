/** A PostgreSQL server of one's own, in a temporary folder. @module */
import {
  createSubprocessExec,
  createTask,
  PIPE,
  runSubprocess,
} from "@asyncio/asyncio";
import { freePort } from "./_free_port.ts";

/** PostgreSQL does not run as root: root runs it as the user of the package. */
const AS_USER = Deno.uid() === 0 ? ["runuser", "-u", "postgres", "--"] : [];

const SCRIPT = `
  cd "$0"
  PATH=$(echo /usr/lib/postgresql/*/bin | tr " " :):$PATH
  echo secret >password
  initdb -D data -U ada --pwfile password -A scram-sha-256 -E UTF8 --no-sync >log || exit
  exec postgres -D data -k "$0" -c fsync=off -c listen_addresses=127.0.0.1 "$@"
`;

/** Where the server listens, and who may log in. */
export interface PostgresServer extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  /** Its Unix socket. */
  readonly socket: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/**
 * Starts a server; ready when this resolves. Disposed, it is ended and all that
 * it has stored is removed.
 *
 * @param settings As "log_statement=all".
 */
export async function startPostgres(
  ...settings: string[]
): Promise<PostgresServer> {
  await using stack = new AsyncDisposableStack();
  const folder = await shell('mktemp -d "${TMPDIR:-/tmp}/postgres-XXXXXX"');
  stack.defer(async () => void await shell(`rm -rf ${folder}`));
  const port = freePort();
  const [program, ...args] = [...AS_USER, "sh", "-c", SCRIPT, folder];
  for (const setting of [`port=${port}`, ...settings]) args.push("-c", setting);
  const process = stack.use(
    await createSubprocessExec(program!, args, {
      stderr: PIPE,
      killSignal: "SIGINT", // SIGTERM would wait for the clients
    }),
  );
  let log = "";
  for await (const line of process.stderr!.lines()) {
    log += `${line}\n`;
    if (!line.includes("ready to accept connections")) continue;
    createTask(() => Array.fromAsync(process.stderr!.lines(), () => {}));
    const owned = stack.move();
    return {
      ...{ hostname: "127.0.0.1", port, user: "ada", password: "secret" },
      ...{ database: "postgres", socket: `${folder}/.s.PGSQL.${port}` },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  }
  throw new Error(`PostgreSQL did not start:\n${log}`);
}

async function shell(command: string): Promise<string> {
  const [program, ...args] = [...AS_USER, "sh", "-c", command];
  const options = { captureOutput: true, check: true };
  return (await runSubprocess([program!, ...args], options)).stdout!.trim();
}
