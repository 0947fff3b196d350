/** @module */
import { keyOf, propertyOf } from "./private_property.ts";

/** What the runtime keeps in a response, of which only this is looked at. */
interface Inner {
  readonly body?: { readonly streamOrStatic?: unknown } | null | undefined;
}

/** Where the runtime keeps it, and what stands behind a stream of its own. */
interface Keys {
  readonly inner: symbol | undefined;
  readonly resource: symbol | undefined;
}

let keys: Keys | undefined;

/**
 * The body of a response that is made by JavaScript code while it is sent;
 * `undefined` for text, bytes, and the streams of files and of `fetch`, which
 * the runtime sends without running any code.
 *
 * Asking for `response.body` would turn text into a stream, which takes as long
 * as a small request, and changes how it is sent. So this looks at where the
 * runtime keeps the body. In a runtime that keeps it elsewhere, no body is
 * known to be streamed: it is sent as `Deno.serve` sends it.
 */
export function streamedBody(
  response: Response,
): ReadableStream<Uint8Array> | undefined {
  const { inner, resource } = keys ??= findKeys();
  const kept = propertyOf(response, inner) as Inner | undefined;
  const body = kept?.body?.streamOrStatic;
  if (!(body instanceof ReadableStream) || body.locked) return undefined;
  // What `fetch` got is decoded already, and its headers do not say so.
  if (response.type !== "default" || response.bodyUsed) return undefined;
  return propertyOf(body, resource) == null ? body : undefined;
}

function findKeys(): Keys {
  return {
    inner: keyOf(new Response(), "response"),
    resource: keyOf(new ReadableStream(), "[[resourceBacking]]"),
  };
}
