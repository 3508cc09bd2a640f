import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { z } from 'zod';
import { embedderIdentity } from '../../index/embedder-identity.ts';
import { localToolsOf } from '../../models/local-tools.ts';
import { defaultModels } from '../../models/providers.ts';
import type { Parts } from '../../parts/parts.ts';
import { referenceOf } from '../../parts/reference-of.ts';
import { rankingFile, readLearnedRanking } from '../../retrieve/learn/learned-ranking.ts';
import type { LearntEvaluation } from './learnt-evaluation.ts';

/** A ranking or a reranker of the project. */
export interface FoundPart {
  /** As the setting names it, or would. */
  reference: string;
  isConfigured: boolean;
}

/** A tuned embedder of the project, and the one that it was made from; one of the two is the parts' own. */
export interface FoundEmbedder extends FoundPart {
  tuned: EmbeddingModelV4;
  base: EmbeddingModelV4;
}

/** What a project has; of what is not configured, the latest. */
export interface FoundLearnt {
  /** `embedderHash`: of the embedder that it was learnt with, and must be used with. */
  ranking?: FoundPart & { embedderHash: string };
  reranker?: FoundPart;
  embedder?: FoundEmbedder;
  leftOut: LearntEvaluation['leftOut'];
}

type FindingParts = Pick<Parts, 'settings' | 'models' | 'catalog' | 'directory' | 'dataDirectory'>;

/** What the settings name, and of what they do not name the latest that was learnt or trained. */
export async function findLearnt(parts: FindingParts): Promise<FoundLearnt> {
  const leftOut: FoundLearnt['leftOut'] = [];
  const own = await parts.models.embedder();
  const ranking = await findRanking(parts);
  const reranker = await findReranker(parts);
  const embedder = await findEmbedder(parts, own, leftOut);
  const fitting = [own, embedder?.tuned].flatMap((each) => (each ? embedderIdentity(each).hash : []));
  if (ranking && !ranking.isConfigured && !fitting.includes(ranking.embedderHash)) {
    const why =
      'The latest ranking is not compared: it was learnt with another embedder, and has to be learnt again with the present one.';
    leftOut.push({ kind: 'ranking', reference: ranking.reference, why });
    return { ...(reranker && { reranker }), ...(embedder && { embedder }), leftOut };
  }
  return {
    ...(ranking && { ranking }),
    ...(reranker && { reranker }),
    ...(embedder && { embedder }),
    leftOut,
  };
}

async function findRanking(parts: FindingParts): Promise<FoundLearnt['ranking']> {
  const configured = parts.settings.retrieve.ranking;
  const latest = await latestIn(parts, 'rankings', rankingFile);
  const reference = configured ?? (latest === undefined ? undefined : referenceOf(parts, latest));
  if (reference === undefined) return undefined;
  const { embedderHash } = await readLearnedRanking(resolve(parts.directory, reference));
  return { reference, isConfigured: configured !== undefined, embedderHash };
}

async function findReranker(parts: FindingParts): Promise<FoundPart | undefined> {
  const configured = parts.models.names.reranker;
  if (configured !== undefined) return { reference: configured, isConfigured: true };
  const latest = await latestIn(parts, 'rerankers', 'model.safetensors');
  return latest === undefined
    ? undefined
    : { reference: `local:${referenceOf(parts, latest)}`, isConfigured: false };
}

/** What the run of an embedder's training says of the embedder that it began with. */
const trainedFrom = z.object({ base: z.string() });

async function findEmbedder(
  parts: FindingParts,
  own: EmbeddingModelV4,
  leftOut: FoundLearnt['leftOut'],
): Promise<FoundEmbedder | undefined> {
  const { dataDirectory, models, catalog } = parts;
  const root = join(dataDirectory, 'embedders');
  const path = localToolsOf(own)?.path;
  const isConfigured = path !== undefined && resolve(path, '..') === resolve(root);
  if (!isConfigured) {
    const latest = await latestIn(parts, 'embedders', 'model.safetensors');
    if (latest === undefined) return undefined;
    const reference = `local:${referenceOf(parts, latest)}`;
    const tuned = await models.embedderNamed(reference);
    if (embedderIdentity(tuned).hash !== embedderIdentity(own).hash)
      return { reference, isConfigured: false, tuned, base: own };
    const why =
      'The latest embedder is not compared: its weights are those of the present one, since its training brought nothing better.';
    leftOut.push({ kind: 'embedder', reference, why });
    return undefined;
  }

  const reference = models.names.embedder;
  const refuse = (why: string) => {
    leftOut.push({ kind: 'embedder', reference, why });
    return undefined;
  };
  const artefact = relative(dataDirectory, path);
  const run = (await catalog.runs.list({ kind: 'tune', limit: 10_000 })).find(({ artefacts }) =>
    artefacts.includes(artefact),
  );
  // Runs of before the base was written down: most began with the default.
  const base = trainedFrom.safeParse(run?.config).data?.base ?? defaultModels.embedder;
  if (!run)
    return refuse(
      'The embedder is not compared: there is no record of the training that made it, so that nothing says with what.',
    );
  const before = await models.embedderNamed(base);
  if (localToolsOf(before)?.baseHash !== run.inputs.base)
    return refuse(`The embedder is not compared: it was trained from another one than ${base}.`);
  return { reference, isConfigured: true, tuned: own, base: before };
}

/** The latest folder of a kind that was written to its end; ids sort by age. */
async function latestIn(
  { dataDirectory }: Pick<Parts, 'dataDirectory'>,
  kind: string,
  file: string,
): Promise<string | undefined> {
  const root = join(dataDirectory, kind);
  if (!existsSync(root)) return undefined;
  const name = (await readdir(root)).sort().findLast((each) => existsSync(join(root, each, file)));
  return name === undefined ? undefined : join(root, name);
}
