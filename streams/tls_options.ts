/** @module */

/** How the client of a TLS connection presents itself, and whom it trusts. */
export interface TlsOptions {
  /** Certificates to trust beside the usual ones, as PEM. */
  caCerts?: string[] | undefined;
  /** The protocols offered (ALPN), the preferred one first. */
  alpnProtocols?: string[] | undefined;
  /**
   * The name that the server's certificate has to be for; the host connected to
   * unless given.
   */
  serverName?: string | undefined;
  /** The client's own certificate, as PEM; with {@linkcode TlsOptions.key}. */
  cert?: string | undefined;
  /** The key of {@linkcode TlsOptions.cert}, as PEM. */
  key?: string | undefined;
}
