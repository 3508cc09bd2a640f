import type { Command } from 'commander';
import { gigabytes } from '../core/gigabytes.ts';
import { chooseChatModel, machineFacts } from '../models/choose-chat-model.ts';
import { addModel } from '../models/fetch/fetch-model.ts';
import { listModels } from '../models/list.ts';

export function addModels(program: Command, signal: AbortSignal): void {
  const group = program.command('models').description('The models that can be used here.');
  group
    .command('list', { isDefault: true })
    .description('Size, memory, licence, and whether it can be trained here.')
    .action(async (_options: object, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>();
      const [models, { model, reason, next }] = await Promise.all([
        listModels({ signal }),
        chooseChatModel(machineFacts({ signal })),
      ]);
      if (json) {
        const suggested = models.map((each) => ({ ...each, suggested: each.name === model.name }));
        console.log(JSON.stringify(suggested, null, 2));
        return;
      }
      console.log(table(models));
      console.log(`\nFor a new project here: ${reason}${next ? `\n${next.reason}` : ''}`);
    });
  group
    .command('add <reference> <path>')
    .description(
      "Put a model that was brought here by hand into the cache: a GGUF file, or an embedder's folder.",
    )
    .action(async (reference: string, path: string, _options: object, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>();
      const model = await addModel(reference, path, { signal });
      console.log(json ? JSON.stringify(model, null, 2) : `${model.name} is in the cache: ${model.path}`);
    });
}

type Listed = Awaited<ReturnType<typeof listModels>>[number];

function table(models: readonly Listed[]): string {
  const rows = models.map((model) => [
    `local:${model.name}`,
    model.kind,
    gigabytes(model.size),
    `${model.speed || model.kind === 'embedder' ? '' : 'about '}${gigabytes(model.memory)}`,
    model.licence,
    model.cached ? 'yes' : 'no',
    model.fits ? 'yes' : 'no',
    model.tried ? 'yes' : 'no',
    describeLanguages(model.languages),
    model.trainable === true ? 'yes' : `no: ${model.trainable}`,
  ]);
  const header = [
    'model',
    'kind',
    'download',
    'memory',
    'licence',
    'cached',
    'fits',
    'tried with Tandem',
    'languages',
    'trainable here',
  ];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const describeLanguages = (languages: Listed['languages']) =>
  languages === undefined ? '' : languages === 'many' ? 'many' : languages.join(', ');
