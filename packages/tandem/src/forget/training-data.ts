import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import type { DatasetRecord, Forgetting } from '../catalog/catalog.ts';
import { sha256 } from '../core/hash.ts';
import type { Example } from '../core/types/example.ts';
import type { Preference } from '../core/types/preference.ts';
import type { DatasetManifest } from '../dataset/build-dataset.ts';
import { jsonl } from '../dataset/jsonl-text.ts';
import type { Lines } from '../parts/material.ts';
import { writeAtomically } from '../parts/write-atomically.ts';
import { isInside, listFilesBelow, mentions } from './file-search.ts';
import type { ForgetParts } from './forget-parts.ts';
import type { ForgottenText } from './forgotten-text.ts';
import type { ForgetReport } from './report.ts';

/** Takes the document out of every dataset. The ids of those that had words of it, and of their earlier states. */
export async function forgetInDatasets(
  parts: ForgetParts,
  document: Forgetting,
  text: ForgottenText,
  report: ForgetReport,
): Promise<ReadonlySet<string>> {
  const { catalog, dataDirectory } = parts;
  const records = await catalog.datasets.list();
  const hash = sha256(document.id);
  // Datasets that an earlier, unfinished removal has taken it out of already.
  const affected = new Set(records.filter(({ forgot }) => forgot?.includes(hash)).map(({ id }) => id));
  const root = join(dataDirectory, 'datasets');
  for (const name of existsSync(root) ? (await readdir(root)).sort() : []) {
    const directory = join(root, name);
    if (!existsSync(join(directory, 'manifest.json'))) {
      // Half written, by a build or by a removal that was killed.
      const files = (await listFilesBelow(directory)).map((path) => join(directory, path));
      const haveWords = await Promise.all(files.map(async (path) => text.isIn(await readFile(path, 'utf8'))));
      if (haveWords.some(Boolean) && !report.dryRun) await rm(directory, { recursive: true });
      continue;
    }
    const change = await datasetWithout(directory, document, text);
    if (!change) continue;
    const { id, counts, examples, newId, note } = change;
    affected.add(id);
    const path = relative(dataDirectory, directory);
    report.datasets.push({ id, path, examples, ...(newId !== undefined && { newId }) });
    if (report.dryRun) continue;
    const record = records.find((each) => each.id === id);
    const createdAt = new Date().toISOString();
    const replacedBy = newId !== undefined && newId !== id ? { replacedBy: newId } : {};
    // Before the files are changed: the record tells what was trained on them, even if this is killed.
    await catalog.datasets.put({
      ...(record ?? { id, path, counts: {}, createdAt }),
      note,
      forgot: [...new Set([...(record?.forgot ?? []), hash])],
      ...replacedBy,
    });
    if (newId !== undefined && newId !== id)
      await catalog.datasets.put({ id: newId, path, counts, createdAt, note });
    await change.write();
  }
  for (const change of await preferencesWithout(parts, records, text)) {
    const { record, pairs, kept } = change;
    affected.add(record.id);
    const newId = kept === '' ? undefined : sha256(kept);
    report.datasets.push({
      id: record.id,
      path: record.path,
      examples: pairs,
      ...(newId !== undefined && { newId }),
    });
    if (report.dryRun) continue;
    const note = `${pairs} ${pairs === 1 ? 'pair was' : 'pairs were'} removed on ${new Date().toISOString().slice(0, 10)} because a document was forgotten.`;
    await catalog.datasets.put({ ...record, note, forgot: [...new Set([...(record.forgot ?? []), hash])] });
    const file = resolve(dataDirectory, record.path);
    await (kept === '' ? rm(file) : writeAtomically(file, kept));
  }
  // Ready-made files belong to the user and are not changed; what was trained on them is named too.
  for (const record of records) {
    const file = resolve(dataDirectory, record.path);
    if (isInside(dataDirectory, file) || affected.has(record.id)) continue;
    if (await mentions(file, document, text)) affected.add(record.id);
  }
  const before = (ids: ReadonlySet<string>): DatasetRecord[] =>
    records.filter(({ id, replacedBy }) => replacedBy !== undefined && ids.has(replacedBy) && !ids.has(id));
  for (let more = before(affected); more.length > 0; more = before(affected))
    for (const { id } of more) affected.add(id);
  for (const adapter of await catalog.adapters.list())
    if (affected.has(adapter.lineage.datasetHash))
      report.adapters.push({
        id: adapter.id,
        dataset: adapter.lineage.datasetHash,
        ...(adapter.hosted && { hosted: adapter.hosted.provider }),
      });
  return affected;
}

/** Interrupted trainings: a checkpoint needs the data that it began with, which is no longer there. A provider's job is left to `tune`. */
export async function forgetInTrainings(
  parts: ForgetParts,
  datasets: ReadonlySet<string>,
  report: ForgetReport,
): Promise<void> {
  const { catalog, dataDirectory } = parts;
  const root = join(dataDirectory, 'training');
  if (datasets.size === 0 || !existsSync(root)) return;
  const runs = await catalog.runs.list({ kind: 'tune', limit: 10_000 });
  for (const name of (await readdir(root)).sort()) {
    const own = runs.filter(({ inputs }) => inputs.fingerprint?.startsWith(name));
    if (own.length > 0 && !own.some(({ inputs }) => datasets.has(inputs.dataset ?? ''))) continue;
    if (existsSync(join(root, name, 'hosted-job.json'))) continue;
    report.trainings.push(name);
    if (report.dryRun) continue;
    await rm(join(root, name), { recursive: true });
    for (const run of own)
      if (run.status === 'interrupted')
        await catalog.runs.finish(run.id, {
          status: 'failed',
          error: 'Its training data had a document that was forgotten.',
        });
  }
}

/** An encoder has no list of what it was trained on: all are named when a question is about the document. */
export async function nameEncodersThatMayKnow(
  parts: ForgetParts,
  document: Forgetting,
  report: ForgetReport,
): Promise<void> {
  const { questions, qa } = parts.material;
  const asked = await isAskedAbout(questions ?? qa, document.id);
  if (!asked && report.datasets.length === 0) return;
  for (const kind of ['embedders', 'rerankers'] as const) {
    const root = join(parts.dataDirectory, kind);
    if (existsSync(root)) report[kind] = (await readdir(root)).sort();
  }
}

/** Compared as text: in a question only its source names a document. */
async function isAskedAbout(lines: Lines | undefined, documentId: string): Promise<boolean> {
  const name = JSON.stringify(documentId);
  if (lines?.file !== undefined)
    return existsSync(lines.file) && (await readFile(lines.file, 'utf8')).includes(name);
  const given = (await lines?.read(z.unknown())) ?? [];
  return given.some((line) => JSON.stringify(line).includes(name));
}

/** Undefined where the dataset has nothing of the document. `write` puts the new files in place of the old. */
async function datasetWithout(
  directory: string,
  document: Forgetting,
  text: ForgottenText,
): Promise<
  | {
      id: string;
      /** Undefined: no training example is left. */
      newId: string | undefined;
      counts: Record<string, number>;
      examples: number;
      note: string;
      write(): Promise<void>;
    }
  | undefined
> {
  const manifestFile = join(directory, 'manifest.json');
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as DatasetManifest;
  const read = async (split: 'train' | 'validation') => {
    const file = join(directory, `${split}.jsonl`);
    const lines = existsSync(file) ? (await readFile(file, 'utf8')).split('\n').filter(Boolean) : [];
    const own = new Set(manifest.documents?.[split]?.[document.id] ?? []);
    const keeps = lines.map((line, i) => {
      const { metadata, ...written } = JSON.parse(line) as Example;
      return !(
        own.has(i + 1) ||
        metadata?.documentId === document.id ||
        stringsIn(written).some((string) => text.isIn(string))
      );
    });
    // The new number of each line that stays.
    const numbers = new Map<number, number>();
    for (const [i, keep] of keeps.entries()) if (keep) numbers.set(i + 1, numbers.size + 1);
    const documents: Record<string, number[]> = {};
    for (const [id, before] of Object.entries(manifest.documents?.[split] ?? {})) {
      const after = before.flatMap((line) => numbers.get(line) ?? []);
      if (id !== document.id && after.length > 0) documents[id] = after;
    }
    const kept = lines.filter((_, i) => keeps[i]).map((line) => JSON.parse(line) as Example);
    return { file, kept, documents, gone: lines.length - kept.length };
  };
  const train = await read('train');
  const validation = await read('validation');
  const examples = train.gone + validation.gone;
  const isNamed = [manifest.documents?.train, manifest.documents?.validation].some(
    (lines) => lines && document.id in lines,
  );
  if (examples === 0 && !isNamed) return undefined;

  const note = `${examples} ${examples === 1 ? 'example was' : 'examples were'} removed on ${new Date().toISOString().slice(0, 10)} because a document was forgotten.`;
  const newId = train.kept.length > 0 ? sha256(jsonl(train.kept)) : undefined;
  const counts: Record<string, number> = {};
  for (const kind of Object.keys(manifest.counts)) counts[kind] = 0;
  for (const { metadata } of train.kept) {
    const kind = metadata?.kind ?? 'example';
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return {
    id: manifest.id,
    newId,
    counts: { ...counts, train: train.kept.length, validation: validation.kept.length },
    examples,
    note,
    async write() {
      if (newId === undefined) return await rm(directory, { recursive: true });
      const after: DatasetManifest = {
        id: newId,
        counts,
        unanswerable: manifest.unanswerable,
        ...(manifest.documents && {
          documents: { train: train.documents, validation: validation.documents },
        }),
        note: [manifest.note, note].filter(Boolean).join(' '),
      };
      // A folder without a manifest is built again: a kill in between does no harm.
      await rm(manifestFile);
      await writeAtomically(validation.file, jsonl(validation.kept));
      await writeAtomically(train.file, jsonl(train.kept));
      await writeAtomically(manifestFile, `${JSON.stringify(after, null, 2)}\n`);
    },
  };
}

/** All texts in an example: of its messages, and of the tools that they call. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

/** The pairs that were made of ratings, where some of them have words of the document; `kept` is the file's text without them. */
async function preferencesWithout(
  { dataDirectory }: ForgetParts,
  records: readonly DatasetRecord[],
  text: ForgottenText,
): Promise<{ record: DatasetRecord; pairs: number; kept: string }[]> {
  const folder = join(dataDirectory, 'preferences');
  const changes: { record: DatasetRecord; pairs: number; kept: string }[] = [];
  for (const record of records) {
    const file = resolve(dataDirectory, record.path);
    if (!isInside(folder, file) || !existsSync(file)) continue;
    const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
    const keeps = lines.filter((line) => {
      const { input, preferred_output, non_preferred_output } = JSON.parse(line) as Preference;
      const messages = [...input.messages, ...preferred_output, ...non_preferred_output];
      return !messages.some(({ content }) => text.isIn(content));
    });
    if (keeps.length === lines.length) continue;
    const kept = keeps.map((line) => `${line}\n`).join('');
    changes.push({ record, pairs: lines.length - keeps.length, kept });
  }
  return changes;
}
