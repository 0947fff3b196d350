/** @module */
import type { ServerTlsOptions, TlsOptions } from "../tls_options.ts";
import { describe } from "../../tasks/kernel/types.ts";

/** What an option has to be, and whether a value is that. */
type Rule = readonly [expected: string, isMet: (value: unknown) => boolean];

const PEM: Rule = ["text in PEM", isString];
const BOOLEAN: Rule = ["a boolean", (value) => typeof value === "boolean"];

const RULES: Readonly<Record<string, Rule>> = {
  cert: PEM,
  key: PEM,
  caCerts: ["an array of certificates in PEM", isArrayOfStrings],
  alpnProtocols: ["an array of names", isArrayOfStrings],
  serverName: ["a name", (value) => isString(value) && value !== ""],
  peerCertificate: BOOLEAN,
  requestCert: BOOLEAN,
  rejectUnauthorized: BOOLEAN,
};

/** The names of all options that TLS takes somewhere. */
export const TLS_OPTION_NAMES: readonly string[] = Object.keys(RULES);

/** How long the name of a protocol may be, in bytes: TLS has one for it. */
const MAX_PROTOCOL_BYTES = 255;

/**
 * Checks all of them, so that no option is passed over in silence: a server
 * whose `requestCert` is `"yes"` would let everybody in.
 *
 * @throws {TypeError} These are not options for TLS, or only half of a
 * certificate.
 * @throws {RangeError} The name of a protocol is empty, or longer than 255 bytes.
 */
export function checkTlsOptions(tls: unknown): asserts tls is TlsOptions {
  if (typeof tls !== "object" || tls === null) {
    throw new TypeError(
      `Cannot use TLS: it takes an object of options, received ${
        describe(tls)
      }`,
    );
  }
  const given = tls as Record<string, unknown>;
  for (const [name, [expected, isMet]] of Object.entries(RULES)) {
    const value = given[name];
    if (value === undefined || isMet(value)) continue;
    throw new TypeError(
      `Cannot use TLS: ${name} is ${expected}, received ${
        value === "" ? '""' : isString(value) ? "a string" : describe(value)
      }`,
    );
  }
  const { cert, key, alpnProtocols = [] } = tls as TlsOptions;
  for (const protocol of alpnProtocols) checkProtocolName(protocol);
  if ((cert === undefined) === (key === undefined)) return;
  throw new TypeError(
    "Cannot use TLS: a certificate takes both `cert` and `key`, received one",
  );
}

/**
 * @throws {TypeError} These are not options for a server's TLS. With half of a
 * certificate there is no TLS, and no connection in plain; and trust in clients
 * that are not asked for a certificate would be no check.
 * @throws {RangeError} The name of a protocol is empty, or longer than 255 bytes.
 */
export function checkServerTls(tls: unknown): asserts tls is ServerTlsOptions {
  checkTlsOptions(tls);
  if (tls.cert === undefined) {
    throw new TypeError("Cannot use TLS: a server takes both `cert` and `key`");
  }
  const { requestCert, caCerts, rejectUnauthorized } = tls as ServerTlsOptions;
  if (requestCert === true) return;
  const unused = caCerts !== undefined
    ? "caCerts"
    : rejectUnauthorized !== undefined
    ? "rejectUnauthorized"
    : undefined;
  if (unused === undefined) return;
  throw new TypeError(
    `Cannot check the certificates of clients by ${unused}: that takes requestCert: true`,
  );
}

function checkProtocolName(name: string): void {
  const { length } = new TextEncoder().encode(name);
  if (length >= 1 && length <= MAX_PROTOCOL_BYTES) return;
  throw new RangeError(
    `Cannot use TLS: the name of a protocol has 1 to ${MAX_PROTOCOL_BYTES} bytes, received ${length}`,
  );
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isArrayOfStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every(isString);
}
