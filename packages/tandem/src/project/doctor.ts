import { access, constants, statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { counted } from '../core/counted.ts';
import type { ProgressListener } from '../core/progress.ts';
import { latestHead, misfitOf } from '../decide/find-head.ts';
import { armInUse, describeDecision } from '../evaluate/deploy.ts';
import { checkEmbedderLanguage } from '../index/embedder-language.ts';
import { checkConsistency } from '../ingest/check-consistency.ts';
import { cacheDirectory as defaultCacheDirectory } from '../models/fetch/cache.ts';
import { freeMemory, memoryLimit } from '../models/free-memory.ts';
import { listModels } from '../models/list.ts';
import { enforceNetworkPolicy, networkPolicy } from '../models/network-policy.ts';
import { storeAddresses } from '../store/open-store.ts';
import { adapterChecks } from './adapter-checks.ts';
import { asCheck, type Check } from './check.ts';
import { openProject, type Project } from './open-project.ts';

export type { Check } from './check.ts';

/**
 * Checks the machine, the models and the project; says what is wrong with each and what to do.
 *
 * @example
 * for (const { name, state, message } of await doctor({ directory: 'handbook-project' })) console.log(name, state, message);
 */
export async function doctor(
  options: {
    /** Default: the nearest project at or above the working directory. */
    directory?: string;
    /** Where models are kept. Default: `TANDEM_CACHE`, else the platform's cache folder. */
    cacheDirectory?: string;
    onProgress?: ProgressListener;
    signal?: AbortSignal;
  } = {},
): Promise<Check[]> {
  const { cacheDirectory = defaultCacheDirectory() } = options;
  return [
    ...(await machineChecks(cacheDirectory)),
    ...(await modelChecks(cacheDirectory)),
    ...(await projectChecks(options)),
  ];
}

async function machineChecks(cacheDirectory: string): Promise<Check[]> {
  const checks: Check[] = [
    Number.parseInt(process.versions.node, 10) >= 24
      ? { name: 'Node', state: 'ok', message: process.version }
      : {
          name: 'Node',
          state: 'error',
          message: `${process.version} is too old.`,
          hint: 'Run it through npx or an npm script of the checkout, which bring Node 24.',
        },
  ];
  const memory = memoryLimit() / 1e9;
  checks.push({
    name: 'Machine',
    state: memory < 3 ? 'warning' : 'ok',
    message: `${availableParallelism()} cores, ${memory.toFixed(1)} GB of memory (${(freeMemory() / 1e9).toFixed(1)} free)`,
    ...(memory < 3 && { hint: 'Training the smallest model takes about 3 GB.' }),
  });
  const disk = await statfs(await existingParent(cacheDirectory));
  const free = (disk.bavail * disk.bsize) / 1e9;
  checks.push({
    name: 'Disk',
    state: free < 1 ? 'warning' : 'ok',
    message: `${free.toFixed(1)} GB free for the model cache (${cacheDirectory})`,
    ...(free < 1 && { hint: 'Free some space, or move the cache with TANDEM_CACHE.' }),
  });
  return checks;
}

async function existingParent(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    try {
      await access(at, constants.R_OK);
      return at;
    } catch {
      if (dirname(at) === at) return at;
    }
  }
}

async function modelChecks(cacheDirectory: string): Promise<Check[]> {
  const models = await listModels({ cacheDirectory });
  return models
    .filter(({ cached }) => cached)
    .map(
      ({ name, title }): Check => ({
        name: 'Model',
        state: 'ok',
        message: `local:${name} (${title}) is in the cache`,
      }),
    )
    .concat(
      models.some(({ cached }) => cached)
        ? []
        : [
            {
              name: 'Model',
              state: 'warning',
              message: 'No model is in the cache yet.',
              hint: 'The first command that needs one fetches it.',
            },
          ],
    );
}

async function projectChecks({
  directory,
  onProgress,
  signal,
}: {
  directory?: string;
  onProgress?: ProgressListener;
  signal?: AbortSignal;
}): Promise<Check[]> {
  try {
    await using project = await openProject({
      ...(directory !== undefined && { directory }),
      ...(onProgress && { onProgress }),
      ...(signal && { signal }),
    });
    using _network = enforceNetworkPolicy(
      networkPolicy(project.config, storeAddresses(project.config.store)),
    );
    const checks: Check[] = [
      { name: 'Project', state: 'ok', message: `${project.config.name} in ${project.directory}` },
    ];
    const { documents, chunks, problems } = await project.catalog.documents.count();
    checks.push(
      documents === 0
        ? {
            name: 'Index',
            state: 'warning',
            message: 'Nothing is ingested yet.',
            hint: 'Ingest the documents.',
          }
        : {
            name: 'Index',
            state: problems > 0 ? 'warning' : 'ok',
            message: `${counted(documents, 'document')}, ${counted(chunks, 'chunk')}${problems > 0 ? `, ${counted(problems, 'document')} could not be ingested` : ''}`,
            ...(problems > 0 && { hint: 'An ingest says which and why.' }),
          },
    );
    if (chunks > 0) {
      const step = { stage: 'comparing the index with the catalogue', total: 1, unit: 'indexes' };
      onProgress?.({ ...step, done: 0 });
      checks.push(await indexCheck(project, chunks));
      onProgress?.({ ...step, done: 1 });
    }
    checks.push(await useCheck(project));
    const { models } = project;
    for (const [name, open] of [
      ['Chat', () => models.chat()],
      ['Embedder', () => models.embedder()],
    ] as const) {
      try {
        const model = await open();
        checks.push({ name, state: 'ok', message: `${model.provider}:${model.modelId} opens` });
        if (name === 'Embedder') checks.push(...(await languageChecks(project, model as EmbeddingModelV4)));
      } catch (error) {
        checks.push(asCheck(name, error));
      }
    }
    checks.push(...(await headChecks(project)));
    if (project.settings.retrieve.ranking !== undefined) checks.push(await rankingCheck(project));
    const canAnswer = checks.every(({ state }) => state !== 'error');
    checks.push(...(await adapterChecks(project, { canAnswer, onProgress, signal })));
    return checks;
  } catch (error) {
    return [asCheck('Project', error)];
  }
}

/** What answers, and how that was decided. */
async function useCheck(project: Project): Promise<Check> {
  const deployed = await project.catalog.deployments.current();
  const { arm, adapterId } = await armInUse(project);
  const named = `${arm}${adapterId === undefined ? '' : ` (${adapterId})`}`;
  const how = deployed
    ? `${deployed.forced ? 'forced' : 'chosen'} ${describeDecision(deployed)}`
    : "the config's own";
  return {
    name: 'In use',
    state: deployed?.forced ? 'warning' : 'ok',
    message: `${named}, ${how}`,
    ...(deployed?.forced && {
      hint: `It rests on no comparison that shows it better: ${deployed.reason.replace(/\.$/, '')}.`,
    }),
  };
}

async function languageChecks({ catalog }: Project, embedder: EmbeddingModelV4): Promise<Check[]> {
  const warning = await checkEmbedderLanguage({ catalog, embedder });
  return warning ? [{ name: 'Languages', state: 'warning', ...warning }] : [];
}

/** Only the latest is used; one of another embedder or schema is refused. */
async function headChecks(project: Project): Promise<Check[]> {
  const name = 'Head';
  try {
    const latest = await latestHead(project);
    if (!latest) return [];
    const misfit = await misfitOf(latest, project);
    const fields = latest.figures.map(
      ({ path, folds }) => `${path} right in ${(100 * folds.accuracy).toFixed(0)} % of folds left out`,
    );
    return [
      misfit === undefined
        ? { name, state: 'ok', message: `${latest.id}: ${fields.join(', ')}` }
        : { name, state: 'warning', message: `${latest.id} ${misfit}`, hint: 'Train the head again.' },
    ];
  } catch (error) {
    return [asCheck(name, error)];
  }
}

/** A learnt ranking that is missing, damaged or of another embedder would stop every search. */
async function rankingCheck(project: Project): Promise<Check> {
  const name = 'Ranking';
  try {
    await project.retriever();
    return { name, state: 'ok', message: `${project.settings.retrieve.ranking}, learnt with this embedder` };
  } catch (error) {
    return asCheck(name, error);
  }
}

/** Comparing more chunks would take too much memory for a quick check. */
const mostCompared = 200_000;

async function indexCheck(project: Project, chunks: number): Promise<Check> {
  const name = 'Passages';
  if (chunks > mostCompared)
    return {
      name,
      state: 'ok',
      message: `not compared with the catalogue: there are more than ${counted(mostCompared, 'chunk')}`,
    };
  try {
    await checkConsistency(project.catalog, await project.store());
    return { name, state: 'ok', message: 'the index holds what the catalogue says, letter for letter' };
  } catch (error) {
    return asCheck(name, error);
  }
}
