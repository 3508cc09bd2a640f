import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

const main = resolve(import.meta.dirname, 'main.ts');

export interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

/** The command line as a user has it: in a process of its own. `env` is added to this process's. */
export function startTandem(
  args: readonly string[],
  { cwd, env = {} }: { cwd: string; env?: Record<string, string> },
): { child: ChildProcess; done: Promise<Outcome> } {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...process.env, ...env } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (err += data));
  return { child, done: new Promise((settle) => child.on('close', (code) => settle({ code, out, err }))) };
}
