/** @module */
import type { X509Certificate } from "node:crypto";

const { createPrivateKey, X509Certificate: Certificate } = globalThis.process
  .getBuiltinModule("node:crypto");

/** The certificates in the options of TLS. */
export interface Certificates {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly caCerts?: string[] | undefined;
}

/**
 * Checks certificates and their key. `node:tls` does not: it ignores what it
 * cannot parse.
 *
 * @throws {Deno.errors.InvalidData} One cannot be parsed, or the key is of another
 * certificate.
 */
export function checkCertificates({ cert, key, caCerts }: Certificates): void {
  for (const each of caCerts ?? []) parse(each, "caCerts");
  if (cert === undefined || key === undefined) return;
  const certificate = parse(cert, "cert");
  const privateKey = attempt(
    () => createPrivateKey(key),
    "`key` is not a private key in PEM",
  );
  if (certificate.checkPrivateKey(privateKey)) return;
  throw new Deno.errors.InvalidData(
    "Cannot use the certificate: `key` is not the key of `cert`",
  );
}

function parse(pem: string, name: string): X509Certificate {
  return attempt(
    () => new Certificate(pem),
    `\`${name}\` is not a certificate in PEM`,
  );
}

function attempt<T>(parse: () => T, problem: string): T {
  try {
    return parse();
  } catch (cause) {
    throw new Deno.errors.InvalidData(
      `Cannot use the certificate: ${problem}`,
      { cause },
    );
  }
}
