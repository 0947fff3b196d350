#!/usr/bin/env bash
# modern-tar 0.8.6, nanotar 0.3.0, tar-stream 3.2.2, it-tar 6.0.6: a sparse file
# comes out with other contents
#
# A good guess: `tar --sparse` leaves out the parts of a file that are all zeros,
# as backups of disk images and databases do. A reader puts them back, or says
# that it cannot.
#
# What happens: All four give the pieces that are stored, one after the other,
# and no error. With the format of GNU tar modern-tar calls that an ordinary
# file; the others give a type that is unknown to them ("gnuSparseFile", null,
# undefined), which is all that tells. With the format of POSIX all four give an
# ordinary file with another name, which begins with the list of the pieces.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  modern-tar@0.8.6 nanotar@0.3.0 tar-stream@3.2.2 it-tar@6.0.6

# A megabyte of zeros, and five bytes.
truncate -s 1M image
printf 'tail\n' >>image
tar --format=gnu --sparse -cf gnu.tar image
tar --format=posix --sparse -cf posix.tar image

cat >probe.mjs <<'CODE'
import { extract as itTar } from "it-tar";
import { unpackTar } from "modern-tar";
import { parseTar } from "nanotar";
import { readFileSync } from "node:fs";
import tarStream from "tar-stream";

const readers = {
  "modern-tar 0.8.6": async (bytes) => {
    const [{ header, data }] = await unpackTar(bytes);
    return [header.name, header.type, data.length];
  },
  "nanotar 0.3.0": (bytes) => {
    const [{ name, type, data }] = parseTar(bytes);
    return [name, type, data.length];
  },
  "tar-stream 3.2.2": (bytes) =>
    new Promise((done, failed) => {
      const extract = tarStream.extract();
      extract.on("entry", async ({ name, type }, body) => {
        let length = 0;
        for await (const chunk of body) length += chunk.length;
        done([name, type, length]);
      });
      extract.on("error", failed);
      extract.end(bytes);
    }),
  "it-tar 6.0.6": async (bytes) => {
    for await (const { header, body } of itTar()([bytes])) {
      let length = 0;
      for await (const chunk of body) length += chunk.byteLength;
      return [header.name, header.type, length];
    }
  },
};
console.log(`stored: image, file, ${readFileSync("image").length} bytes`);
for (const format of ["gnu", "posix"]) {
  for (const [reader, read] of Object.entries(readers)) {
    const [name, type, length] = await read(readFileSync(`${format}.tar`));
    // The name has the number of a process.
    console.log(`${format}, ${reader}: ${name.replace(/\d+/, "N")}, ${type}, ${length < 2 ** 20 ? "the pieces alone" : `${length} bytes`}`);
  }
}
CODE

cat >expected <<'TEXT'
stored: image, file, 1048581 bytes
gnu, modern-tar 0.8.6: image, file, the pieces alone
gnu, nanotar 0.3.0: image, gnuSparseFile, the pieces alone
gnu, tar-stream 3.2.2: image, null, the pieces alone
gnu, it-tar 6.0.6: image, undefined, the pieces alone
posix, modern-tar 0.8.6: ./GNUSparseFile.N/image, file, the pieces alone
posix, nanotar 0.3.0: ./GNUSparseFile.N/image, file, the pieces alone
posix, tar-stream 3.2.2: ./GNUSparseFile.N/image, file, the pieces alone
posix, it-tar 6.0.6: ./GNUSparseFile.N/image, file, the pieces alone
TEXT

node probe.mjs | tee seen
diff expected seen
