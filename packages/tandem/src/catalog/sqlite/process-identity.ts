import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Names this process so that another one can later tell whether it still runs. */
export function processIdentity(): string {
  return JSON.stringify({ pid: process.pid, host: hostname(), started: startTicks(process.pid) });
}

/** False only when the process named by `identity` is surely gone; a process of another host cannot be checked. */
export function mayStillRun(identity: string): boolean {
  const { pid, host, started } = JSON.parse(identity) as { pid: number; host: string; started?: string };
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // The number may have been given to another process since: Linux says when it started.
  return started === undefined || startTicks(pid) === started;
}

/** Field 22 of /proc/PID/stat (proc(5)), in clock ticks after boot. Undefined where there is no /proc. */
function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses and may itself hold spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
