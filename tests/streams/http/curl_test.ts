import { assertEquals } from "@std/assert";
import { sleep } from "@asyncio/asyncio/tasks";
import { isCancelled } from "@asyncio/asyncio/tasks";
import { certificates } from "../_certificates.ts";
import { outputOf, testWith } from "../_programs.ts";
import { portOf, serving, urlOf } from "./_http.ts";

const PROTOCOLS: Record<string, string[]> = {
  "HTTP/1.1": ["--http1.1"],
  "HTTP/2": ["--http2-prior-knowledge"],
};

function curl(...args: string[]): Promise<string> {
  return outputOf("curl", ["--silent", "--show-error", ...args]);
}

/** A curl that can be killed. */
function spawnCurl(args: string[]): Deno.ChildProcess {
  return new Deno.Command("curl", {
    args: ["--silent", ...args],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

async function kill(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await child.status;
  await child.stdin.close().catch(() => {});
}

for (const [protocol, flags] of Object.entries(PROTOCOLS)) {
  testWith(["curl"], `curl gets and posts over ${protocol}`, async () => {
    await using server = await serving(async (request) => {
      await sleep(0);
      return new Response(`${request.method} ${await request.text()}`);
    });
    assertEquals(await curl(...flags, urlOf(server)), "GET ");
    const post = [...flags, "--data-binary", "@-", urlOf(server)];
    const answer = await outputOf(
      "curl",
      ["--silent", ...post],
      "x".repeat(200_000),
    );
    assertEquals(answer, `POST ${"x".repeat(200_000)}`);
  });

  testWith(
    ["curl"],
    `a curl that is killed cancels its handler, over ${protocol}`,
    async () => {
      const begun = Promise.withResolvers<void>();
      const ended = Promise.withResolvers<unknown>();
      await using server = await serving(async () => {
        begun.resolve();
        await sleep(60_000).catch(ended.resolve);
        return new Response();
      });
      const child = spawnCurl([...flags, urlOf(server)]);
      await begun.promise;
      await kill(child);
      assertEquals(isCancelled(await ended.promise), true);
    },
  );

  testWith(
    ["curl"],
    `a curl that is killed ends the body it takes, over ${protocol}`,
    async () => {
      const begun = Promise.withResolvers<void>();
      const ended = Promise.withResolvers<unknown>();
      async function* chunks() {
        try {
          yield new Uint8Array(10);
          begun.resolve();
          await sleep(60_000);
        } catch (error) {
          ended.resolve(error);
          throw error;
        }
      }
      await using server = await serving(() =>
        new Response(ReadableStream.from(chunks()))
      );
      const child = spawnCurl([...flags, "--no-buffer", urlOf(server)]);
      await begun.promise;
      await kill(child);
      assertEquals(isCancelled(await ended.promise), true);
    },
  );

  testWith(
    ["curl"],
    `a curl that is killed in an upload ends the read of it, over ${protocol}`,
    async () => {
      const begun = Promise.withResolvers<void>();
      const ended = Promise.withResolvers<unknown>();
      await using server = await serving(async (request) => {
        try {
          for await (const _ of request.body!) begun.resolve();
        } catch (error) {
          ended.resolve(error);
          throw error;
        }
        return new Response();
      });
      const child = spawnCurl([...flags, "--upload-file", ".", urlOf(server)]);
      const stdin = child.stdin.getWriter();
      await stdin.write(new Uint8Array(1000));
      await begun.promise;
      stdin.releaseLock();
      await kill(child);
      assertEquals(await ended.promise instanceof Error, true);
    },
  );
}

for (const isInherited of [false, true]) {
  testWith(
    ["curl", "openssl"],
    `curl speaks HTTP/2 over TLS, and sees the certificate, ${
      isInherited ? "inherited" : "own"
    }`,
    async () => {
      const { server: { cert, key }, authority } = certificates();
      const tls = { cert, key };
      await using server = await serving(
        (request) => new Response(new URL(request.url).protocol),
        { tls: isInherited ? Object.create(tls) : tls },
      );
      const url = `https://localhost:${portOf(server)}/`;
      const resolve = `localhost:${portOf(server)}:127.0.0.1`;
      const args = ["--cacert", authority.certPath, "--resolve", resolve];
      const format = " %{http_version}";
      assertEquals(await curl(...args, "--write-out", format, url), "https: 2");
    },
  );
}
