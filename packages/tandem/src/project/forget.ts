import { createReadStream, existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { DatasetRecord, Forgetting } from '../catalog/catalog.ts';
import { embeddedText } from '../chunk/embedded-text.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { sha256 } from '../core/hash.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Trace } from '../core/types/answer.ts';
import type { Example } from '../core/types/example.ts';
import type { Preference } from '../core/types/preference.ts';
import { renderReport } from '../evaluate/report.ts';
import type { AnswerRecord, ComparisonResult, StoredAnswer } from '../evaluate/types.ts';
import { type KeptAfterDeletion, keptAfterDeletion } from '../store/chunk-table.ts';
import { type DatasetManifest, jsonl, writeAtomically } from './dataset.ts';
import { ForgottenText, removedMark } from './forgotten-text.ts';
import type { Project } from './project.ts';

export interface ForgetOptions {
  /** Look, and change nothing. */
  dryRun?: boolean;
  /**
   * Leave nothing behind that keeps it out: the next ingest may bring it back. Also lifts that from a document forgotten before.
   */
  allowAgain?: boolean;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** What was removed; with `dryRun`, what would be. */
export interface ForgetReport {
  document: { id: string; uri: string; title: string };
  dryRun: boolean;
  /** It had been forgotten before; now it may come back, and nothing else was done. */
  allowed?: true;
  /** Chunks in the index. */
  chunks: number;
  /** Cached vectors, of all versions of its text. */
  embeddings: number;
  /** Ids of traces in which it was a passage, was cited, or is quoted. They stay, without it. */
  traces: string[];
  /** Ids of traces whose ratings are removed: of answers that had it, or with a better text that quotes it. */
  feedback: string[];
  /** Training data, under its new content address; without one nothing was left of it. */
  datasets: { id: string; newId?: string; path: string; examples: number }[];
  /** Stored answers of comparisons. */
  answers: number;
  /** Reports and other files of the data folder, relative to it. */
  files: string[];
  /** Interrupted trainings on it; they start anew. */
  trainings: string[];
  /** Trained on data that has it: what they learnt of it cannot be taken out. */
  adapters: { id: string; dataset: string; hosted?: string }[];
  /** Embedders of this project that were, or may have been, trained on it. */
  embedders: string[];
  /** The same for rerankers. */
  rerankers: string[];
  /** Files outside the data folder that hold its words; they are yours to change. */
  yours: string[];
  /** Files in the data folder that still hold its words; empty when all is well. Not looked for in a dry run. */
  leftovers: string[];
  /**
   * What may still be in the index store. 'bytes': the rows are deleted, the bytes leave the server's disk when it cleans up.
   * 'rows': a LangChain store without `filter` deletes nothing, so that the rows stay there and only searches leave them out.
   */
  storeMayKeep: false | KeptAfterDeletion;
  /** It may be ingested again. */
  allowAgain: boolean;
  seconds: number;
}

/**
 * Removes a document, named by its id or uri, from everything in the data folder: index, embedding cache, traces, training data,
 * stored answers, reports. Names the adapters that were trained on it. Unless `allowAgain`, ingest passes it over from then on,
 * under another name too while its bytes are the same; of it only hashes of its id, uri and bytes stay. Killed at any moment, the
 * same command goes on where it was; what began and did not end is finished first.
 *
 * @throws InvalidInputError when nothing is known of such a document
 * @throws LockedError when another process is writing
 */
export async function forget(
  project: Project,
  name: string,
  options: ForgetOptions = {},
): Promise<ForgetReport> {
  const { catalog } = project;
  const { dryRun = false, allowAgain = false, signal } = options;
  await using _lock = await catalog.lockForWriting('forgetting a document', signal && { signal });
  const unfinished = await catalog.forgotten.unfinished();
  const again = unfinished.find(({ id, uri }) => id === name || uri === name);
  if (!dryRun) for (const other of unfinished) if (other !== again) await remove(project, other, options);
  const document = again ?? (await lookUp(project, name, allowAgain));
  if (document) {
    if (!dryRun) return await remove(project, { ...document, allowAgain }, options);
    return await examine(project, document, options);
  }
  if (allowAgain && (dryRun || (await catalog.forgotten.allow(name))))
    return { ...emptyReport({ id: name, uri: name, title: '' }, options), allowed: true };
  const known = (await catalog.forgotten.hashes()).has(sha256(name));
  throw new InvalidInputError({
    domain: 'project',
    where: name,
    message: known
      ? `"${name}" was forgotten already.`
      : `Nothing in this project is known of a document "${name}".`,
    hint: known
      ? `To let it be ingested again: tandem forget --allow-again ${JSON.stringify(name)}.`
      : 'Give its id or uri as `tandem search --json` shows them (documentId, uri).',
  });
}

/** What can be known of it: the catalogue's document, or what traces still quote of one that is gone from its source. */
async function lookUp(project: Project, name: string, allowAgain: boolean): Promise<Forgetting | undefined> {
  const { catalog } = project;
  const id = (await catalog.documents.at(name))?.id ?? name;
  const document = await catalog.documents.get(id);
  const at = new Date().toISOString();
  if (document) {
    const state = (await catalog.index.get())!;
    const chunks = await (await project.store()).chunks(
      { generation: state.generation, seq: state.committedSeq },
      { documentIds: [id] },
    );
    const textHashes = chunks.map(({ prefix = '', text }) => sha256(embeddedText({ prefix, text })));
    const { uri, title, text, aliases, contentHash } = document;
    return { id, uri, title, text, aliases, textHashes, contentHash, allowAgain, at };
  }
  const quoted = new Map<string, string>();
  let found: { id: string; uri: string; title: string } | undefined;
  for await (const { passages } of catalog.traces.all())
    for (const passage of passages) {
      if (passage.documentId !== name && passage.uri !== name) continue;
      found = { id: passage.documentId, uri: passage.uri, title: passage.title };
      quoted.set(passage.id, passage.text);
    }
  if (!found && (await catalog.embeddings.countOf(name)) === 0) return undefined;
  return {
    ...(found ?? { id: name, uri: name, title: '' }),
    text: [...quoted.values()].join('\n'),
    aliases: [],
    textHashes: [],
    allowAgain,
    at,
  };
}

function emptyReport(
  { id, uri, title }: ForgetReport['document'],
  { dryRun = false, allowAgain = false }: ForgetOptions,
): ForgetReport {
  return {
    document: { id, uri, title },
    dryRun,
    chunks: 0,
    embeddings: 0,
    traces: [],
    feedback: [],
    datasets: [],
    answers: 0,
    files: [],
    trainings: [],
    adapters: [],
    embedders: [],
    rerankers: [],
    yours: [],
    leftovers: [],
    storeMayKeep: false,
    allowAgain,
    seconds: 0,
  };
}

async function examine(
  project: Project,
  document: Forgetting,
  options: ForgetOptions,
): Promise<ForgetReport> {
  return (await work(project, document, { ...options, dryRun: true })).report;
}

async function remove(project: Project, document: Forgetting, options: ForgetOptions): Promise<ForgetReport> {
  const { catalog, dataDirectory } = project;
  // Written down first: from here on the command can be killed and repeated, although the document itself goes at once.
  await catalog.forgotten.begin(document);
  if (document.allowAgain) await catalog.forgotten.allow(document.id);
  const { report, text } = await work(project, document, { ...options, dryRun: false });
  await catalog.scrub();
  await catalog.forgotten.finish(document.id);
  return { ...report, leftovers: await filesThatHold(dataDirectory, text.probes()) };
}

async function work(
  project: Project,
  document: Forgetting,
  options: ForgetOptions & { dryRun: boolean },
): Promise<{ report: ForgetReport; text: ForgottenText }> {
  const { catalog } = project;
  const { signal, onProgress, dryRun } = options;
  const started = performance.now();
  const report = emptyReport(document, { ...options, allowAgain: document.allowAgain });
  const stages = [
    'the index',
    'other documents',
    'training data',
    'answers and reports',
    'traces',
    'all files',
  ];
  const stage = (name: (typeof stages)[number]) => {
    signal?.throwIfAborted();
    const done = stages.indexOf(name);
    onProgress?.({ stage: `forgetting: ${name}`, done, total: stages.length, unit: 'steps' });
  };

  stage('the index');
  await forgetInIndex(project, document, report);

  stage('other documents');
  const text = new ForgottenText(document);
  for await (const other of catalog.documents.all()) {
    signal?.throwIfAborted();
    if (other.id !== document.id) text.exclude(other.text);
  }

  stage('training data');
  const datasets = await forgetInDatasets(project, document, text, report);
  await forgetInTrainings(project, datasets, report);
  await nameEncodersThatMayKnow(project, document, report);

  stage('answers and reports');
  await forgetInAnswers(project, document, text, report);
  await forgetInFiles(project, document, text, report);

  stage('traces');
  for (const { traceId, better = '' } of await catalog.feedback.list()) {
    const trace = await catalog.traces.get(traceId);
    // Before the traces are changed: from them it is known which ratings go.
    if (!text.isIn(better) && trace && traceWithout(trace, document, text) === trace) continue;
    report.feedback.push(traceId);
    if (!dryRun) await catalog.feedback.remove(traceId);
  }
  for await (const trace of catalog.traces.all()) {
    const without = traceWithout(trace, document, text);
    if (without === trace) continue;
    report.traces.push(trace.id);
    if (!dryRun) await catalog.traces.put(without);
  }

  stage('all files');
  report.yours = await filesOfYours(project, document, text);
  report.seconds = (performance.now() - started) / 1000;
  return { report, text };
}

async function forgetInIndex(project: Project, document: Forgetting, report: ForgetReport): Promise<void> {
  const { catalog } = project;
  const { id, uri, textHashes } = document;
  report.embeddings = await catalog.embeddings.countOf(id, textHashes);
  const stored = await catalog.documents.get(id);
  report.chunks = stored?.chunkCount ?? 0;
  const state = await catalog.index.get();
  if (state) report.storeMayKeep = keptAfterDeletion(await project.store()) ?? false;
  if (report.dryRun) return;
  if (state) {
    const store = await project.store();
    await store.prepare(state);
    let at = { generation: state.generation, seq: state.committedSeq };
    if (stored) {
      at = { ...at, seq: at.seq + 1 };
      await store.remove([id], at);
      await store.flush();
      await catalog.index.commit({ seq: at.seq, put: [], remove: [id], problems: [], resolved: [uri] });
    }
    await (store.purge ? store.purge(at) : store.maintain(at));
  }
  await catalog.embeddings.forget(id, textHashes);
}

/** Every dataset, and every earlier state of one, that has words of the document: by their ids, where they lie now. */
async function forgetInDatasets(
  project: Project,
  document: Forgetting,
  text: ForgottenText,
  report: ForgetReport,
): Promise<ReadonlySet<string>> {
  const { catalog, dataDirectory } = project;
  const records = await catalog.datasets.list();
  const hash = sha256(document.id);
  // Those that lost it already, when this was begun before.
  const affected = new Set(records.filter(({ forgot }) => forgot?.includes(hash)).map(({ id }) => id));
  const root = join(dataDirectory, 'datasets');
  for (const name of existsSync(root) ? (await readdir(root)).sort() : []) {
    const directory = join(root, name);
    if (!existsSync(join(directory, 'manifest.json'))) {
      // Half written: by a build, or by this command before it was killed.
      const files = (await filesBelow(directory)).map((path) => join(directory, path));
      const holding = await Promise.all(files.map(async (path) => text.isIn(await readFile(path, 'utf8'))));
      if (holding.some(Boolean) && !report.dryRun) await rm(directory, { recursive: true });
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
    // Before the files are: from the record it is known what was trained on them, however this ends.
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
  for (const change of await preferencesWithout(project, records, text)) {
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
  // Ready-made files are the user's; what was trained on them is named all the same.
  for (const record of records) {
    const file = resolve(dataDirectory, record.path);
    if (isInside(dataDirectory, file) || affected.has(record.id)) continue;
    if (await holds(file, document, text)) affected.add(record.id);
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
      const { messages, metadata } = JSON.parse(line) as Example;
      return !(
        own.has(i + 1) ||
        metadata?.documentId === document.id ||
        messages.some(({ content }) => text.isIn(content))
      );
    });
    // Line numbers of the documents that stay, after the lines that go are gone.
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
      // Without its manifest a folder counts for nothing and is built anew: a kill in between does no harm.
      await rm(manifestFile);
      await writeAtomically(validation.file, jsonl(validation.kept));
      await writeAtomically(train.file, jsonl(train.kept));
      await writeAtomically(manifestFile, `${JSON.stringify(after, null, 2)}\n`);
    },
  };
}

/** The pairs that were made of ratings, where some of them have words of the document; `kept` is the file's text without them. */
async function preferencesWithout(
  { dataDirectory }: Project,
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

/** A checkpoint goes on with the data it began with, which is no longer there. A provider's job is for `tune --cancel`. */
async function forgetInTrainings(
  project: Project,
  datasets: ReadonlySet<string>,
  report: ForgetReport,
): Promise<void> {
  const { catalog, dataDirectory } = project;
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

/** An encoder keeps no list of what it was trained on: all are named when the project's questions are about the document. */
async function nameEncodersThatMayKnow(
  project: Project,
  document: Forgetting,
  report: ForgetReport,
): Promise<void> {
  const { questions, qa } = project.config.dataset;
  const file = questions ?? qa;
  const asked =
    file !== undefined &&
    existsSync(resolve(project.directory, file)) &&
    (await readFile(resolve(project.directory, file), 'utf8')).includes(JSON.stringify(document.id));
  if (!asked && report.datasets.length === 0) return;
  for (const kind of ['embedders', 'rerankers'] as const) {
    const root = join(project.dataDirectory, kind);
    if (existsSync(root)) report[kind] = (await readdir(root)).sort();
  }
}

/** Answers that wait for the rest of a comparison: those that saw the document are asked for again. */
async function forgetInAnswers(
  project: Project,
  document: Forgetting,
  text: ForgottenText,
  report: ForgetReport,
): Promise<void> {
  const file = join(project.dataDirectory, 'comparison-answers.jsonl');
  if (!existsSync(file)) return;
  const kept: string[] = [];
  for (const line of (await readFile(file, 'utf8')).split('\n').filter(Boolean)) {
    const { row } = parsedLine(line) ?? {};
    if (row?.answer && sawIt(row.answer, document, text)) report.answers++;
    else if (text.isIn(line)) report.answers++;
    else kept.push(line);
  }
  if (report.answers > 0 && !report.dryRun)
    await writeAtomically(file, kept.map((line) => `${line}\n`).join(''));
}

function parsedLine(line: string): { row?: StoredAnswer } | undefined {
  try {
    return JSON.parse(line) as { row?: StoredAnswer };
  } catch {
    return undefined; // Cut off by a crash; `openResultStore` drops it.
  }
}

/**
 * Folders that go whole, because they only save time: what sources keep between two ingests, and the indices that
 * `tandem eval retrieval --chunkers` made. These have catalogues of their own, which would not know that it is to be passed over.
 */
const madeAnew = ['sources', 'chunkers'];

/** Reports, and any other text file that is or will be in the data folder. */
async function forgetInFiles(
  project: Project,
  document: Forgetting,
  text: ForgottenText,
  report: ForgetReport,
): Promise<void> {
  const { dataDirectory } = project;
  for (const path of await filesBelow(dataDirectory)) {
    if (/^(index|models|datasets|training|sources|chunkers)[/\\]|^catalog\.|^comparison-answers/.test(path))
      continue;
    const file = join(dataDirectory, path);
    if (/[/\\]comparison\.json$/.test(path)) {
      const result = JSON.parse(await readFile(file, 'utf8')) as ComparisonResult;
      const without = comparisonWithout(result, document, text);
      if (without === result) continue;
      const rendered = file.replace(/comparison\.json$/, 'report.html');
      report.files.push(path);
      if (existsSync(rendered)) report.files.push(relative(dataDirectory, rendered));
      if (report.dryRun) continue;
      if (existsSync(rendered)) await writeAtomically(rendered, renderReport(without));
      await writeAtomically(file, `${JSON.stringify(without)}\n`);
    } else if (/\.(jsonl?|html|md|txt|csv|log)$/.test(path) && !/report\.html$/.test(path)) {
      const content = await readFile(file, 'utf8');
      const without = path.endsWith('.json') ? jsonWithout(content, text) : linesWithout(content, path, text);
      if (without === content) continue;
      report.files.push(path);
      if (!report.dryRun) await writeAtomically(file, without);
    }
  }
  for (const name of madeAnew) {
    const folder = join(dataDirectory, name);
    if (!existsSync(folder)) continue;
    report.files.push(name);
    if (!report.dryRun) await rm(folder, { recursive: true });
  }
}

function jsonWithout(content: string, text: ForgottenText): string {
  try {
    const value: unknown = JSON.parse(content);
    const without = text.redacted(value);
    return without === value ? content : `${JSON.stringify(without, null, 2)}\n`;
  } catch {
    return text.without(content);
  }
}

function linesWithout(content: string, path: string, text: ForgottenText): string {
  if (!path.endsWith('.jsonl')) return text.without(content);
  return content
    .split('\n')
    .map((line) => {
      try {
        const value: unknown = JSON.parse(line);
        const without = text.redacted(value);
        return without === value ? line : JSON.stringify(without);
      } catch {
        return text.without(line);
      }
    })
    .join('\n');
}

/** Was an answer made with the document in sight, or does it say what only the document says? */
function sawIt(
  answer: {
    passages: readonly { documentId?: string; id: string }[];
    citations: readonly { documentId: string }[];
    raw: string;
  },
  { id }: Forgetting,
  text: ForgottenText,
): boolean {
  return (
    answer.passages.some((passage) => passage.documentId === id || text.isName(passage.id)) ||
    answer.citations.some((citation) => citation.documentId === id) ||
    text.isIn(answer.raw)
  );
}

function comparisonWithout(
  result: ComparisonResult,
  document: Forgetting,
  text: ForgottenText,
): ComparisonResult {
  const cases = result.cases.map((record) => {
    const about = record.case.source?.documentId === document.id;
    const arms = Object.fromEntries(
      Object.entries(record.arms).map(([name, arm]) => {
        const { answer } = arm;
        if (!answer || !sawIt(answer, document, text)) return [name, arm];
        return [name, { ...arm, answer: answerWithout(answer) }];
      }),
    );
    const changed = about || Object.keys(arms).some((name) => arms[name] !== record.arms[name]);
    if (!changed) return record;
    return {
      ...record,
      arms,
      ...(about && { case: { ...record.case, expected: removedMark } }),
    };
  });
  const changed = cases.some((record, i) => record !== result.cases[i]);
  return text.redacted(changed ? { ...result, cases } : result);
}

/** An answer that was written with the document in sight: what it says may be what the document said. */
function answerWithout<T extends Pick<AnswerRecord, 'text' | 'raw' | 'citations'>>(answer: T): T {
  const {
    output: _output,
    spelledOut: _names,
    ...rest
  } = answer as T & { output?: unknown; spelledOut?: unknown };
  return { ...(rest as T), text: removedMark, raw: removedMark, citations: [] };
}

/** The trace itself where the document has no part in it. */
function traceWithout(trace: Trace, document: Forgetting, text: ForgottenText): Trace {
  const inSight = sawIt(
    { passages: trace.passages, citations: trace.answer.citations, raw: trace.rawOutput },
    document,
    text,
  );
  if (!inSight) return text.redacted(trace);
  const { raw: _raw, ...answer } = answerWithout({ ...trace.answer, raw: trace.rawOutput });
  // The messages are there to be learnt from, which is over.
  const { messages: _messages, ...rest } = trace;
  return text.redacted({
    ...rest,
    prompt: promptWithout(trace, document),
    rawOutput: removedMark,
    answer,
  });
}

/** The prompt has each passage word for word, as text or as JSON; where it cannot be found so, none of the prompt stays. */
function promptWithout({ prompt, passages }: Trace, { id, title }: Forgetting): string {
  let result = prompt;
  for (const { documentId, text, prefix = '' } of passages) {
    if (documentId !== id) continue;
    let found = false;
    // A title alone may be what was asked about.
    for (const piece of prefix === title ? [text] : [text, prefix])
      for (const written of new Set([piece, JSON.stringify(piece).slice(1, -1)])) {
        if (written === '' || !result.includes(written)) continue;
        found ||= piece === text;
        result = result.replaceAll(written, removedMark);
      }
    if (!found && prompt !== '') return removedMark;
  }
  return result;
}

/** Questions, training files and the document's own place: named, never touched. */
async function filesOfYours(project: Project, document: Forgetting, text: ForgottenText): Promise<string[]> {
  const { config, directory } = project;
  const named = Object.values(config.dataset).filter((value) => typeof value === 'string');
  const candidates = [document.uri, ...named].map((path) => resolve(directory, path));
  const found: string[] = [];
  for (const file of new Set(candidates))
    if (await holds(file, document, text)) found.push(relative(directory, file));
  return found;
}

/** For text files: has the document's words in it, or is the document itself. */
async function holds(file: string, { uri }: Forgetting, text: ForgottenText): Promise<boolean> {
  try {
    if (file.split('\\').join('/').endsWith(`/${uri}`) && existsSync(file)) return true;
    return text.isIn(await readFile(file, 'utf8'));
  } catch {
    return false; // Not there, a folder, or not to be read: nothing to name.
  }
}

const isInside = (folder: string, path: string) => !relative(folder, path).startsWith('..');

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Which files have one of the byte strings (of four bytes or more) anywhere in them; gigabytes in seconds. */
async function filesThatHold(folder: string, probes: readonly Buffer[]): Promise<string[]> {
  if (probes.length === 0) return [];
  const overlap = Math.max(...probes.map(({ length }) => length));
  // By their first four bytes, and before that by sixteen bits of these: most places are passed over at one look.
  const byStart = Map.groupBy(probes, (probe) => probe.readUInt32BE(0));
  const place = (start: number) => (start ^ (start >>> 16)) & 0xffff;
  const maybe = new Uint8Array(1 << 16);
  for (const start of byStart.keys()) maybe[place(start)] = 1;

  const hold = (bytes: Buffer): boolean => {
    let start = 0;
    for (let i = 0; i < bytes.length; i++) {
      start = ((start << 8) | bytes[i]!) >>> 0;
      if (maybe[place(start)] === 0) continue;
      for (const probe of byStart.get(start) ?? [])
        if (bytes.subarray(i - 3, i - 3 + probe.length).equals(probe)) return true;
    }
    return false;
  };

  const found: string[] = [];
  for (const path of await filesBelow(folder)) {
    let before: Buffer = Buffer.alloc(0);
    for await (const piece of createReadStream(join(folder, path), { highWaterMark: 1 << 20 })) {
      const bytes = Buffer.concat([before, piece as Buffer]);
      if (hold(bytes)) {
        found.push(path);
        break;
      }
      before = bytes.subarray(Math.max(0, bytes.length - overlap));
    }
  }
  return found;
}
