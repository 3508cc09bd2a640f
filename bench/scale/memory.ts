import { readFileSync } from 'node:fs';

/** Most memory that a process ever held, in bytes (`VmHWM`, Linux). */
export function peakMemory(pid: number | 'self' = 'self'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) * 1024;
}
