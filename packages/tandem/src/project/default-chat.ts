import { existsSync } from 'node:fs';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import { defaultModels } from '../models/providers.ts';
import { knownModels } from '../models/registry.ts';

/**
 * The chat model of a project whose config names none: the one that its latest adapter was trained on, where that is a model of the
 * registry, else the default of this version of Tandem. So a project that was trained under an earlier default keeps its model with its
 * adapters, whatever the default is now.
 */
export async function defaultChat(catalogFile: string): Promise<string> {
  if (!existsSync(catalogFile)) return defaultModels.chat;
  await using catalog = await openCatalog(catalogFile);
  const latest = (await catalog.adapters.list()).find(({ hosted }) => hosted === undefined);
  const base = knownModels.find(({ name, kind }) => kind === 'chat' && name === latest?.lineage.baseModel);
  return base ? `local:${base.name}` : defaultModels.chat;
}
