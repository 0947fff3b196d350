import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Barrier,
  BoundedSemaphore,
  Event,
  type Guard,
  Lock,
  ReadWriteLock,
  Semaphore,
} from "@asyncio/asyncio/sync";
import { giveUpOne, type Wait, Waits } from "../_helpers/model.ts";
import { Random } from "../_helpers/random.ts";

interface Program {
  step(): void;
  /** Ends all waits. */
  end(): void;
}

const ENDS = ["value", "cancelled", "Aborted"];

/** Runs 200 programs of 100 steps each. */
async function check(
  make: (random: Random, waits: Waits) => Program,
  ends: string[] = ENDS,
): Promise<void> {
  const random = new Random(7_000_001);
  const waits = new Waits();
  for (let i = 0; i < 200; i++) {
    const program = make(random, waits);
    for (let step = 0; step < 100; step++) {
      program.step();
      if (random.below(5) === 0) await waits.check(false);
    }
    program.end();
    await waits.check(false);
    assertEquals(waits.pending, 0);
  }
  for (const end of ends) {
    assert((waits.outcomes[end] ?? 0) > 200, Deno.inspect(waits.outcomes));
  }
}

function dispose(wait: Wait): void {
  (wait.attempt.value as Guard | undefined)?.[Symbol.dispose]();
}

Deno.test("Lock: 20 000 random steps give what the model gives", async () => {
  await check((random, waits) => {
    const lock = new Lock();
    let holder: Wait | undefined;
    const line: Wait[] = [];
    const old: Wait[] = [];

    const passOn = () => {
      old.push(holder!);
      holder = line.shift();
      holder?.succeed();
    };
    const release = () => {
      if (holder === undefined) assertThrows(() => lock.release(), Error);
      else {
        lock.release();
        passOn();
      }
    };
    return {
      step() {
        const dice = random.below(10);
        if (dice < 4) {
          const wait = waits.begin((options) => lock.acquire(options));
          if (holder === undefined) {
            holder = wait;
            wait.succeed();
          } else line.push(wait);
        } else if (dice < 6) release();
        else if (dice < 7) {
          // The guard is in its task's hands only after a turn.
          if (holder?.attempt.value === undefined) return;
          dispose(holder);
          passOn();
        } else if (dice < 8) {
          if (old.length > 0) dispose(random.pick(old)); // has no effect
        } else giveUpOne(random, line);
        assertEquals(lock.locked, holder !== undefined);
        assertEquals(
          Deno.inspect(lock),
          `Lock { locked: ${lock.locked}, waiting: ${line.length} }`,
        );
      },
      end() {
        while (lock.locked) release();
      },
    };
  });
});

for (const Class of [Semaphore, BoundedSemaphore]) {
  Deno.test(`${Class.name}: 20 000 random steps give what the model gives`, async () => {
    await check((random, waits) => {
      const bound = random.below(4);
      const semaphore = new Class(bound);
      let value = bound;
      const line: Wait[] = [];
      const held: Wait[] = [];

      const passOn = () => {
        const next = line.shift();
        if (next === undefined) value++;
        else {
          next.succeed();
          held.push(next);
        }
      };
      return {
        step() {
          const dice = random.below(10);
          if (dice < 4) {
            const wait = waits.begin((options) => semaphore.acquire(options));
            if (value > 0) {
              value--;
              wait.succeed();
              held.push(wait);
            } else line.push(wait);
          } else if (dice < 5) {
            const guard = semaphore.tryAcquire();
            assertEquals(guard !== undefined, value > 0);
            if (guard !== undefined) value--;
          } else if (dice < 7) {
            if (Class === BoundedSemaphore && value >= bound) {
              assertThrows(() => semaphore.release(), RangeError);
            } else {
              semaphore.release();
              passOn();
            }
          } else if (dice < 8) {
            const wait = held.pop();
            if (wait?.attempt.value === undefined || value >= bound) return;
            dispose(wait);
            passOn();
            dispose(wait); // has no effect
          } else giveUpOne(random, line);
          assertEquals(semaphore.value, value);
          assertEquals(semaphore.locked, value === 0);
          assert(Deno.inspect(semaphore).includes(`waiting: ${line.length} }`));
        },
        end() {
          while (line.length > 0) giveUpOne(random, line);
        },
      };
    });
  });
}

for (const Class of [Semaphore, BoundedSemaphore]) {
  Deno.test(`${Class.name} with weights: 20 000 random steps give what the model gives`, async () => {
    await check((random, waits) => {
      let size = random.below(5);
      const semaphore = new Class(size);
      let taken = 0;
      const line: (Wait & { permits: number })[] = [];
      const held: { guard: () => Guard | undefined; permits: number }[] = [];

      const admit = () => {
        while (line.length > 0 && line[0]!.permits <= size - taken) {
          const wait = line.shift()!;
          enter(wait);
        }
      };
      const enter = (wait: Wait & { permits: number }) => {
        wait.succeed();
        taken += wait.permits;
        held.push({
          guard: () => wait.attempt.value as Guard | undefined,
          permits: wait.permits,
        });
      };
      return {
        step() {
          const permits = 1 + random.below(3);
          const dice = random.below(10);
          if (dice < 4) {
            const wait = Object.assign(
              waits.begin((options) =>
                semaphore.acquire({ ...options, permits })
              ),
              { permits },
            );
            line.push(wait);
            if (line.length === 1) admit();
          } else if (dice < 5) {
            const guard = semaphore.tryAcquire(permits);
            const fits = line.length === 0 && permits <= size - taken;
            assertEquals(guard !== undefined, fits);
            if (!fits) return;
            taken += permits;
            held.push({ guard: () => guard, permits });
          } else if (dice < 7) {
            const i = random.below(held.length || 1);
            const guard = held[i]?.guard();
            if (guard === undefined) return;
            guard.release();
            guard.release(); // has no effect
            taken -= held.splice(i, 1)[0]!.permits;
            admit();
          } else if (dice < 8) {
            semaphore.resize(size = random.below(6));
            admit();
          } else {
            giveUpOne(random, line);
            admit();
          }
          assertEquals(semaphore.value, Math.max(size - taken, 0));
          assertEquals(semaphore.locked, size - taken < 1 || line.length > 0);
          assert(Deno.inspect(semaphore).includes(`waiting: ${line.length} }`));
        },
        end() {
          while (line.length > 0) {
            giveUpOne(random, line);
            admit();
          }
        },
      };
    });
  });
}

Deno.test("ReadWriteLock: 20 000 random steps give what the model gives", async () => {
  await check((random, waits) => {
    const lock = new ReadWriteLock();
    let readers = 0;
    let writing = false;
    const line: (Wait & { writes: boolean })[] = [];
    const held: { guard: () => Guard | undefined; writes: boolean }[] = [];

    const admit = () => {
      while (line.length > 0 && !writing) {
        if (line[0]!.writes && readers > 0) return;
        const wait = line.shift()!;
        const { writes } = wait;
        wait.succeed();
        if (writes) writing = true;
        else readers++;
        const guard = () => wait.attempt.value as Guard | undefined;
        held.push({ guard, writes });
      }
    };
    return {
      step() {
        const dice = random.below(10);
        if (dice < 5) {
          const writes = random.below(3) === 0;
          const wait = waits.begin((options) =>
            writes ? lock.write(options) : lock.read(options)
          );
          line.push(Object.assign(wait, { writes }));
          admit();
        } else if (dice < 8) {
          const i = random.below(held.length || 1);
          const guard = held[i]?.guard();
          if (guard === undefined) return;
          const { writes } = held.splice(i, 1)[0]!;
          if (writes) writing = false;
          else readers--;
          if (writes && random.below(2) === 0) {
            const reading = (guard as Guard & { downgrade(): Guard })
              .downgrade();
            readers++;
            held.push({ guard: () => reading, writes: false });
          } else guard.release();
          guard.release(); // has no effect
          admit();
        } else {
          giveUpOne(random, line);
          admit();
        }
        assertEquals(
          Deno.inspect(lock),
          `ReadWriteLock { readers: ${readers}, writing: ${writing}, waiting: ${line.length} }`,
        );
      },
      end() {
        while (line.length > 0) {
          giveUpOne(random, line);
          admit();
        }
      },
    };
  });
});

Deno.test("Event: 20 000 random steps give what the model gives", async () => {
  await check((random, waits) => {
    const event = new Event();
    let isSet = false;
    const line: Wait[] = [];

    const set = () => {
      event.set();
      isSet = true;
      for (const wait of line.splice(0)) wait.succeed();
    };
    return {
      step() {
        const dice = random.below(10);
        if (dice < 5) {
          const wait = waits.begin((options) => event.wait(options));
          if (isSet) wait.succeed();
          else line.push(wait);
        } else if (dice < 6) set();
        else if (dice < 8) {
          event.clear();
          isSet = false;
        } else giveUpOne(random, line);
        assertEquals(event.isSet, isSet);
        assert(Deno.inspect(event).includes(`waiting: ${line.length} }`));
      },
      end: set,
    };
  });
});

Deno.test("Barrier: 20 000 random steps give what the model gives", async () => {
  await check((random, waits) => {
    const parties = 1 + random.below(5);
    const barrier = new Barrier(parties);
    let broken = false;
    const line: Wait[] = [];
    const rounds: Wait[][] = [];

    const breakAll = () => {
      for (const wait of line.splice(0)) wait.expected = "BrokenBarrierError";
    };
    return {
      step() {
        const dice = random.below(20);
        if (dice < 14) {
          const wait = waits.begin((options) => barrier.wait(options));
          if (broken) wait.expected = "BrokenBarrierError";
          else if (line.push(wait) === parties) {
            for (const it of line) it.succeed();
            rounds.push(line.splice(0));
          }
        } else if (dice < 15) {
          void barrier.reset();
          broken = false;
          breakAll();
        } else if (random.below(8) === 0) {
          void barrier.abort();
          broken = true;
          breakAll();
        } else giveUpOne(random, line);
        assertEquals(barrier.waiting, line.length);
        assertEquals(barrier.broken, broken);
        for (const round of rounds) {
          if (round.some((it) => it.attempt.value === undefined)) continue;
          assertEquals(
            round.map((it) => it.attempt.value),
            round.map((_, number) => number),
          );
        }
      },
      end() {
        void barrier.abort();
        breakAll();
      },
    };
  }, [...ENDS, "BrokenBarrierError"]);
});
