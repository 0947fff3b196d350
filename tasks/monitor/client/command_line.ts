/** The command line. @module */
import { parsedArgs, wholeNumber } from "../../kernel/cli/arguments.ts";

/** A command line. */
export interface CommandLine {
  readonly command: string;
  /** The process id of the program; empty if none is given. */
  readonly pid: string;
  /** The arguments after the process id. */
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
 * Parses a command line.
 *
 * @throws {UsageError} The command line is wrong.
 */
export function commandLine(args: string[]): CommandLine {
  const { values, positionals } = parsedArgs(args, OPTIONS);
  const [command = "help", pid = "", ...rest] = positionals;
  return {
    command: values.help ? "help" : command,
    pid,
    rest,
    json: values.json === true,
    interval: wholeNumber(values.interval, "--interval", 1) ?? 1000,
    count: wholeNumber(values.count, "--count", 1) ?? Infinity,
    limit: wholeNumber(values.limit, "--limit", 0),
    port: wholeNumber(values.port, "--port", 0) ?? 0,
    hostname: values.hostname ?? "127.0.0.1",
  };
}
