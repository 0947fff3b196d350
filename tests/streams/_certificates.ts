/**
 * A certificate authority with certificates for a server and a client, made by
 * openssl for these tests.
 *
 * @module
 */

export interface Certificate {
  cert: string;
  key: string;
  certPath: string;
  keyPath: string;
}

export interface Certificates {
  authority: Certificate;
  server: Certificate;
  client: Certificate;
  /** A client's, whose time is over. */
  expired: Certificate;
  /** For servers alone. */
  serverOnly: Certificate;
}

let made: Certificates | undefined;

/** The same ones every time. */
export function certificates(): Certificates {
  return made ??= makeCertificates();
}

/** Others, by an authority of their own. */
export function makeCertificates(): Certificates {
  return make(Deno.makeTempDirSync());
}

function make(directory: string): Certificates {
  const curve =
    "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const sign = (name: string, subject: string, extension: string) => `
    openssl req ${curve} -x509 -CA ca.crt -CAkey ca.key -subj /CN=${subject} \\
      -addext basicConstraints=critical,CA:FALSE -addext ${extension} \\
      -keyout ${name}.key -out ${name}.crt`;
  const script = `
    openssl req ${curve} -x509 -subj /CN=authority -keyout ca.key -out ca.crt
    ${sign("server", "localhost", "subjectAltName=DNS:localhost")}
    ${sign("client", "client", "extendedKeyUsage=clientAuth")}
    ${sign("server_only", "server", "extendedKeyUsage=serverAuth")}
    echo basicConstraints=critical,CA:FALSE > expired.ext
    openssl req ${curve} -subj /CN=expired -keyout expired.key -out expired.csr
    openssl x509 -req -in expired.csr -CA ca.crt -CAkey ca.key -days -1 \\
      -CAcreateserial -extfile expired.ext -out expired.crt`;
  const { success, stderr } = new Deno.Command("sh", {
    args: ["-ec", script],
    cwd: directory,
  }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const read = (name: string): Certificate => {
    const certPath = `${directory}/${name}.crt`;
    const keyPath = `${directory}/${name}.key`;
    return {
      cert: Deno.readTextFileSync(certPath),
      key: Deno.readTextFileSync(keyPath),
      certPath,
      keyPath,
    };
  };
  globalThis.addEventListener(
    "unload",
    () => Deno.removeSync(directory, { recursive: true }),
  );
  return {
    authority: read("ca"),
    server: read("server"),
    client: read("client"),
    expired: read("expired"),
    serverOnly: read("server_only"),
  };
}
