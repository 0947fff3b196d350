/** @module */
import type { WaitOptions } from "../tasks/kernel/types.ts";

/** The options of a TLS client: what it shows, and which certificates it trusts. */
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

/**
 * The options of a TLS server: what it shows, and which clients it lets in.
 *
 * @example Clients known by their certificates
 * ```ts
 * import { startServer } from "@asyncio/asyncio/streams";
 *
 * function greetKnownClients(cert: string, key: string, authority: string) {
 *   return startServer((_reader, writer) => {
 *     const { subject } = writer.getExtraInfo("peercert") as {
 *       subject: { CN: string };
 *     };
 *     writer.write(`hello, ${subject.CN}\n`);
 *     writer.close();
 *   }, { port: 0, tls: { cert, key, requestCert: true, caCerts: [authority] } });
 * }
 * console.log(greetKnownClients.name);
 * ```
 */
export interface ServerTlsOptions {
  /** The certificate, with those between it and the root, as PEM. */
  cert: string;
  /** The key of the certificate, as PEM. */
  key: string;
  /** The protocols spoken (ALPN), the preferred one first. */
  alpnProtocols?: string[] | undefined;
  /**
   * Whether clients have to show a certificate; false unless given. Then
   * `getExtraInfo("peercert")` tells whose it is. A client without one, or with
   * one that is expired or not trusted, is dropped in the handshake. (With TLS 1.3
   * it notices at its first read.)
   */
  requestCert?: boolean | undefined;
  /**
   * With `requestCert`: the authorities that sign the certificates of clients, as
   * PEM. Without them no certificate is trusted.
   */
  caCerts?: string[] | undefined;
  /**
   * With `requestCert`: `false` lets all clients in, those without a certificate
   * as well. `authorized` of `"peercert"` tells whether it is trusted.
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
