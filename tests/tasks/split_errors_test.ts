import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { splitErrors, taskGroup } from "@asyncio/asyncio/tasks";

class Refused extends Error {}
class Busy extends Refused {}

const [a, b, c, d] = [
  new Refused("a"),
  new TypeError("b"),
  new Busy("c"),
  new RangeError("d"),
];

/** Messages, nested as the errors are. */
function shape(error: unknown): unknown {
  return error instanceof AggregateError
    ? [error.message, error.errors.map(shape)]
    : error === undefined
    ? undefined
    : (error as Error).message;
}

Deno.test("splitErrors takes the errors of a kind, and its subclasses, out of groups in groups, in order", () => {
  const inner = new AggregateError([c, d], "inner");
  const { matched, rest } = splitErrors(
    new AggregateError([a, inner, b], "outer"),
    Refused,
  );
  assertEquals(matched, [a, c]);
  assertEquals(shape(rest), ["outer", [["inner", ["d"]], "b"]]);
});

Deno.test("groups that have nothing left are left out", () => {
  const inner = new AggregateError([a, c], "inner");
  const error = new AggregateError([inner, b], "outer");
  const { matched, rest } = splitErrors(error, Refused);
  assertEquals(matched, [a, c]);
  assertEquals(shape(rest), ["outer", ["b"]]);
  assertEquals(
    splitErrors(new AggregateError([inner], "outer"), Refused).rest,
    undefined,
  );
});

Deno.test("where nothing matches, rest is the very group; also a group in it that is whole", () => {
  const inner = new AggregateError([b, d], "inner");
  const error = new AggregateError([inner, a], "outer");
  assert(splitErrors(inner, Refused).rest === inner);
  const { rest } = splitErrors(error, Refused);
  assert((rest as AggregateError).errors[0] === inner);
});

Deno.test("an error that is no group is matched, or is the rest itself", () => {
  assertEquals(splitErrors(a, Refused), { matched: [a], rest: undefined });
  const { matched, rest } = splitErrors(b, Refused);
  assert(matched.length === 0 && rest === b);
  assertEquals(splitErrors("text", Refused).rest, "text");
});

Deno.test("rest keeps the cause and the stack of the group", () => {
  const group = new AggregateError([a, b], "outer", { cause: d });
  const rest = splitErrors(group, Refused).rest as AggregateError;
  assertEquals([rest.cause, rest.stack], [d, group.stack]);
  assert(
    !("cause" in (splitErrors(
      new AggregateError([a, b]),
      Refused,
    ).rest as object)),
  );
});

Deno.test("what was thrown and is no error stays in the rest", () => {
  const thrown = [a, "text", undefined, 1];
  const { rest } = splitErrors(new AggregateError(thrown), Refused);
  assertEquals((rest as AggregateError).errors, ["text", undefined, 1]);
});

Deno.test("with Error all errors are matched, flat; with AggregateError the groups themselves", () => {
  const inner = new AggregateError([c], "inner");
  const error = new AggregateError([a, inner, b], "outer");
  assertEquals(splitErrors(error, Error).matched, [a, c, b]);
  assertEquals(splitErrors(error, AggregateError), {
    matched: [error],
    rest: undefined,
  });
});

Deno.test("splitErrors takes what a taskGroup throws", async () => {
  const error = await assertRejects(() =>
    taskGroup((group) => {
      group.createTask(() => Promise.reject(a));
      group.createTask(() => Promise.reject(b));
    })
  );
  const { matched, rest } = splitErrors(error, Refused);
  assertEquals(matched, [a]);
  assertEquals(shape(rest), [(error as Error).message, ["b"]].slice(0, 2));
});

Deno.test("splitErrors refuses what is no class", () => {
  assertThrows(() => splitErrors(a, "Refused" as never), TypeError);
});

Deno.test("splitErrors: a group that contains itself is looked at once", () => {
  const ring = new AggregateError([a], "ring");
  const inner = new AggregateError([d, ring], "inner");
  ring.errors.push(inner, b, ring);
  const { matched, rest } = splitErrors(ring, Refused);
  assertEquals(matched, [a]);
  assertEquals(shape(rest), ["ring", [["inner", ["d"]], "b"]]);
  class Missing extends Error {}
  assertStrictEquals(splitErrors(ring, Missing).rest, ring);
});

Deno.test("splitErrors: groups may be nested ten thousand deep", () => {
  let error = new AggregateError([a, b]);
  for (let i = 0; i < 10_000; i++) error = new AggregateError([error]);
  const { matched, rest } = splitErrors(error, Refused);
  assertEquals(matched, [a]);
  let innermost = rest;
  while (innermost instanceof AggregateError) innermost = innermost.errors[0];
  assertStrictEquals(innermost, b);
});
