import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checks } from '../../packages/tandem/src/dataset/lint/checks.ts';
import { lintDataset } from '../../packages/tandem/src/dataset/lint/lint-dataset.ts';
import { createTandem } from '../../packages/tandem/src/index.ts';
import { createRandom, shuffled } from '../../packages/tandem/src/statistics/random.ts';
import { type RealEntry, realEntries } from './real.ts';

const embedded = 600;

/** So many findings of one check are kept, drawn by the seed. What is counted (tokens) needs less reading than what is judged. */
const mostOfCheck = 80;
const mostOfCounted = 15;

/** Lints real entries as they are, a file for each set, and writes a draw of what was found, each with the entry that it is about. */
export async function findInRealData({
  file,
  seed,
  now,
}: {
  file: string;
  seed: number;
  now: Date;
}): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'tandem-real-'));
  const found: object[] = [];
  try {
    await using tandem = await createTandem({
      chat: 'local:smollm2-135m-instruct',
      dataDirectory: directory,
    });
    for (const [set, entries] of Map.groupBy(realEntries(seed, { more: 2 }), (entry) => entry.set)) {
      const path = join(directory, `${set.replace('/', '-')}.jsonl`);
      const lines = entries.map(({ id, question, answer }) => ({ id, question, expected: answer }));
      await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      const without = checks.map(({ name }) => name).filter((name) => name !== 'same-meaning');
      const { findings } = await lintDataset(tandem, { file: path, now, only: without });
      // Embedding takes most of the time: of each set a part.
      await writeFile(
        path,
        lines
          .slice(0, embedded)
          .map((line) => `${JSON.stringify(line)}\n`)
          .join(''),
      );
      findings.push(...(await lintDataset(tandem, { file: path, now, only: ['same-meaning'] })).findings);
      for (const { check, severity, where, message } of findings)
        found.push({
          check,
          set,
          severity,
          message: message.replaceAll(`${directory}/`, ''),
          ...about(entries, where, message),
        });
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  const drawn = [...Map.groupBy(found, (each) => (each as { check: string }).check)].flatMap(([check, own]) =>
    shuffled(own, createRandom(seed)).slice(0, check === 'too-long' ? mostOfCounted : mostOfCheck),
  );
  await writeFile(file, drawn.map((each) => `${JSON.stringify(each)}\n`).join(''));
  return drawn.length;
}

/** The entry, and the other one that the message names. */
function about(entries: readonly RealEntry[], where: string, message: string): object {
  const at = (place: string | undefined) => {
    const entry = place === undefined ? undefined : entries[Number(/:(\d+)$/.exec(place)?.[1]) - 1];
    return entry && { id: entry.id, question: entry.question, answer: entry.answer };
  };
  const other = /\S+\.jsonl:\d+/.exec(message)?.[0];
  return { ...at(where), ...(other !== undefined && { other: at(other) }) };
}
