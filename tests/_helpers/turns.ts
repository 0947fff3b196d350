/**
 * Lets everything that is ready go first: so many turns of the runtime's own
 * loop. For code outside of tasks, or that is not to be cancelled here.
 */
export async function turns(count = 3): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setTimeout(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
