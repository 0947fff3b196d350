/** @module */

/** Why a look-up failed: the codes of `node:dns`. */
export type LookupErrorCode =
  | "ENOTFOUND"
  | "ENODATA"
  | "ESERVFAIL"
  | "EREFUSED"
  | "EFORMERR"
  | "ENOTIMP"
  | "EBADRESP"
  | "EAI_AGAIN";

const REASONS: Record<LookupErrorCode, string> = {
  ENOTFOUND: "there is no such name",
  ENODATA: "the name has no such address",
  ESERVFAIL: "the name server failed",
  EREFUSED: "the name server refused to answer",
  EFORMERR: "the name server did not understand the query",
  ENOTIMP: "the name server does not answer such queries",
  EBADRESP: "the answer of the name server is malformed",
  EAI_AGAIN: "the name server cannot be reached, or has failed",
};

/**
 * The error of a look-up, with its reason as `code`. Only a name that does not
 * exist is a `Deno.errors.NotFound`: every other failure may be gone next time.
 */
export function lookupError(
  name: string,
  code: LookupErrorCode,
  cause?: unknown,
): Error & { code: string } {
  const message = `Cannot look up ${name}: ${REASONS[code] ?? code}`;
  const error = code === "ENOTFOUND"
    ? new Deno.errors.NotFound(message, { cause })
    : new Error(message, { cause });
  return Object.assign(error, { code });
}
