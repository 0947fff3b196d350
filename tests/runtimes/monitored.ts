/** Asks for a monitor. @module */
import { run } from "../../tasks/mod.ts";

const outcome = await run(() => Promise.resolve("it ran"), { monitor: true })
  .catch(String);
console.log(outcome);
