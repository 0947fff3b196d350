/**
 * How long it takes until code goes on that a cancel has struck.
 *
 * @module
 */

/** What wants to know that it has. */
export interface Landing {
  land(): void;
}

const settled = Promise.resolve();
let aloft: Landing[] = [];

/**
 * Calls `landing.land()` after as many microtasks as a rejection needs to come
 * through a `then` to the code that awaits. Those of one moment share them.
 */
export function launch(landing: Landing): void {
  if (aloft.push(landing) === 1) settled.then(flyOn);
}

function flyOn(): void {
  const landings = aloft;
  aloft = [];
  settled.then(() => {}).then(() => {
    for (const landing of landings) landing.land();
  });
}
