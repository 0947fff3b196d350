/** The command line. @module */
import { environment } from "../../tasks/kernel/permissions.ts";
import { parsedArgs, wholeNumber } from "../../tasks/kernel/cli/arguments.ts";
import type { NatsJobsOptions } from "../nats/nats_options.ts";

/** A command line. */
export interface CommandLine {
  readonly command: string;
  /** The name of the queue; empty if none is given. */
  readonly name: string;
  /** The arguments after the name. */
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
 * @throws {UsageError} The command line is wrong.
 */
export async function commandLine(args: string[]): Promise<CommandLine> {
  const { values, positionals } = parsedArgs(args, OPTIONS);
  const [command = "help", name = "", ...rest] = positionals;
  const servers = (values.servers ?? environment("NATS_URL") ?? DEFAULT_SERVERS)
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
    limit: wholeNumber(values.limit, "--limit") ?? 100,
    port: wholeNumber(values.port, "--port") ?? 0,
    hostname: values.hostname ?? "127.0.0.1",
  };
}
