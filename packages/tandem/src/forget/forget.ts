import type { Forgetting } from '../catalog/catalog.ts';
import { embeddedText } from '../chunk/embedded-text.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { sha256 } from '../core/hash.ts';
import { findFilesWith } from './file-search.ts';
import { findFilesOfYours, forgetInAnswers, forgetInFiles } from './files.ts';
import type { ForgetParts } from './forget-parts.ts';
import { ForgottenText } from './forgotten-text.ts';
import { nameHeadsThatKnow } from './heads.ts';
import { forgetInRankings } from './rankings.ts';
import { emptyReport, type ForgetOptions, type ForgetReport } from './report.ts';
import { forgetInIndex } from './search-index.ts';
import { forgetInTraces } from './traces.ts';
import { forgetInDatasets, forgetInTrainings, nameEncodersThatMayKnow } from './training-data.ts';

export type { ForgetOptions, ForgetReport } from './report.ts';

/**
 * Removes a document, named by its id or uri, from everything in the data folder: index, embedding cache, traces, training data,
 * stored answers, reports. Names the adapters that were trained on it. Unless `allowAgain`, ingest leaves it out from then on,
 * under another name too while its bytes are the same; of it only hashes of its id, uri and bytes stay. If it is stopped or killed at any
 * moment, the same call continues from there; a removal that began and did not end is finished before another one begins.
 *
 * @throws InvalidInputError when nothing is known of such a document
 * @throws LockedError when another process is writing
 *
 * @example
 * const { adapters, leftovers } = await forget(tandem, 'leave.md');
 */
export async function forget(
  parts: ForgetParts,
  name: string,
  options: ForgetOptions = {},
): Promise<ForgetReport> {
  return parts.whileOpen((signal) => forgetDocument(parts, name, { ...options, signal }), options.signal);
}

async function forgetDocument(
  parts: ForgetParts,
  name: string,
  options: ForgetOptions & { signal: AbortSignal },
): Promise<ForgetReport> {
  const { catalog } = parts;
  const { dryRun = false, allowAgain = false, signal } = options;
  await using _lock = await catalog.lockForWriting('forgetting a document', { signal });
  const unfinished = await catalog.forgotten.unfinished();
  const again = unfinished.find(({ id, uri }) => id === name || uri === name);
  if (!dryRun)
    for (const other of unfinished) if (other !== again) await removeDocument(parts, other, options);
  const document = again ?? (await findDocument(parts, name, allowAgain));
  if (document) {
    if (!dryRun) return await removeDocument(parts, { ...document, allowAgain }, options);
    return (await forgetEverywhere(parts, document, { ...options, dryRun: true })).report;
  }
  if (allowAgain && (dryRun || (await catalog.forgotten.allow(name))))
    return { ...emptyReport({ id: name, uri: name, title: '' }, options), allowed: true };
  const isForgotten = (await catalog.forgotten.hashes()).has(sha256(name));
  throw new InvalidInputError({
    domain: 'forget',
    where: 'name',
    message: isForgotten
      ? `"${name}" was forgotten already.`
      : `Nothing in this project is known of a document "${name}".`,
    hint: isForgotten
      ? 'To let it be ingested again, forget it once more and allow that (allowAgain).'
      : 'Give its id or uri, as search results have them (documentId, uri).',
  });
}

/** The catalogue's document, or what traces still quote of one that is no longer in its source; undefined where nothing is known of it. */
async function findDocument(
  parts: ForgetParts,
  name: string,
  allowAgain: boolean,
): Promise<Forgetting | undefined> {
  const { catalog } = parts;
  const id = (await catalog.documents.at(name))?.id ?? name;
  const document = await catalog.documents.get(id);
  const at = new Date().toISOString();
  if (document) {
    const state = (await catalog.index.get())!;
    const scan = (await parts.store()).scan(
      { generation: state.generation, seq: state.committedSeq },
      { documentIds: [id] },
    );
    const chunks = await Array.fromAsync(scan);
    const textHashes = chunks.map(({ chunk: { prefix = '', text } }) =>
      sha256(embeddedText({ prefix, text })),
    );
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

async function removeDocument(
  parts: ForgetParts,
  document: Forgetting,
  options: ForgetOptions,
): Promise<ForgetReport> {
  const { catalog, dataDirectory } = parts;
  // Noted first: the document itself is removed at once, and after a kill nothing else would say what is still to be removed.
  await catalog.forgotten.begin(document);
  if (document.allowAgain) await catalog.forgotten.allow(document.id);
  const { report, text } = await forgetEverywhere(parts, document, { ...options, dryRun: false });
  await catalog.scrub();
  await catalog.forgotten.finish(document.id);
  return { ...report, leftovers: await findFilesWith(dataDirectory, text.probes()) };
}

/** In one place after the other; in a dry run only looked for. */
async function forgetEverywhere(
  parts: ForgetParts,
  document: Forgetting,
  options: ForgetOptions & { dryRun: boolean },
): Promise<{ report: ForgetReport; text: ForgottenText }> {
  const { catalog } = parts;
  const { signal, onProgress } = options;
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
  await forgetInIndex(parts, document, report);

  stage('other documents');
  const text = new ForgottenText(document);
  for await (const other of catalog.documents.all()) {
    signal?.throwIfAborted();
    if (other.id !== document.id) text.exclude(other.text);
  }

  stage('training data');
  const datasets = await forgetInDatasets(parts, document, text, report);
  await forgetInTrainings(parts, datasets, report);
  await nameEncodersThatMayKnow(parts, document, report);
  await forgetInRankings(parts, document, report);
  await nameHeadsThatKnow(parts, document, report);

  stage('answers and reports');
  await forgetInAnswers(parts, document, text, report);
  await forgetInFiles(parts, document, text, report);

  stage('traces');
  await forgetInTraces(parts, document, text, report);

  stage('all files');
  report.yours = await findFilesOfYours(parts, document, text);
  report.seconds = (performance.now() - started) / 1000;
  return { report, text };
}
