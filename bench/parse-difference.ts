/**
 * What another checkout of Tandem makes of the same files: how many documents have the same text, blocks and offsets there.
 *
 *     npm run bench -- parse-difference CHECKOUT FOLDER… [--extensions md,html] [--first 3] [--most N] [--json FILE]
 *
 * CHECKOUT is a folder with Tandem's source and its node_modules (`git worktree add`, `npm ci`); "before" is its parser, "after"
 * this checkout's. FOLDERs are searched for files that can be read, or for those with --extensions. Both parsers read every file, taking
 * turns at being first; --most takes so many files, evenly spread over all. Prints the processor time of each, and --first
 * differences of each kind: what stands on the first line that differs.
 *
 *   text     the document's text is the same, character by character
 *   blocks   the same kinds and levels, in the same order, with the same words
 *   offsets  the same places in the text too, with pages and lines
 *   names    title, other names and metadata
 *   errors   a file that both refuse, with the same sentence
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { readableExtensions } from '../packages/tandem/src/core/media-type.ts';
import type { Document } from '../packages/tandem/src/core/types/document.ts';
import type * as parser from '../packages/tandem/src/parse/parse-document.ts';

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: {
    extensions: { type: 'string' },
    first: { type: 'string', default: '3' },
    most: { type: 'string' },
    json: { type: 'string' },
  },
});
const [checkout, ...folders] = positionals;
const parserFile = path.join('packages', 'tandem', 'src', 'parse', 'parse-document.ts');
if (checkout === undefined || folders.length === 0 || !existsSync(path.join(checkout, parserFile))) {
  console.error(
    'Name a checkout of Tandem and the folders to read: npm run bench -- parse-difference CHECKOUT FOLDER…',
  );
  process.exit(2);
}

type Parser = Pick<typeof parser, 'parseDocument'>;
type Outcome = { document: Document } | { refused: string };
const load = (root: string) => import(pathToFileURL(path.resolve(root, parserFile)).href) as Promise<Parser>;
const readable = new Set(readableExtensions);
const before = await load(checkout);
const after = await load(path.join(import.meta.dirname, '..'));

const aspects = {
  text: ({ text }: Document) => text,
  blocks: ({ text, blocks }: Document) =>
    blocks
      .map(({ kind, level, start, end }) => `${kind}${level ?? ''}: ${text.slice(start, end)}`)
      .join('\n'),
  offsets: ({ blocks }: Document) => blocks.map((block) => JSON.stringify(block)).join('\n'),
  names: ({ title, aliases, metadata }: Document) =>
    [title, ...aliases, ...Object.entries(metadata).map((each) => each.join(': '))].join('\n'),
};
type Aspect = keyof typeof aspects;
const names = Object.keys(aspects) as Aspect[];

const result = {
  documents: 0,
  characters: 0,
  same: { text: 0, blocks: 0, offsets: 0, names: 0 },
  refused: { byBoth: 0, before: 0, after: 0 },
  processorSeconds: { before: 0, after: 0 },
};
const shown = new Map<string, string[]>();
for (const [number, file] of filesOf(folders).entries()) {
  const bytes = readFileSync(file);
  const outcomes = {} as Record<'before' | 'after', Outcome>;
  const turns = [['before', before] as const, ['after', after] as const];
  for (const [side, { parseDocument }] of number % 2 === 0 ? turns : turns.toReversed()) {
    const started = process.cpuUsage();
    outcomes[side] = await parseDocument({ uri: file, bytes }).then(
      (document) => ({ document }),
      (error: Error) => ({ refused: error.message }),
    );
    const { user, system } = process.cpuUsage(started);
    result.processorSeconds[side] += (user + system) / 1e6;
  }
  compare(file, outcomes.before, outcomes.after);
}
print();
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(result, undefined, 2)}\n`);
process.exit();

function filesOf(roots: readonly string[]): string[] {
  const wanted = flags.extensions?.split(',').map((extension) => extension.trim().toLowerCase());
  const files = roots.flatMap((root) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => {
        const extension = path.extname(file).slice(1).toLowerCase();
        return wanted === undefined ? readable.has(extension) : wanted.includes(extension);
      })
      .sort(),
  );
  const most = Number(flags.most ?? files.length);
  return files.length <= most
    ? files
    : Array.from({ length: most }, (_, index) => files[Math.floor((index * files.length) / most)]!);
}

function compare(file: string, one: Outcome, other: Outcome): void {
  if ('refused' in one || 'refused' in other) {
    const [was, is] = [one, other].map((each) => ('refused' in each ? each.refused : 'it was read'));
    if (was === is) result.refused.byBoth++;
    else {
      if ('refused' in one) result.refused.before++;
      if ('refused' in other) result.refused.after++;
      show('errors', file, was!, is!);
    }
    return;
  }
  result.documents++;
  result.characters += other.document.text.length;
  for (const aspect of names) {
    const [was, is] = [aspects[aspect](one.document), aspects[aspect](other.document)];
    if (was === is) result.same[aspect]++;
    // Other text has other offsets: that says nothing more.
    else if (aspect !== 'offsets' || one.document.text === other.document.text) show(aspect, file, was, is);
  }
}

/** Keeps the first line that differs, with the one before it. */
function show(kind: string, file: string, was: string, is: string): void {
  const list = shown.get(kind) ?? [];
  shown.set(kind, list);
  if (list.length >= Number(flags.first)) return;
  const [old, young] = [was.split('\n'), is.split('\n')];
  const line = old.findIndex((each, index) => each !== young[index]);
  const at = line < 0 ? old.length : line;
  const around = (lines: string[]) =>
    lines
      .slice(Math.max(0, at - 1), at + 2)
      .map((each) => (each.length > 150 ? `${each.slice(0, 150)}…` : each))
      .join('\n        ');
  list.push(
    `  ${path.relative(process.cwd(), file)}, line ${at + 1}\n    before: ${around(old)}\n    after:  ${around(young)}`,
  );
}

function print(): void {
  const { documents, characters, same, refused, processorSeconds } = result;
  console.log(`${documents} documents, ${(characters / 1e6).toFixed(2)} million characters`);
  for (const aspect of names)
    console.log(`the same ${aspect.padEnd(8)} ${same[aspect]} (${documents - same[aspect]} differ)`);
  console.log(
    `refused: ${refused.byBoth} alike by both, ${refused.before} only or otherwise before, ${refused.after} only or otherwise after`,
  );
  const { before: old, after: young } = processorSeconds;
  console.log(
    `processor: ${old.toFixed(2)} s before, ${young.toFixed(2)} s after (${(young / old).toFixed(2)} times as long)`,
  );
  for (const [kind, list] of shown) if (list.length > 0) console.log(`\n${kind}\n${list.join('\n')}`);
}
