/**
 * The runtime warns once, on standard error, if the `signal` of a request was
 * used: it aborts also when the request has been answered. This package uses it
 * to notice that a client has gone, and tells the two apart. So the warning is
 * of no use to its users, and is kept back while they serve.
 *
 * @module
 */

const WARNING = "Deno.serve: request.signal aborts on successful responses";

let servers = 0;
let hasCome = false;
let restore: () => void;

/** Keeps the warning back until the returned function is called. */
export function keepBackLegacyWarning(): () => void {
  if (servers++ === 0) restore = filterWarnings();
  return () => {
    if (--servers === 0) restore();
  };
}

function filterWarnings(): () => void {
  if (hasCome) return () => {};
  const { warn } = console;
  const filtered = (...args: unknown[]): void => {
    if (hasCome || !String(args[0]).startsWith(WARNING)) {
      return warn.apply(console, args);
    }
    hasCome = true;
    restore();
  };
  console.warn = filtered;
  return () => {
    if (console.warn === filtered) console.warn = warn;
  };
}
