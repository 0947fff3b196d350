/** @module */
import { describe, type WaitOptions } from "../tasks/kernel/types.ts";

/** How the client of a TLS connection presents itself, and whom it trusts. */
export interface TlsOptions {
  /** Certificates to trust beside the usual ones, as PEM. */
  caCerts?: string[] | undefined;
  /** The protocols offered (ALPN), the preferred one first. */
  alpnProtocols?: string[] | undefined;
  /**
   * The name that the server's certificate has to be for; the host connected to
   * unless given, and `"localhost"` with `path`.
   */
  serverName?: string | undefined;
  /** The client's own certificate, as PEM; with {@linkcode TlsOptions.key}. */
  cert?: string | undefined;
  /** The key of {@linkcode TlsOptions.cert}, as PEM. */
  key?: string | undefined;
  /**
   * Whether `getExtraInfo` tells the server's certificate and the cipher
   * (`"peercert"`, `"cipher"`); false unless given. They are known to `node:tls`
   * alone, which takes more time than the runtime's own TLS.
   */
  peerCertificate?: boolean | undefined;
}

/** How the server of a TLS connection presents itself, and whom it lets in. */
export interface ServerTlsOptions {
  /** The certificate, with those between it and the root, as PEM. */
  cert: string;
  /** The key of the certificate, as PEM. */
  key: string;
  /** The protocols spoken (ALPN), the preferred one first. */
  alpnProtocols?: string[] | undefined;
  /**
   * Whether clients have to show a certificate; false unless given. Then
   * `getExtraInfo("peercert")` tells whose it is. One who shows none, or one
   * that is not trusted, is dropped in the handshake. (With TLS 1.3 a client
   * notices at its first read.)
   */
  requestCert?: boolean | undefined;
  /**
   * With `requestCert`: those who sign the certificates of clients, as PEM; the
   * usual ones unless given.
   */
  caCerts?: string[] | undefined;
  /**
   * With `requestCert`: `false` lets all clients in. Whether the certificate of
   * one is trusted, is `authorized` of `"peercert"` then.
   */
  rejectUnauthorized?: boolean | undefined;
}

/** How `StreamWriter.startTls` encrypts a connection. */
export type StartTlsOptions =
  & (TlsOptions | ServerTlsOptions)
  & WaitOptions
  & {
    /**
     * How long the handshake may take, in milliseconds: 60 000 unless given.
     */
    handshakeTimeout?: number | undefined;
  };

/**
 * @throws {TypeError} These are no options for TLS, or only half of a
 * certificate.
 */
export function checkTlsOptions(tls: unknown): asserts tls is TlsOptions {
  if (typeof tls !== "object" || tls === null) {
    throw new TypeError(`expected options for TLS, found ${describe(tls)}`);
  }
  const { cert, key } = tls as TlsOptions;
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError("a certificate takes both `cert` and `key`, found one");
  }
}

/**
 * @throws {TypeError} These are no options for a server's TLS. With half of a
 * certificate there is no TLS, and no connection in plain; and trust in clients
 * that are not asked for a certificate would be no check.
 */
export function checkServerTls(tls: unknown): asserts tls is ServerTlsOptions {
  checkTlsOptions(tls);
  if (typeof tls.cert !== "string" || typeof tls.key !== "string") {
    throw new TypeError("the TLS of a server takes both `cert` and `key`");
  }
  const { requestCert, caCerts, rejectUnauthorized } = tls as ServerTlsOptions;
  if (requestCert === true) return;
  const idle = caCerts !== undefined
    ? "caCerts"
    : rejectUnauthorized !== undefined
    ? "rejectUnauthorized"
    : undefined;
  if (idle === undefined) return;
  throw new TypeError(
    `Cannot check the certificates of clients by ${idle}: that takes requestCert: true`,
  );
}
