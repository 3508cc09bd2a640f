import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// What users get: each package is built, packed and unpacked into an empty folder's node_modules, beside its dependencies alone.

const root = path.resolve(import.meta.dirname, '..');
const references = path.join(root, 'packages/nn/references');
const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tandem-packages-'));
  await run(process.execPath, [path.join(root, 'scripts/build-packages.ts'), path.join(folder, 'built')]);
  for (const name of ['nn', 'tandem']) await install(path.join(folder, 'built', name));
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }\n');
  for (const name of ['@huggingface/tokenizers', '@types/node'])
    await link(name, path.join(root, 'node_modules'));
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs a program in the folder; an error carries what it printed. */
async function run(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd: folder }).catch((error) => {
    throw new Error(`${error.message}\n${error.stdout}`);
  });
  return stdout;
}

/** What `npm install` does with a tarball, but its dependencies are the repository's, those and no others. */
async function install(built: string): Promise<void> {
  const packed = await run('npm', ['pack', built, '--json', '--ignore-scripts', '--offline']);
  const { filename, name } = Object.values(JSON.parse(packed))[0] as { filename: string; name: string };
  const place = path.join(folder, 'node_modules', name);
  await mkdir(place, { recursive: true });
  await run('tar', ['-xzf', filename, '-C', place, '--strip-components=1']);
  const { dependencies } = JSON.parse(await readFile(path.join(place, 'package.json'), 'utf8'));
  const own = path.join(root, 'packages', path.basename(built), 'node_modules');
  for (const dependency of Object.keys(dependencies)) await link(dependency, own);
}

async function link(name: string, from: string): Promise<void> {
  const place = path.join(folder, 'node_modules', name);
  const original = [from, path.join(root, 'node_modules')].map((modules) => path.join(modules, name));
  if (existsSync(place) || name === '@tandem/nn') return;
  await mkdir(path.dirname(place), { recursive: true });
  await symlink(original.find((candidate) => existsSync(candidate))!, place);
}

/** The model that the README's example names: two random layers, and a tokenizer of the few words it uses. */
async function writeModel(directory: string): Promise<void> {
  await mkdir(directory);
  for (const file of ['config.json', 'model.safetensors'])
    await cp(path.join(references, 'decoders/smollm2', file), path.join(directory, file));
  const special = ['<unk>', '<|im_start|>', '<|im_end|>'];
  const words = [
    ...special,
    'user',
    'who',
    'approves',
    'leave',
    '?',
    'assistant',
    'the',
    'team',
    'lead',
    '.',
  ];
  const tokenizer = {
    version: '1.0',
    added_tokens: special.map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '<unk>',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(words.map((word, id) => [word, id])),
    },
  };
  await writeFile(path.join(directory, 'tokenizer.json'), JSON.stringify(tokenizer));
}

describe('@tandem/nn', () => {
  const place = () => path.join(folder, 'node_modules/@tandem/nn');

  test('the README’s example runs word for word, in at most 15 lines, and its types fit', async () => {
    const readme = await readFile(path.join(place(), 'README.md'), 'utf8');
    const [, example] = /```js\n([\s\S]*?)```/.exec(readme)!;
    const lines = example!.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('//'));
    expect(lines.length).toBeLessThanOrEqual(15);
    await writeModel(path.join(folder, 'SmolLM2-135M-Instruct'));
    await writeFile(path.join(folder, 'example.mjs'), example!);
    expect(await run(process.execPath, ['example.mjs'])).toMatch(/^loss \d\.\d+, then "\S+"\n$/);
    expect(await readdir(path.join(folder, 'adapter'))).toContain('adapter_model.safetensors');
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['adapter.gguf', 'run']));

    await writeFile(
      path.join(folder, 'consumer.ts'),
      `${example}
import { BertEncoder, graph, NnError, type TrainingProgress, type TrainingResult } from '@tandem/nn';
export const told = ({ stage, done }: TrainingProgress): string => \`\${stage} \${done}\`;
export const lossOf = ({ metrics }: TrainingResult): number | undefined => metrics.losses[0];
export const encoder: (options: { directory: string }) => Promise<BertEncoder> = BertEncoder.load;
export const made: graph.Graph = new graph.Graph('made');
export const caught = (error: unknown): string => (NnError.isInstance(error) ? error.code : '');
// @ts-expect-error a rank is a number: the types are there, not any
export const wrong = adapter.rank.toUpperCase();
`,
    );
    const options = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext', '--types', 'node'];
    expect(await run(process.execPath, [tsc, ...options, '--skipLibCheck', 'consumer.ts'])).toBe('');
  });

  test('the guide’s graph runs', async () => {
    const guide = await readFile(path.join(place(), 'docs/nn.md'), 'utf8');
    const [, example] = /```ts\n([\s\S]*?)```/.exec(guide)!;
    await writeFile(path.join(folder, 'graph.ts'), `${example}console.log(result.dw!.shape.join());\n`);
    expect(await run(process.execPath, ['graph.ts'])).toBe('3,4\n');
  });

  test('holds no tests, no fixtures and no references', async () => {
    const files = await readdir(place(), { recursive: true });
    expect(files.filter((file) => /\.test\.|fixture|(^|\/)references|(?<!\.d)\.ts$/.test(file))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'docs/nn.md', 'lib/train/thread-entry.js']),
    );
  });

  test('links of its README and guide lead somewhere', () => linksLead(place()));
});

describe('tandem', () => {
  const place = () => path.join(folder, 'node_modules/tandem');
  // As npm makes it: a link to the program, found by its first line.
  const tandem = async (...args: string[]) => {
    const { bin } = JSON.parse(await readFile(path.join(place(), 'package.json'), 'utf8'));
    return run(process.execPath, [path.join(place(), bin.tandem), ...args]);
  };

  test('says which Node it needs, so that npm can warn of an older one', async () => {
    const { engines, devEngines } = JSON.parse(await readFile(path.join(place(), 'package.json'), 'utf8'));
    expect({ engines, devEngines }).toEqual({ engines: { node: '>=24' }, devEngines: undefined });
  });

  test('the command line tells its version and its verbs', async () => {
    const { version } = JSON.parse(await readFile(path.join(root, 'packages/tandem/package.json'), 'utf8'));
    expect(await tandem('--version')).toBe(`${version}\n`);
    expect(await tandem('--help')).toContain('compare');
  });

  test('the command runs from any folder with the machine’s own Node, beside the Node that npm brings', async () => {
    const { optionalDependencies } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
    for (const name of Object.keys(optionalDependencies))
      if (existsSync(path.join(root, 'node_modules', name)))
        await link(name, path.join(root, 'node_modules'));
    const command = path.join(folder, 'node_modules/.bin/tandem');
    const { bin, version } = JSON.parse(await readFile(path.join(place(), 'package.json'), 'utf8'));
    await mkdir(path.dirname(command), { recursive: true });
    await symlink(path.join('../tandem', bin.tandem), command);
    const PATH = process.env
      .PATH!.split(path.delimiter)
      .filter((part) => !part.includes('node_modules'))
      .join(path.delimiter);
    const { stdout, stderr } = await promisify(execFile)(command, ['--version'], {
      cwd: tmpdir(),
      env: { ...process.env, PATH },
    });
    expect({ stdout, stderr }).toEqual({ stdout: `${version}\n`, stderr: '' });
  });

  test('a program imports it, and a document goes through its parser’s thread', async () => {
    const program = `import { createTandem } from 'tandem';
import { openProject } from 'tandem/project';
import { vectorStoreConformance } from 'tandem/store/conformance';
import { parseInThread } from ${JSON.stringify(path.join(place(), 'lib/parse/parser-thread.js'))};
const { text } = await parseInThread('text/html', { uri: 'a.html', bytes: Buffer.from('<p>Leave is 30 days.</p>') });
console.log([createTandem, openProject, vectorStoreConformance].map((each) => typeof each).join(), text.trim());
process.exit();
`;
    await writeFile(path.join(folder, 'program.mjs'), program);
    expect(await run(process.execPath, ['program.mjs'])).toBe(
      'function,function,function Leave is 30 days.\n',
    );
  });

  /** Puts a program into the folder, checks its types there as a user's compiler does, and runs it. */
  const runProgram = async (file: string) => {
    const program = path.basename(file);
    await cp(path.join(import.meta.dirname, file), path.join(folder, program));
    const options = ['--noEmit', '--strict', '--target', 'es2024', '--types', 'node', '--skipLibCheck'];
    const modules = ['--module', 'nodenext', '--moduleResolution', 'nodenext'];
    const lib = ['--lib', 'es2024,esnext.disposable,esnext.array,dom,dom.iterable'];
    expect(await run(process.execPath, [tsc, ...options, ...modules, ...lib, program])).toBe('');
    return run(process.execPath, [program]);
  };

  test('works in a program with the AI SDK: as its model and its tool, and with its models', async () => {
    expect((await runProgram('peers/ai-sdk.ts')).trim().split('\n')).toEqual([
      'models of the AI SDK as chat model and embedder',
      'generateText: rag and extract, with sources',
      'streamText: rag and extract, with sources',
      'an abort stops the model behind it',
      'leaving the stream stops it as well',
      'a model calls the search as a tool',
      'what does not fit is told',
    ]);
  });

  test('works in a program with LangChain, which it asks for where it is not installed', async () => {
    await writeFile(path.join(folder, 'without.mjs'), `await import('tandem/langchain');\n`);
    await expect(run(process.execPath, ['without.mjs'])).rejects.toThrow(
      /tandem\/langchain needs the package @langchain\/core, which is not installed/,
    );
    await link('@langchain/core', path.join(root, 'node_modules'));
    expect((await runProgram('peers/langchain.ts')).trim().split('\n')).toEqual([
      'a retriever of documents with their places',
      'a chain of retriever, prompt and model, with options and a signal for one call',
      'a tool that a model is given and calls',
      'what does not fit is told',
    ]);
  });

  test.each(['clinic', 'embed-in-your-app'])(
    'the example %s imports nothing of the repository',
    async (name) => {
      const example = path.join(root, 'examples', name);
      const { exports } = JSON.parse(await readFile(path.join(place(), 'package.json'), 'utf8'));
      const published = Object.keys(exports).map((entry) => path.posix.join('tandem', entry));
      const files = (await readdir(example)).filter((file) => /(?<!\.test)\.ts$/.test(file));
      const imported = await Promise.all(
        files.map(async (file) => [
          ...(await readFile(path.join(example, file), 'utf8')).matchAll(/(?:from|import\() ?'([^']+)'/g),
        ]),
      );
      const names = imported.flat().map(([, specifier]) => specifier!);
      const others = names.filter((specifier) => !/^(node:|\.\/[\w.-]+$)/.test(specifier));
      expect(others.length).toBeGreaterThan(0);
      for (const specifier of others)
        expect([...published, 'ai', '@ai-sdk/openai-compatible']).toContain(specifier);
    },
  );

  test('brings its Python worker, and no tests', async () => {
    const files = await readdir(place(), { recursive: true });
    expect(files.filter((file) => /\.test\.|fixture|(?<!\.d)\.ts$/.test(file))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'lib/tune/worker/train_lora.py']));
  });

  test('links of its README and guides lead somewhere', () => linksLead(place()));
});

async function linksLead(place: string): Promise<void> {
  const pages = ['README.md', ...(await readdir(path.join(place, 'docs'))).map((page) => `docs/${page}`)];
  let links = 0;
  for (const page of pages) {
    const text = await readFile(path.join(place, page), 'utf8');
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      expect(existsSync(path.resolve(place, path.dirname(page), target!)), `${page}: ${target}`).toBe(true);
      links += 1;
    }
  }
  expect(links).toBeGreaterThan(0);
}
