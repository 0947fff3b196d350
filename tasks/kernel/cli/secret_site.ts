/** A web page for one user, and the requests of its script. @module */

/** The page, and where it is served. */
export interface SecretSite {
  readonly hostname: string;
  readonly port: number;
  /** Called with the address of the page, once it is served. */
  listening(address: string): void;
  /** The page; its scripts and styles carry the nonce. */
  page(nonce: string): string;
  /** Answers a request of the page's script. */
  handle(request: Request, pathname: string): Promise<Response>;
}

/**
 * Serves a page. Only requests with the secret in its address are answered:
 * other programs and pages on this machine do not know it.
 */
export function serveSecretSite(
  { listening, page, handle, ...where }: SecretSite,
): Deno.HttpServer {
  const secret = crypto.randomUUID();
  return Deno.serve({
    ...where,
    onListen({ hostname, port }) {
      const host = hostname.includes(":") ? `[${hostname}]` : hostname;
      listening(`http://${host}:${port}/?secret=${secret}`);
    },
    onError: (error) => answer(String(error), 500),
  }, async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (request.method === "GET" && pathname === "/") {
      return searchParams.get("secret") === secret
        ? showPage(page)
        : forbidden();
    }
    // A header that only a script of this page can send.
    return request.headers.get("x-secret") === secret
      ? await handle(request, pathname)
      : forbidden();
  });
}

/** Returns a response of plain text. */
export function answer(text: string, status: number): Response {
  return new Response(text, { status });
}

function forbidden(): Response {
  return answer("open the address that was printed", 403);
}

function showPage(page: (nonce: string) => string): Response {
  const nonce = crypto.randomUUID();
  return new Response(page(nonce), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy":
        `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'`,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    },
  });
}
