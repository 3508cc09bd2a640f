import { availableParallelism, cpus, getPriority } from 'node:os';

/** The system counts in hundredths of a second: a shorter look says little. */
const shortestLook = 60;

/**
 * Looks at the machine from now until the function returned is called (and for 60 ms at least): how many cores' worth of time
 * other programs have left to this one. The load average says the same of the last minute, which is another question: it also
 * counts what this program, or the one before it, has just finished. Work of lower priority than this program's is as good as none.
 */
export function watchIdleCores(): () => Promise<number> {
  const before = reading();
  return async () => {
    const left = before.at + shortestLook - performance.now();
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
    const now = reading();
    return idleCores({
      allowed: availableParallelism(),
      processors: cpus().length || availableParallelism(),
      elapsed: now.at - before.at,
      idle: now.idle - before.idle,
      own: now.own - before.own,
    });
  };
}

/**
 * `elapsed` milliseconds went by, in which all `processors` together were idle for `idle` and this process, which may use
 * `allowed` of them, worked for `own`.
 */
export function idleCores(look: {
  allowed: number;
  processors: number;
  elapsed: number;
  idle: number;
  own: number;
}): number {
  const busy = Math.max(0, look.processors - (look.idle + look.own) / look.elapsed);
  // Not simply allowed − busy: in a container the machine has more processors than we may use.
  return look.allowed * Math.max(0, 1 - busy / look.processors);
}

function reading(): { at: number; idle: number; own: number } {
  const { user, system } = process.cpuUsage();
  const othersYield = getPriority() <= 0;
  return {
    at: performance.now(),
    idle: cpus().reduce((sum, { times }) => sum + times.idle + (othersYield ? times.nice : 0), 0),
    own: (user + system) / 1000,
  };
}
