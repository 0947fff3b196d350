/** What other programs may send on the subjects of a queue. @module */
import type { Msg } from "./client.ts";

/** Reads a message as JSON; `undefined` if it is none. */
export function jsonIn(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

/** Reads a message as a list in JSON; an empty one if it is none. */
export function listIn(message: Msg): unknown[] {
  const list = jsonIn(message);
  return Array.isArray(list) ? list : [];
}

/** Reads a message as an object in JSON; an empty one if it is none. */
export function objectIn(message: Msg): Record<string, unknown> {
  const object = jsonIn(message);
  return isObject(object) ? object : {};
}

/** Whether a value is an object or a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
