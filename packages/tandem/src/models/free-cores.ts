import { availableParallelism, cpus } from 'node:os';

/** A shorter interval says little: the system counts in hundredths of a second. */
const shortestLook = 200;

/** Milliseconds: of the clock, of all processors without work, of this process's work. */
interface Reading {
  at: number;
  idle: number;
  own: number;
}

/**
 * How many of this machine's cores other programs leave free, from what passed since it was last asked.
 *
 * llama.cpp's threads wait for each other by spinning, hundreds of times for a token. When another program holds one of the
 * cores, each of those waits lasts until the system gives the core back, and a token takes seconds instead of
 * milliseconds. One thread waits for no other; and the number of threads does not change the result.
 */
export class FreeCores {
  readonly #now: () => number;
  readonly #read: () => Reading;
  #last: Reading;
  #free = Number.POSITIVE_INFINITY;

  /** Reads this machine's clocks, unless a test gives others. */
  constructor(clocks: { now: () => number; read: () => Reading } = { now: () => performance.now(), read }) {
    this.#now = clocks.now;
    this.#read = clocks.read;
    this.#last = clocks.read();
  }

  /** A whole number from 1 to `cores`, of which the caller may use all. */
  count(cores: number): number {
    if (this.#now() - this.#last.at >= shortestLook) {
      const now = this.#read();
      this.#free = freeCores({
        cores,
        processors: cpus().length || availableParallelism(),
        elapsed: now.at - this.#last.at,
        idle: now.idle - this.#last.idle,
        own: now.own - this.#last.own,
      });
      this.#last = now;
    }
    return Math.min(cores, this.#free);
  }
}

/**
 * `elapsed` milliseconds went by, in which all `processors` together were idle for `idle` and this process worked for
 * `own`. Less than half a processor's work by others is taken for the noise of a working machine.
 */
export function freeCores(look: {
  cores: number;
  processors: number;
  elapsed: number;
  idle: number;
  own: number;
}): number {
  const others = Math.max(0, look.processors - (look.idle + look.own) / look.elapsed);
  // Not simply cores − others: in a container the machine has more processors than we may use.
  const free = look.cores * (1 - others / look.processors);
  return Math.max(1, Math.min(look.cores, Math.floor(free + 0.5)));
}

function read(): Reading {
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now(),
    idle: cpus().reduce((sum, { times }) => sum + times.idle, 0),
    own: (user + system) / 1000,
  };
}
