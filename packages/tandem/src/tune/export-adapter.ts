import { existsSync, realpathSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import {
  exportMergedGguf,
  exportMergedSafetensors,
  exportPeft,
  importPeft,
  type MergedType,
  sha256OfFile,
} from '@tandem/nn';
import { checkAdapter } from '../answer/find-adapter.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Adapter } from '../core/types/adapter.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { originalOf } from '../models/registry.ts';
import type { Parts } from '../parts/parts.ts';
import { lineageOf, metricsOf, parityIn, writeAdapterCard } from './adapter-card.ts';

/** What an adapter can be exported as. */
export const exportForms = ['peft', 'gguf', 'merged-gguf', 'merged-safetensors'] as const;
export type ExportForm = (typeof exportForms)[number];

/** The parts that an adapter is exported with. */
export type ExportParts = Pick<
  Parts,
  'name' | 'settings' | 'catalog' | 'models' | 'directory' | 'dataDirectory' | 'whileOpen'
>;

/** Where an adapter is written, and in which form. */
export interface ExportOptions {
  /** A folder that is not there yet, or empty. */
  to: string;
  /** Default `peft`. */
  as?: ExportForm;
  /** Of `merged-gguf`: what its matrices are written as (see `MergedType` of @tandem/nn). Default `kept`: nothing that was learnt is lost. */
  type?: MergedType;
  /** Of `merged-safetensors`: the Hugging Face folder of the same model, for what a GGUF file does not have. */
  files?: string;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** What was written. */
export interface ExportedAdapter {
  id: string;
  as: ExportForm;
  /** Absolute. */
  directory: string;
  /** Within it, with their SHA-256. */
  files: { name: string; sha256: string; bytes: number }[];
}

/**
 * Writes an adapter where others can take it from: PEFT's folder, a GGUF LoRA, or a whole model with it added to the weights;
 * each with a card. The folder appears whole or not at all, and nothing is ever overwritten.
 *
 * @throws InvalidInputError for an adapter whose weights are not here, a folder that has something in it, a base other than the
 *   adapter's, a form that needs files that are not given.
 *
 * @example
 * // takes minutes
 * const { adapter } = await tune(tandem, { maxMinutes: 30 });
 * const { files } = await exportAdapter(tandem, adapter.id, { to: 'for-ollama', as: 'merged-gguf' });
 */
export async function exportAdapter(
  parts: ExportParts,
  id: string,
  options: ExportOptions,
): Promise<ExportedAdapter> {
  return parts.whileOpen((signal) => exportFiles(parts, id, { ...options, signal }), options.signal);
}

async function exportFiles(parts: ExportParts, id: string, options: ExportOptions): Promise<ExportedAdapter> {
  const { as = 'peft', signal } = options;
  const refuse = (where: string, message: string, hint: string) =>
    new InvalidInputError({ domain: 'tune', where, message, hint });
  const adapter = await parts.catalog.adapters.get(id);
  if (!adapter)
    throw refuse(id, `There is no adapter ${id} here.`, 'Give the id of an adapter that was trained here.');
  if (adapter.hosted)
    throw refuse(
      id,
      `The weights of ${id} are at the provider ${adapter.hosted.provider}, not here.`,
      'Only an adapter that was trained by the local or the worker trainer can be exported.',
    );
  if (options.type !== undefined && as !== 'merged-gguf')
    throw refuse('type', `Only merged-gguf is written in a type of choice, not ${as}.`, 'Leave type out.');
  if (options.files !== undefined && as !== 'merged-safetensors')
    throw refuse('files', `Only merged-safetensors takes files of the base, not ${as}.`, 'Leave files out.');
  const files = as === 'merged-safetensors' ? filesOfBase(parts, options.files) : undefined;
  const directory = await freeFolder(parts, options.to);
  const base = as === 'merged-gguf' || as === 'merged-safetensors' ? await baseOf(parts, adapter) : undefined;

  const own = join(parts.dataDirectory, adapter.directory);
  const lora = await importPeft(join(own, 'peft'));
  const temporary = join(dirname(directory), `.${basename(directory)}.${process.pid}.partial`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    const run = await parts.catalog.runs.get(adapter.lineage.runId);
    const dataset = await parts.catalog.datasets.get(adapter.lineage.datasetHash);
    const card = {
      project: parts.name,
      adapter,
      parity: run?.metrics.parityTokens === undefined ? undefined : parityIn(run),
      validationExamples: dataset?.counts.validation,
    };
    if (as === 'peft') {
      // Not copied: older adapters name their base by its path on this machine.
      const baseModel = originalOf(adapter.lineage.baseModel) ?? basename(adapter.lineage.baseModel);
      await exportPeft(lora, temporary, { baseModel });
      await writeAdapterCard(temporary, { ...card, files: { peft: '.' } });
    } else if (as === 'gguf') {
      await copyFile(join(own, 'adapter.gguf'), join(temporary, 'adapter.gguf'));
      await writeAdapterCard(temporary, { ...card, files: { gguf: 'adapter.gguf' } });
    } else {
      if (as === 'merged-gguf')
        await exportMergedGguf(lora, join(temporary, 'model.gguf'), {
          base: base!,
          ...(options.type && { type: options.type }),
          ...(signal && { signal }),
          onTensor: (done, total) =>
            options.onProgress?.({ stage: 'merging the adapter', done, total, unit: 'tensors' }),
        });
      else await exportMergedSafetensors(lora, temporary, { base: base!, files: files! });
      await writeFile(
        join(temporary, 'README.md'),
        mergedCard(card, as, basename(base!), await hashesOf(temporary)),
      );
    }
    signal?.throwIfAborted();
    if (existsSync(directory)) await rmdir(directory);
    await rename(temporary, directory);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  return { id, as, directory, files: await hashesOf(directory) };
}

/** The weights file that the adapter was trained on, as the project is set to it. */
async function baseOf(parts: Pick<Parts, 'models'>, adapter: Adapter): Promise<string> {
  const chat = await parts.models.chat();
  checkAdapter(adapter, chat);
  return localToolsOf(chat)!.path;
}

/** @throws InvalidInputError where none is given: a GGUF file has no config and no tokenizer in Transformers' form. */
function filesOfBase(
  { settings, directory }: Pick<Parts, 'settings' | 'directory'>,
  given: string | undefined,
): string {
  const own = settings.tune.worker.base;
  const folder = given ?? (own === undefined ? undefined : resolve(directory, own));
  if (folder !== undefined && existsSync(join(folder, 'config.json'))) return folder;
  throw new InvalidInputError({
    domain: 'tune',
    where: 'files',
    message:
      given === undefined
        ? 'The base is a GGUF file, which has no config.json and no tokenizer.json, and a Hugging Face folder needs both.'
        : `${given} is not a Hugging Face folder: it has no config.json.`,
    hint: "Give the base's Hugging Face folder (files), or export as merged-gguf.",
  });
}

/** Nothing is in it, and it is not where the project keeps its own. */
async function freeFolder({ dataDirectory }: Pick<Parts, 'dataDirectory'>, to: string): Promise<string> {
  const given = resolve(to);
  const refuse = (message: string) =>
    new InvalidInputError({
      domain: 'tune',
      where: 'to',
      message,
      hint: 'Give a folder that is not there yet, or an empty one.',
    });
  const found = await stat(given).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw refuse(`${to} cannot be written to (${error.code}).`);
  });
  if (found && !found.isDirectory()) throw refuse(`${to} is a file.`);
  if (found && (await readdir(given)).length > 0)
    throw refuse(`${to} has something in it, and an export writes over nothing.`);
  // By another name it is the same place.
  let existing = given;
  while (!existsSync(existing)) existing = dirname(existing);
  const place = join(realpathSync(existing), relative(existing, given));
  const within = relative(realpathSync(dataDirectory), place);
  if (within === '' || !(within.startsWith('..') || resolve(within) === within))
    throw refuse(`${to} is in the project's own data folder.`);
  return place;
}

async function hashesOf(directory: string): Promise<ExportedAdapter['files']> {
  const files: ExportedAdapter['files'] = [];
  for (const name of (await readdir(directory)).sort()) {
    const path = join(directory, name);
    files.push({ name, sha256: await sha256OfFile(path), bytes: (await stat(path)).size });
  }
  return files;
}

function mergedCard(
  card: Parameters<typeof metricsOf>[0] & { project: string },
  as: ExportForm,
  baseFile: string,
  files: ExportedAdapter['files'],
): string {
  const { adapter, project } = card;
  const { id, lineage, metrics, createdAt } = adapter;
  const base = originalOf(lineage.baseModel) ?? baseFile;
  const table = (head: string, values: Readonly<Record<string, unknown>>) => [
    `| ${head} | |`,
    '|---|---|',
    ...Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(
        ([name, value]) =>
          `| ${name} | ${typeof value === 'number' ? Number(value.toPrecision(6)) : String(value).replaceAll('|', '\\|')} |`,
      ),
    '',
  ];
  return [
    '---',
    `base_model: ${JSON.stringify(base)}`,
    'base_model_relation: merge',
    ...(as === 'merged-safetensors' ? ['library_name: transformers'] : []),
    '---',
    '',
    `# ${project}: ${id}, merged`,
    '',
    `${base} with the adapter ${id} added to its weights: it needs no adapter any more. It answers as trained under the chat template it was trained under.`,
    '',
    ...table('data', {
      'training examples': metrics.examples,
      'SHA-256 of the training set': lineage.datasetHash,
      'weights it was trained on': baseFile,
      'SHA-256 of these weights': lineage.baseHash,
      ...lineageOf(adapter, createdAt),
    }),
    ...table('metric, of the adapter before merging', metricsOf(card)),
    ...table('hyperparameter', lineage.hyperparameters),
    ...table('file (SHA-256)', Object.fromEntries(files.map(({ name, sha256 }) => [name, sha256]))),
    as === 'merged-gguf'
      ? 'With llama.cpp: `llama-cli -m model.gguf`. With Tandem: `models.chat: "local:./DIRECTORY/model.gguf"`.'
      : 'With Transformers: `AutoModelForCausalLM.from_pretrained("DIRECTORY")`.',
    '',
  ].join('\n');
}
