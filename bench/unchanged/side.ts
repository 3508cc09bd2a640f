/** One checkout at work on the projects, in a folder of its own. */
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkout } from './checkout.ts';

export interface Side {
  checkout: Checkout;
  /** Where the projects come from, by name. */
  inputs: string;
  /** Runs `tandem` in a project's folder; what it printed as JSON. */
  json<T = Record<string, unknown>>(project: string, ...args: string[]): T;
  /** The folder of a project, ingested when it is first asked for, and what the ingest reported. */
  ingested(name: string): { project: string; report: unknown };
  /** The example with its adapter, trained when it is first asked for, and what `tandem tune` printed. */
  trained(): { project: string; adapter: { id: string; directory: string } };
  /** A copy of an ingested project under another of its config files: the index is the same, the answers are others. */
  under(config: string, name: string): string;
}

/** @param inputs what \`writeInputs\` wrote @param folder empty; what is made comes into it */
export function openSide(checkout: Checkout, inputs: string, folder: string): Side {
  // For a project whose config imports the library: that of this checkout.
  symlinkSync(join(checkout.directory, 'node_modules'), join(folder, 'node_modules'));
  const projects = new Map<string, ReturnType<Side['ingested']>>();
  let adapter: ReturnType<Side['trained']> | undefined;
  const side: Side = {
    checkout,
    inputs,
    json: (project, ...args) => JSON.parse(checkout.tandem(project, ...args, '--json')),
    ingested(name) {
      let made = projects.get(name);
      if (!made) {
        const project = join(folder, name);
        cpSync(join(inputs, name), project, { recursive: true });
        made = { project, report: side.json(project, 'ingest') };
        projects.set(name, made);
      }
      return made;
    },
    trained() {
      const { project } = side.ingested('clinic');
      adapter ??= { project, adapter: side.json(project, 'tune') };
      return adapter;
    },
    under(config, name) {
      const copy = join(folder, `${name}-${config}`);
      cpSync(side.ingested(name).project, copy, { recursive: true });
      cpSync(join(copy, config), join(copy, 'tandem.config.ts'));
      return copy;
    },
  };
  return side;
}
