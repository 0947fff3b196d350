/** The arguments of a program. @module */
import { parseArgs, type ParseArgsConfig } from "node:util";

/** The arguments are wrong: the program prints its usage. */
export class UsageError extends Error {
  override name = "UsageError";
}

/**
 * Parses options, and the arguments between them.
 *
 * @throws {UsageError} An option is unknown, or has no value.
 */
export function parsedArgs<O extends NonNullable<ParseArgsConfig["options"]>>(
  args: string[],
  options: O,
): ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>
> {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

/**
 * Parses a whole number; returns `undefined` if the option is not given.
 *
 * @param least The least number; 0 unless given.
 * @throws {UsageError} `text` is not such a number.
 */
export function wholeNumber(
  text: string | undefined,
  what: string,
  least?: number,
): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  const isWhole = Number.isInteger(number) && text !== "";
  if (isWhole && number >= (least ?? 0)) return number;
  const limit = least === undefined ? "" : `, at least ${least}`;
  throw new UsageError(`${what} is a whole number${limit}, received ${text}`);
}
