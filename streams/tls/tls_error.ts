/** @module */
import { fromNodeError } from "../socket/node_conn.ts";

/** An error of a handshake as the runtime's own TLS throws it. */
export function fromHandshakeError(error: unknown): unknown {
  const known = fromNodeError(error);
  if (known !== error || !(error instanceof Error)) return known;
  return new Deno.errors.InvalidData(error.message, { cause: error });
}

/**
 * The same of an error after the handshake: that of a peer that refuses the
 * certificate comes only then with TLS 1.3.
 */
export function fromTlsError(error: unknown): unknown {
  const { code = "" } = error as { code?: string };
  return code.startsWith("ERR_SSL_")
    ? fromHandshakeError(error)
    : fromNodeError(error);
}
