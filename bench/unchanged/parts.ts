/** What is compared: each part makes a checkout do something with the projects, and gives what came of it. */
import { cpSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Checkout, jsonLines, type SearchRequest } from './checkout.ts';
import { collections, nameOf, questionsFile, requestsFile } from './inputs.ts';

/** What was compared, such as "search: clinic" → the question's id, or a name → what came of it, as JSON. */
export type Observations = Record<string, Record<string, unknown>>;

/** One checkout at work in a folder of its own. */
export interface Side {
  checkout: Checkout;
  /** The folder of a project, ingested when it is first asked for, and what the ingest reported. */
  ingested(name: string): { project: string; report: unknown };
}

export function openSide(checkout: Checkout, inputs: string, folder: string): Side {
  // For a project whose config imports the library: that of this checkout.
  symlinkSync(join(checkout.directory, 'node_modules'), join(folder, 'node_modules'));
  const projects = new Map<string, { project: string; report: unknown }>();
  return {
    checkout,
    ingested(name) {
      let made = projects.get(name);
      if (!made) {
        const project = join(folder, name);
        cpSync(join(inputs, name), project, { recursive: true });
        made = { project, report: JSON.parse(checkout.tandem(project, 'ingest', '--json')) };
        projects.set(name, made);
      }
      return made;
    },
  };
}

export const parts: Record<string, (side: Side) => Observations> = {
  search: (side) => searchOf('clinic', side),
  collections: (side) => {
    const made: Observations = {};
    for (const name of collections.map(nameOf)) Object.assign(made, searchOf(name, side));
    return made;
  },
};

function searchOf(name: string, { checkout, ingested }: Side): Observations {
  const { project, report } = ingested(name);
  const requests = JSON.parse(readFileSync(join(project, requestsFile), 'utf8')) as SearchRequest[];
  const batch = jsonLines<{ id: string; passages: unknown[] }>(
    checkout.tandem(project, 'search', '--batch', questionsFile, '--k', '10'),
  );
  const found = checkout.search(project, requests);
  return {
    [`${name}: ingest`]: { report },
    [`${name}: search`]: Object.fromEntries(batch.map(({ id, passages }) => [id, passages])),
    [`${name}: search, all of it`]: Object.fromEntries(requests.map(({ id }, at) => [id, found[at]])),
  };
}
