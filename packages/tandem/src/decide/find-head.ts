import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { embedderIdentity } from '../index/embedder-identity.ts';
import type { Parts } from '../parts/parts.ts';
import { choiceFields } from './choice-fields.ts';
import { type Head, headFile, readHead } from './head.ts';

/** A head that was trained here. */
export interface KeptHead extends Head {
  id: string;
  runId: string;
}

type HeadParts = Pick<Parts, 'catalog' | 'models' | 'settings' | 'dataDirectory'>;

/**
 * The latest head. It reads the vectors of the embedder that it was trained with, and chooses among the values that the project's schema
 * lists: of another embedder or schema it is not used.
 * @throws InvalidInputError where there is none, or it does not fit
 */
export async function findHead(parts: HeadParts): Promise<KeptHead> {
  const latest = await latestHead(parts);
  if (!latest)
    throw new InvalidInputError({
      domain: 'decide',
      where: 'head',
      message: 'There is no trained head yet.',
      hint: 'Train one first (tuneHead).',
    });
  const misfit = await misfitOf(latest, parts);
  if (misfit !== undefined)
    throw new InvalidInputError({
      domain: 'decide',
      where: 'head',
      message: `The head ${latest.id} ${misfit}.`,
      hint: 'Train the head again (tuneHead).',
    });
  return latest;
}

/** The latest head whose folder is there, of one run where that is given; undefined where there is none. */
export async function latestHead(
  { catalog, dataDirectory }: Pick<Parts, 'catalog' | 'dataDirectory'>,
  ofRun?: string,
): Promise<KeptHead | undefined> {
  for (const { id: runId, status, config, artefacts } of await catalog.runs.list({
    kind: 'tune',
    limit: 10_000,
  })) {
    if (ofRun !== undefined && runId !== ofRun) continue;
    const [folder] = artefacts;
    if (status !== 'done' || folder === undefined || (config as { kind?: string }).kind !== 'head') continue;
    const directory = join(dataDirectory, folder);
    if (!existsSync(join(directory, headFile))) continue;
    return { id: folder.split(/[/\\]/).at(-1)!, runId, ...(await readHead(directory)) };
  }
  return undefined;
}

/** Why a head cannot be used in this project as it is now, to follow its name; undefined where it can. */
export async function misfitOf(
  { embedderHash, fields }: Head,
  { models, settings }: Pick<Parts, 'models' | 'settings'>,
): Promise<string | undefined> {
  const { hash, name } = embedderIdentity(await models.embedder());
  if (hash !== embedderHash) return `was trained with another embedder than ${name}`;
  const listed = new Map(
    choiceFields(settings.answer.output?.schema).map(({ path, choices }) => [path, choices]),
  );
  const changed = fields.find(({ path, choices }) => String(listed.get(path)) !== String(choices));
  return changed && `chooses among other values of ${changed.path} than answer.output.schema lists now`;
}
