import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';

/** Runs one side of a measurement and parses each line of its output that is JSON. @throws where it does not end with 0. */
export async function jsonLines(
  command: string,
  words: readonly string[],
): Promise<Record<string, unknown>[]> {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: Record<string, unknown>[] = [];
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith('{')) lines.push(JSON.parse(line));
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.on('exit', resolve)));
  if (code !== 0) throw new Error(`${basename(command)} ${words[0]} ended with ${code}.`);
  return lines;
}
