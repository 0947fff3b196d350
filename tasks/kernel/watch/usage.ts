/** The arguments of a program. @module */
import { parseArgs, type ParseArgsConfig } from "node:util";

/** Arguments that make no sense: the program says how it is used. */
export class UsageError extends Error {
  override name = "UsageError";
}

/**
 * Options, and what stands between them.
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
 * A whole number; `undefined` if the option is not given.
 *
 * @param least The message names it, if it is given; zero unless it is.
 * @throws {UsageError} It is another text.
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
