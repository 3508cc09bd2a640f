/**
 * The corpus as passages, one a line in `WORK/passages.jsonl`: what the reranker's pairs are made of, and whatever else is trained on
 * documentation.
 *
 *     node training/corpus/read-corpus.ts --work FOLDER
 */
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../packages/tandem/src/models/fetch/fetch-model.ts';
import { openLocalEmbedder } from '../../packages/tandem/src/models/local-embedder.ts';
import { localToolsOf } from '../../packages/tandem/src/models/local-tools.ts';
import { fetchPackages } from './fetch-packages.ts';
import { type CorpusPassage, readPassages } from './read-passages.ts';

if (import.meta.main) {
  const { values: flags } = parseArgs({ options: { work: { type: 'string' } } });
  if (!flags.work) throw new Error('Name a folder for packages and passages: --work FOLDER.');
  await readCorpus(flags.work);
}

/** All passages of the manifest's packages. Packages that were read before are not read again. */
export async function readCorpus(work: string): Promise<CorpusPassage[]> {
  mkdirSync(work, { recursive: true });
  const file = join(work, 'passages.jsonl');
  if (!existsSync(file)) await writePassages(work, file);
  const passages: CorpusPassage[] = [];
  for await (const line of createInterface({ input: createReadStream(file) }))
    passages.push(JSON.parse(line));
  return passages;
}

async function writePassages(work: string, file: string): Promise<void> {
  const { path } = await fetchModel('local:all-minilm-l6-v2');
  await using embedder = await openLocalEmbedder({ path });
  const { countTokens } = localToolsOf(embedder)!;
  const part = `${file}.part`;
  rmSync(part, { force: true });
  writeFileSync(part, '');
  for (const unpacked of fetchPackages(work)) {
    const { passages, documents, refused } = await readPassages(unpacked, countTokens);
    await appendFile(part, passages.map((passage) => `${JSON.stringify(passage)}\n`).join(''));
    const { kind, name } = unpacked.own;
    console.log(
      `${kind}: ${name}: ${documents} documents, ${passages.length} passages${refused > 0 ? `, ${refused} refused` : ''}`,
    );
  }
  renameSync(part, file);
}
