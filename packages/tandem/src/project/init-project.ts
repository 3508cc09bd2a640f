import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { settingsSchema } from '../core/settings.ts';
import { caseLineSchema } from '../dataset/cases.ts';
import { refuseContradictions } from '../dataset/contradictions.ts';
import { readPlacedJsonl } from '../dataset/jsonl.ts';
import { linesOfForm } from '../dataset/line-forms.ts';
import { defaultModels } from '../models/providers.ts';
import { parseModelReference } from '../models/registry.ts';
import { configFileIn, newConfigFile } from './load-config.ts';

/**
 * Makes a project in `directory`: a `tandem.config.ts` and a `.gitignore` line for `.tandem/`. Writes over nothing. In an npm
 * package that is not of modules it is a `tandem.config.mts`, which Node loads there.
 * @throws InvalidInputError when there is a project already, or the documents or questions are not there
 *
 * @example
 * const { config } = await initProject({ directory: 'new-project', docs: 'handbook' });
 * console.log(config);
 */
export async function initProject(options: {
  directory: string;
  docs?: string;
  qa?: string;
  /** The chat model that the config names, or what chooses one once all else is in order. Default: `local:qwen2.5-coder-0.5b`. */
  chat?: string | (() => Promise<string>);
}): Promise<{ config: string }> {
  const directory = resolve(options.directory);
  const before = configFileIn(directory);
  if (before) {
    throw new InvalidInputError({
      domain: 'project',
      where: before,
      message: `There is a project already: ${before}.`,
      hint: 'Edit that file, or choose another folder.',
    });
  }
  const docs = options.docs === undefined ? undefined : await checkExists(options.docs, 'docs');
  const qa = options.qa === undefined ? undefined : await checkExists(options.qa, 'qa');
  if (qa !== undefined) {
    const { answer } = settingsSchema.parse({});
    refuseContradictions(await readPlacedJsonl(qa, linesOfForm(caseLineSchema, answer)));
  }
  const chat = typeof options.chat === 'function' ? await options.chat() : options.chat;
  // What can be said of a local model's name before there is a config with providers.
  if (chat?.startsWith('local:') || chat?.startsWith('hf:')) parseModelReference(chat, directory);
  await mkdir(directory, { recursive: true });
  const path = (absolute: string) =>
    JSON.stringify(relative(directory, absolute).split('\\').join('/') || '.');
  const lines = [
    '// All settings, with their meanings and defaults: docs/config.md of the Tandem repository.',
    'export default {',
    `  name: ${JSON.stringify(basename(directory) || 'project')},`,
    docs === undefined
      ? "  // sources: [{ type: 'files', path: 'handbook' }],"
      : `  sources: [{ type: 'files', path: ${path(docs)} }],`,
    `  models: { chat: ${quoted(chat ?? defaultModels.chat)}, embedder: ${quoted(defaultModels.embedder)} },`,
    qa === undefined ? "  // dataset: { qa: 'questions.jsonl' }," : `  dataset: { qa: ${path(qa)} },`,
    '};',
    '',
  ];
  const config = newConfigFile(directory);
  await writeFile(config, lines.join('\n'), { flag: 'wx' });
  await ignoreDataFolder(directory);
  return { config };
}

const quoted = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`;

async function checkExists(path: string, option: string): Promise<string> {
  const absolute = resolve(path);
  await stat(absolute).catch((cause) => {
    throw new InvalidInputError({
      domain: 'project',
      where: option,
      cause,
      message: `\`${option}\` names ${absolute}, which does not exist.`,
      hint: 'Check the path; a relative one starts at the working directory.',
    });
  });
  return absolute;
}

async function ignoreDataFolder(directory: string): Promise<void> {
  const file = join(directory, '.gitignore');
  const content = existsSync(file) ? await readFile(file, 'utf8') : '';
  if (content.split('\n').some((line) => line.trim().replace(/\/$/, '') === '.tandem')) return;
  await appendFile(file, `${content === '' || content.endsWith('\n') ? '' : '\n'}.tandem/\n`);
}
