#!/usr/bin/env bash
# parse-multipart-data 1.5.0: an upload whose file name has a ";" or "=" in it
# throws a SyntaxError of JSON.parse()
#
# A good guess: The name of a file in double quotes may be any text, and the
# parts of a body that every browser sends are read.
#
# What happens: The header is split at each ";" and "=", in quotes too, and the
# pieces are put together as JSON, which has no end then: parse() throws, and
# none of the other parts is returned. busboy 1.6.0 reads the names.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  parse-multipart-data@1.5.0 busboy@1.6.0

cat >probe.mjs <<'CODE'
import busboy from "busboy";
import multipart from "parse-multipart-data";

for (const name of ["a b.txt", "a: b.txt", "a; b.txt", "a=b.txt"]) {
  const form = new FormData();
  form.append("file", new Blob(["x"]), name);
  const response = new Response(form);
  const type = response.headers.get("content-type");
  const body = Buffer.from(await response.arrayBuffer());
  const parser = busboy({ headers: { "content-type": type } });
  parser.on("file", (_, file, { filename }) => {
    file.resume();
    console.log(`busboy: ${filename}`);
  });
  parser.end(body);
  let outcome;
  try {
    outcome = multipart.parse(body, multipart.getBoundary(type))[0].filename;
  } catch (error) {
    outcome = `${error.name} for ${name}`;
  }
  console.log(`parse-multipart-data: ${outcome}`);
}
CODE

cat >expected <<'TEXT'
busboy: a b.txt
parse-multipart-data: a b.txt
busboy: a: b.txt
parse-multipart-data: a: b.txt
busboy: a; b.txt
parse-multipart-data: SyntaxError for a; b.txt
busboy: a=b.txt
parse-multipart-data: SyntaxError for a=b.txt
TEXT

node probe.mjs | tee seen
diff expected seen
