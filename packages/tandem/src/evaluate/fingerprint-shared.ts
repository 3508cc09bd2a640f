import { sufficiencyKey } from '../answer/sufficiency/calibration.ts';
import { hashJson } from '../core/hash.ts';
import { localToolsOf } from '../models/local-tools.ts';
import type { Parts } from '../parts/parts.ts';
import { retrievalSettings } from '../parts/retriever-for.ts';

/** Hash of what all arms share and their answers depend on: model, index, retrieval, form of the reply. */
export async function fingerprintShared(
  parts: Pick<Parts, 'settings' | 'catalog' | 'models' | 'material' | 'directory'>,
): Promise<string> {
  const { settings, catalog, models } = parts;
  const index = await catalog.index.get();
  const {
    styleRules: _rules,
    prompts: _prompts,
    arm: _arm,
    keepTracesDays: _days,
    ...answer
  } = settings.answer;
  return hashJson({
    model: localToolsOf(await models.chat())?.baseHash ?? models.names.chat,
    embedder: models.names.embedder,
    index: index && [index.configurationHash, index.committedSeq],
    retrieve: await retrievalSettings(parts),
    sufficiency: (await catalog.calibrations.get(sufficiencyKey)) ?? null,
    answer,
  });
}
