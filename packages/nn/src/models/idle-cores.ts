import { availableParallelism, cpus, getPriority } from 'node:os';

/** In milliseconds. The system counts in hundredths of a second: a shorter measurement says little. */
const shortestMeasurement = 60;

/**
 * Measures from now until the returned function is called (and for 60 ms at least): how many cores other programs have
 * left to this one. The load average would answer another question: it is about the last minute, and also counts work
 * of this program, and of others, that has just ended. Work of lower priority than this program's is ignored.
 */
export function measureIdleCores(): () => Promise<number> {
  const before = readCpuTimes();
  return async () => {
    const left = before.at + shortestMeasurement - performance.now();
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
    const now = readCpuTimes();
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
 * In `elapsed` milliseconds, all `processors` together were idle for `idle` milliseconds, and this process, which may
 * use `allowed` of them, worked for `own`.
 */
export function idleCores(look: {
  allowed: number;
  processors: number;
  elapsed: number;
  idle: number;
  own: number;
}): number {
  const busy = Math.max(0, look.processors - (look.idle + look.own) / look.elapsed);
  // Not simply allowed − busy: in a container the machine may have more processors than this process may use.
  return look.allowed * Math.max(0, 1 - busy / look.processors);
}

function readCpuTimes(): { at: number; idle: number; own: number } {
  const { user, system } = process.cpuUsage();
  const othersYield = getPriority() <= 0;
  return {
    at: performance.now(),
    idle: cpus().reduce((sum, { times }) => sum + times.idle + (othersYield ? times.nice : 0), 0),
    own: (user + system) / 1000,
  };
}
