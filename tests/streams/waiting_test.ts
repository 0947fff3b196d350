import { StreamReader, type WaitOptions } from "@asyncio/asyncio/streams";
import {
  shown,
  testWaitingRules,
  type WaitCase,
} from "../_helpers/waiting_rules.ts";
import { open, WAYS } from "./_fed.ts";
import { bytes } from "./_sockets.ts";

/** What ends each of the waits, and a rest. */
const ENOUGH = bytes(`${"x".repeat(100)};--\n\0rest`);

type Read = (reader: StreamReader, options?: WaitOptions) => Promise<unknown>;

const READS: Record<string, Read> = {
  ...WAYS,
  "read(n)": (reader, options) => reader.read(10, options),
  "peek": (reader, options) => reader.peek(10, options),
  "readInto": (reader, options) => reader.readInto(new Uint8Array(5), options),
};

function caseOf(name: string, read: Read): WaitCase {
  return {
    name: `StreamReader.${name}`,
    alone: true,
    blocked() {
      const reader = new StreamReader();
      return {
        wait: (options) => read(reader, options),
        wake() {
          reader.feedData(ENOUGH);
          if (name === "read") reader.feedEof();
        },
        get waiting() {
          return Number(Deno.inspect(reader).includes('waiting: "Stream'));
        },
      };
    },
    free() {
      const reader = open("");
      reader.feedData(ENOUGH);
      reader.feedEof();
      return {
        wait: (options) => read(reader, options),
        get state() {
          return shown(reader, "buffered");
        },
      };
    },
  };
}

testWaitingRules(
  Object.entries(READS).map(([name, read]) => caseOf(name, read)),
);
