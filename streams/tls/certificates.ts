/** @module */
import type { X509Certificate } from "node:crypto";

const { createPrivateKey, X509Certificate: Certificate } = globalThis.process
  .getBuiltinModule("node:crypto");

/** Certificates as options have them. */
export interface Certificates {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly caCerts?: string[] | undefined;
}

/**
 * Checks what `node:tls` takes without a look, and then does without: a
 * certificate that is none, a key of another one, nobody to trust.
 *
 * @throws {Deno.errors.InvalidData} What is wrong with them.
 */
export function checkCertificates({ cert, key, caCerts }: Certificates): void {
  for (const each of caCerts ?? []) parse(each, "caCerts");
  if (cert === undefined || key === undefined) return;
  const certificate = parse(cert, "cert");
  const privateKey = attempt(
    () => createPrivateKey(key),
    "`key` is no private key in PEM",
  );
  if (certificate.checkPrivateKey(privateKey)) return;
  throw new Deno.errors.InvalidData(
    "Cannot use the certificate: `key` is not the key of `cert`",
  );
}

function parse(pem: string, name: string): X509Certificate {
  return attempt(
    () => new Certificate(pem),
    `\`${name}\` is no certificate in PEM`,
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
