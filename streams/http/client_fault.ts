/** @module */

/**
 * The status to answer with if a handler has failed by no fault of its own:
 *
 * - 400 if the body of the request is garbled;
 * - 503 if the body broke off, or the client has gone. When a server is closed, the
 *   runtime breaks off uploads: then the client is there, and gets the 503.
 */
export function statusOfClientFault(
  error: unknown,
  request: Request,
): 400 | 503 | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.message.startsWith("invalid HTTP/1 request: ")) return 400;
  if (isBrokenOff(error)) return 503;
  // What a call rejects with that was given the signal of the request, as `fetch`.
  const isAbort = error instanceof DOMException && error.name === "AbortError";
  return isAbort && error === request.signal.reason ? 503 : undefined;
}

/** How the runtime's errors for a body that broke off begin, over HTTP/1, 2 and TLS. */
const BROKEN_OFF =
  /^(error reading a body from connection|unexpected EOF while reading HTTP\/1 body|connection reset|peer closed connection without)/;

/** They have no type of their own. */
function isBrokenOff(error: Error): boolean {
  return error instanceof Deno.errors.BadResource &&
      /^Cannot read (request )?body as underlying resource/
        .test(error.message) ||
    error instanceof Deno.errors.Http && BROKEN_OFF.test(error.message);
}
