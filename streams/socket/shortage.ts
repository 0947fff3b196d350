/** @module */

/** What a system has too little of, by the code of its error. */
const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: "Out of file descriptors",
  ENFILE: "Out of file descriptors on this machine",
  ENOBUFS: "Out of memory for sockets",
  ENOMEM: "Out of memory",
};

/** What is short, if `error` says that something is. */
export function shortageOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? SHORTAGES[code] : undefined;
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
