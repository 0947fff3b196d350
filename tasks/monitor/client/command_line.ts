/** The command line. @module */
import { parseArgs } from "node:util";

/** A command line that makes no sense. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** A command line. */
export interface CommandLine {
  readonly command: string;
  /** The program: its process id; empty if none is given. */
  readonly pid: string;
  /** What stands after it. */
  readonly rest: readonly string[];
  readonly json: boolean;
  /** Milliseconds between two samples. */
  readonly interval: number;
  /** How many samples. */
  readonly count: number;
  /** How many tasks `top` shows. */
  readonly limit: number | undefined;
  readonly port: number;
  readonly hostname: string;
}

const OPTIONS = {
  json: { type: "boolean" },
  interval: { type: "string" },
  count: { type: "string" },
  limit: { type: "string" },
  port: { type: "string" },
  hostname: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * Reads a command line.
 *
 * @throws {UsageError} It makes no sense.
 */
export function commandLine(args: string[]): CommandLine {
  const { values, positionals } = parsed(args);
  const [command = "help", pid = "", ...rest] = positionals;
  return {
    command: values.help ? "help" : command,
    pid,
    rest,
    json: values.json === true,
    interval: whole(values.interval, "--interval", 1) ?? 1000,
    count: whole(values.count, "--count", 1) ?? Infinity,
    limit: whole(values.limit, "--limit", 0),
    port: whole(values.port, "--port", 0) ?? 0,
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

function whole(
  text: string | undefined,
  what: string,
  least: number,
): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && text !== "") return number;
  throw new UsageError(
    `${what} is a whole number, at least ${least}, received ${text}`,
  );
}
