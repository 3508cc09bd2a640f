import type { Command } from 'commander';
import type { DocumentCatalog } from '../catalog/catalog.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ChunkFilter } from '../store/chunk-table.ts';

/** Which documents a command looks at. Each flag takes one value and may be given several times: a question may follow it. */
export interface FilterFlags {
  where?: string[];
  document?: string[];
  access?: string[];
}

const collectValues = (value: string, before: string[] = []) => [...before, value];

export function withFilterFlags(command: Command): Command {
  return command
    .option(
      '--where <key=value>',
      'only documents with this in their metadata; may be repeated: values of one key are alternatives',
      collectValues,
    )
    .option('--document <id>', 'only in this document; may be repeated', collectValues)
    .option(
      '--access <label>',
      'only documents with this access label, as somebody who holds it would see them; may be repeated (default: all)',
      collectValues,
    );
}

export function filterOf({ where, document, access }: FilterFlags): ChunkFilter {
  return {
    ...(where && { metadata: metadataFilter(where) }),
    ...(document && { documentIds: document }),
    ...(access && { access }),
  };
}

/** Why a filter lets nothing through: a key, value, document or label that does not exist. Undefined where all of them exist. */
export async function unknownInFilter(
  filter: ChunkFilter,
  catalog: Pick<DocumentCatalog, 'list'>,
): Promise<string | undefined> {
  if (!filter.metadata && !filter.documentIds && !filter.access) return undefined;
  const documents = await catalog.list();
  const metadata = Object.entries(filter.metadata ?? {});
  const keys = new Set(documents.flatMap((document) => Object.keys(document.metadata)));
  for (const [key, values] of metadata) {
    if (!keys.has(key))
      return `No document has "${key}" in its metadata; ${keys.size > 0 ? `there is ${listSome(keys)}` : 'none has any metadata'}.`;
    const there = new Set(documents.flatMap((document) => document.metadata[key] ?? []));
    const strange = [values].flat().find((value) => !there.has(value));
    if (strange !== undefined) return `No document's "${key}" is "${strange}"; there is ${listSome(there)}.`;
  }
  const ids = new Set(documents.map(({ id }) => id));
  const lost = filter.documentIds?.find((id) => !ids.has(id));
  if (lost !== undefined) return `There is no document "${lost}"; ids are ${listSome(ids)}.`;
  const labels = new Set(documents.map(({ access }) => access));
  const unknownLabel = filter.access?.find((label) => !labels.has(label));
  if (unknownLabel !== undefined)
    return `No document has the access label "${unknownLabel}"; there is ${listSome(labels)}.`;
  return undefined;
}

function listSome(values: ReadonlySet<string>): string {
  const all = [...values].sort();
  return `${all.slice(0, 10).join(', ')}${all.length > 10 ? ` and ${all.length - 10} more` : ''}`;
}

/** `year=2021 year=2022 kind=leaflet` */
function metadataFilter(pairs: readonly string[]): Record<string, string[]> {
  const filter: Record<string, string[]> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1)
      throw new InvalidInputError({
        domain: 'cli',
        where: '--where',
        message: `--where ${pair} has no value.`,
        hint: 'Write --where key=value.',
      });
    const key = pair.slice(0, at);
    filter[key] = [...(filter[key] ?? []), pair.slice(at + 1)];
  }
  return filter;
}
