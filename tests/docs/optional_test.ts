import { assert, assertEquals } from "@std/assert";
import { publicCallables } from "./_public_names.ts";

const callables = [...await publicCallables()];

Deno.test("deno doc shows every parameter that has a default as optional", () => {
  assert(callables.length > 200, `${callables.length}`);
  const required = callables.flatMap(([name, overloads]) =>
    overloads.flatMap(({ params = [] }) =>
      params.filter(({ kind }) => kind === "assign")
        .map(({ left }) => `${name}: ${left!.name}`)
    )
  );
  assertEquals(required, []);
});
