/** @module */

/** What a system has too little of, by the code of its error. */
const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: "Out of file descriptors",
  ENFILE: "Out of file descriptors on this machine",
  ENOBUFS: "Out of memory for sockets",
  ENOMEM: "Out of memory",
};

/** Their numbers, in the messages of errors that have no code: of HTTP. */
const CODES: Readonly<Record<string, string>> = {
  12: "ENOMEM",
  23: "ENFILE",
  24: "EMFILE",
  55: "ENOBUFS", // on macOS
  105: "ENOBUFS",
};

/** What is short, if `error` says that something is. */
export function shortageOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return SHORTAGES[code];
  const number = /\(os error (\d+)\)$/.exec(error.message)?.[1];
  return number && SHORTAGES[CODES[number] ?? ""];
}

/**
 * The error as it can be reported. The runtime takes a descriptor to form the
 * text of a stack, and ends the program if there is none. So an error by a
 * shortage gets a text that is formed already.
 */
export function reportable(error: unknown): unknown {
  if (!(error instanceof Error) || shortageOf(error) === undefined) {
    return error;
  }
  const value = `${error.name}: ${error.message}`;
  return Object.defineProperty(error, "stack", { value, configurable: true });
}
