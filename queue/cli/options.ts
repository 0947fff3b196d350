/** The command line. @module */
import { parseArgs } from "node:util";
import type { NatsJobsOptions } from "../nats/nats_options.ts";

/** A command line that makes no sense. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** A command line. */
export interface CommandLine {
  readonly command: string;
  /** The name of the queue; empty if none is given. */
  readonly name: string;
  /** What stands after it. */
  readonly rest: string[];
  readonly servers: Omit<NatsJobsOptions, "name">;
  readonly json: boolean;
  readonly all: boolean;
  readonly dead: boolean;
  readonly limit: number;
  readonly port: number;
  readonly hostname: string;
}

const OPTIONS = {
  servers: { type: "string" },
  user: { type: "string" },
  password: { type: "string" },
  token: { type: "string" },
  creds: { type: "string" },
  tls: { type: "boolean" },
  json: { type: "boolean" },
  all: { type: "boolean" },
  dead: { type: "boolean" },
  limit: { type: "string" },
  port: { type: "string" },
  hostname: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

const DEFAULT_SERVERS = "127.0.0.1:4222";

/**
 * Reads a command line.
 *
 * @throws {UsageError} It makes no sense.
 */
export async function commandLine(args: string[]): Promise<CommandLine> {
  const { values, positionals } = parsed(args);
  const [command = "help", name = "", ...rest] = positionals;
  const servers = (values.servers ?? variable("NATS_URL") ?? DEFAULT_SERVERS)
    .split(",").map((it) => it.trim()).filter((it) => it !== "");
  const { user, password, token, creds, tls } = values;
  return {
    command: values.help ? "help" : command,
    name,
    rest,
    servers: {
      servers,
      user,
      password,
      token,
      tls,
      credentials: creds === undefined
        ? undefined
        : await Deno.readTextFile(creds),
    },
    json: values.json === true,
    all: values.all === true,
    dead: values.dead === true,
    limit: whole(values.limit, "--limit", 100),
    port: whole(values.port, "--port", 0),
    hostname: values.hostname ?? "127.0.0.1",
  };
}

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

/** A variable, without asking the user for the permission to read it. */
function variable(name: string): string | undefined {
  const permission = { name: "env", variable: name } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") {
    return undefined;
  }
  return Deno.env.get(name);
}

function whole(
  text: string | undefined,
  what: string,
  otherwise: number,
): number {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0 && text !== "") return number;
  throw new UsageError(`${what} is a whole number, received ${text}`);
}
