import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTandem } from './tandem-process.fixture.ts';

/** The command line as a user has it: its own process, the real models, a project in a temporary folder. */

const clinic = resolve(import.meta.dirname, '../../../../examples/clinic');
const minutes = 60_000;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-cli-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const start = (args: string[], env: Record<string, string> = {}) =>
  startTandem(args, { cwd: directory, env });
const tandem = (...args: string[]) => start(args).done;
const jsonLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const documents = [
  'GARD-0002953',
  'MPlusHealthTopics-0000404',
  'MPlusHealthTopics-0000093',
  'MPlusHealthTopics-0000777',
  'NHLBI-0000101',
  'NHLBI-0000059',
];

describe('a project with documents and no labels', () => {
  test('init, ingest, search and ask', { timeout: 10 * minutes }, async () => {
    await mkdir(join(directory, 'handbook'));
    for (const id of documents)
      await cp(join(clinic, 'documents', `${id}.md`), join(directory, 'handbook', `${id}.md`));

    expect(await tandem('init', '--docs', 'handbook', '--chat', 'local:smollm2-135m-instruct')).toMatchObject(
      { code: 0 },
    );
    const again = await tandem('init');
    expect(again.code).toBe(1);
    expect(again.err).toMatch(/There is a project already/);

    const before = await tandem('search', 'heart block');
    expect(before.code).toBe(1);
    expect(before.err).toMatch(/tandem ingest/);

    const report = JSON.parse((await tandem('ingest', '--json')).out);
    expect(report).toMatchObject({ added: 6, problems: [], index: { documents: 6 } });
    expect(JSON.parse((await tandem('ingest', '--json')).out)).toMatchObject({
      added: 0,
      unchanged: 6,
      embedded: 0,
    });

    await writeFile(
      join(directory, 'questions.jsonl'),
      `${JSON.stringify({ id: 'a', question: 'What is heart block?' })}\n${JSON.stringify({ id: 'b', question: 'Who is at risk of retinal detachment?' })}\n`,
    );
    const found = jsonLines((await tandem('search', '--batch', 'questions.jsonl', '--k', '2')).out);
    expect(found.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(found[0].passages).toHaveLength(2);
    expect(found[0].passages[0]).toMatchObject({
      documentId: 'NHLBI-0000059',
      uri: 'handbook/NHLBI-0000059.md',
    });
    expect(found[1].passages[0].documentId).toBe('MPlusHealthTopics-0000777');
    // Offsets count in the text below the front matter.
    const body = (await readFile(join(directory, 'handbook/NHLBI-0000059.md'), 'utf8')).replace(
      /^---\n[\s\S]*?\n---\n/,
      '',
    );
    for (const { start: from, end, text } of found[0].passages) expect(body.slice(from, end)).toBe(text);

    const extract = JSON.parse((await tandem('ask', '--extract', 'What is heart block?', '--json')).out);
    expect(extract.abstained).toBe(false);
    expect(extract.citations[0].quote).toBe(body.slice(extract.citations[0].start, extract.citations[0].end));

    const answered = jsonLines((await tandem('ask', '--batch', 'questions.jsonl', '--arm', 'rag')).out);
    expect(answered.map((line) => Object.keys(line))).toEqual([
      ['id', 'answer', 'abstained', 'outcome', 'citations', 'claims', 'traceId'],
      ['id', 'answer', 'abstained', 'outcome', 'citations', 'claims', 'traceId'],
    ]);
    const trace = await tandem('trace', answered[0].traceId);
    expect(trace.out).toContain('<|im_start|>system');
    expect(trace.out).toContain('handbook/NHLBI-0000059.md');
    expect(trace.out).toContain('What is heart block?');
  });

  test('what the documents are not about is not in the sources', async () => {
    const answer = JSON.parse(
      (await tandem('ask', 'Which team won the football championship in 2018?', '--arm', 'rag', '--json'))
        .out,
    );
    expect(answer).toMatchObject({ abstained: true, text: 'The sources do not say.', citations: [] });
  });

  test('compare without an adapter: a report, and a table on the terminal', {
    timeout: 10 * minutes,
  }, async () => {
    const cases = [
      {
        id: '1',
        question: 'What is heart block?',
        expected: "Heart block is a problem that occurs with the heart's electrical system.",
      },
      {
        id: '2',
        question: 'What is giant cell arteritis?',
        expected: 'Giant cell arteritis is a disorder that causes inflammation of your arteries.',
      },
    ];
    await writeFile(join(directory, 'qa.jsonl'), cases.map((item) => JSON.stringify(item)).join('\n'));
    const estimate = await tandem('compare', '--arms', 'base,rag', '--qa', 'qa.jsonl', '--estimate');
    expect(estimate).toMatchObject({ code: 0, out: '' });
    expect(estimate.err).toMatch(/answers: about .* of memory, no money/);

    const { code, out } = await tandem('compare', '--arms', 'base,rag', '--qa', 'qa.jsonl');
    expect(code).toBe(0);
    expect(out).toContain('smollm2-135m-instruct');
    const report = await readFile(/Report: (.*)$/m.exec(out)![1]!, 'utf8');
    expect(report).toContain('What is giant cell arteritis?');
    expect(report).not.toMatch(/(src|href)="https?:/);
    const tuned = await tandem('compare', '--arms', 'tuned', '--qa', 'qa.jsonl');
    expect(tuned).toMatchObject({ code: 1 });
    expect(tuned.err).toMatch(/no trained adapter yet/);
  });
});

describe('training', () => {
  const config = (extra: string) => `
    import clinic from ${JSON.stringify(join(clinic, 'tandem.config.ts'))};
    export default { ...clinic, name: 'small', sources: [{ type: 'files', path: 'handbook' }],
      dataset: { questions: 'training.jsonl', glossary: 'glossary.csv', mix: { passages: 6, absent: 2, closed: 2, rewrite: 4, glossary: 0 } }${extra} };`;

  beforeAll(async () => {
    const all = jsonLines(await readFile(join(clinic, 'questions.jsonl'), 'utf8'));
    const own = all
      .filter(({ source }) => source && documents.includes(source.documentId))
      .map((line, index) => ({ ...line, split: index === 0 ? 'validation' : 'train' }));
    expect(own.length).toBeGreaterThan(3);
    await writeFile(join(directory, 'training.jsonl'), own.map((line) => JSON.stringify(line)).join('\n'));
    await writeFile(join(directory, 'glossary.csv'), 'abbreviation,long_form\nHB,heart block\n');
    await cp(join(clinic, 'style-guide.md'), join(directory, 'style-guide.md'));
    await writeFile(join(directory, 'tandem.config.ts'), config(''));
  });

  test('Ctrl-C in the middle loses nothing: the same command goes on from there', {
    timeout: 15 * minutes,
  }, async () => {
    expect(await tandem('ingest')).toMatchObject({ code: 0 });
    const estimate = await tandem('tune', '--estimate');
    expect(estimate.err).toMatch(/examples, \d+ tokens, \d+ steps: about .* of memory, no money/);

    const { child, done } = start(['tune']);
    await new Promise<void>((settle) => {
      child.stderr!.on('data', (data) => {
        if (String(data).includes('training: ')) settle();
      });
      child.on('close', () => settle());
    });
    child.kill('SIGINT');
    const stopped = await done;
    expect(stopped).toMatchObject({ code: 130 });
    expect(stopped.err).toMatch(/Nothing is lost/);

    const finished = await tandem('tune');
    expect(finished.err).not.toMatch(/Error/);
    expect(finished).toMatchObject({ code: 0 });
    expect(finished.out).toMatch(/agrees with the trainer: mean KL/);
    expect((await tandem('tune')).out).toMatch(/Nothing has changed since the last training/);
  });

  test('an adapter answers; it becomes the default only when forced, and that can be undone', {
    timeout: 10 * minutes,
  }, async () => {
    const answer = JSON.parse((await tandem('ask', 'What is heart block?', '--arm', 'hybrid', '--json')).out);
    expect(answer.arm).toBe('hybrid');
    expect(answer.searchQuery).toBeTypeOf('string');

    const refused = await tandem('use', 'hybrid');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toMatch(/has not been compared with rag, which is used now/);
    expect(refused.err).toMatch(/`tandem compare`, or `--force --reason "…"`/);
    const forced = JSON.parse(
      (await tandem('use', 'hybrid', '--force', '--reason', 'a trial', '--json')).out,
    );
    expect(forced).toMatchObject({ arm: 'hybrid', forced: true, why: 'a trial', insteadOf: { arm: 'rag' } });
    expect(JSON.parse((await tandem('ask', 'What is heart block?', '--json')).out).arm).toBe('hybrid');
    expect((await tandem('use', '--undo')).out).toMatch(/Went back from hybrid to rag/);
    const nothing = await tandem('use', '--undo');
    expect(nothing).toMatchObject({ code: 1 });
  });
});

describe('bad input is one sentence and a non-zero exit', () => {
  test.each([
    [['ask'], /There is no question/],
    [['ask', ' '], /question is empty/],
    [['ask', 'Why?', '--arm', 'magic'], /There is no arm called "magic"/],
    [['ask', '--batch', 'none.jsonl'], /There is no file none\.jsonl/],
    [['search', 'x', '--k', '0'], /whole number of 1 or more/],
    [['trace', 'trace_nothing'], /There is no trace/],
    [['use', 'rag', '--adapter', 'a'], /rag arm has no adapter/],
    [['use', 'tuned', '--adapter', 'adapter_none'], /no adapter adapter_none/],
    [['ask', 'Why?', '--project', '/nonexistent'], /There is no tandem\.config\.ts in \/nonexistent/],
    [['tune', '--glossary', 'none.csv'], /none\.csv cannot be read/],
    [['ingest', 'nowhere'], /nowhere/],
    [['frobnicate'], /unknown command/],
    [['tune', '--embedder', '--memory', '1GB'], /'--embedder' cannot be used with option '--memory/],
    [['tune', '--reranker', '--from', 'a'], /'--reranker' cannot be used with option '--from/],
  ])('tandem %j', async (args, message) => {
    const { code, err } = await tandem(...args);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
    expect(code).toBe(1);
  });

  test('a question longer than the context is refused, never cut', async () => {
    const { code, err } = await tandem('ask', 'What is heart block? '.repeat(2000), '--arm', 'base');
    expect(err).toMatch(/does not fit the model's context/);
    expect(code).toBe(1);
  });

  test('a broken batch file is named by its line before anything is asked', async () => {
    await writeFile(join(directory, 'broken.jsonl'), '{"id":1,"question":"Why?"}\n{"id":2,\n');
    const { code, out, err } = await tandem('search', '--batch', 'broken.jsonl');
    expect(err).toMatch(/broken\.jsonl:2 is not valid JSON/);
    expect(out).toBe('');
    expect(code).toBe(1);
  });

  test('a wrong config key is named', async () => {
    const other = join(directory, 'other');
    await mkdir(other);
    await writeFile(join(other, 'tandem.config.ts'), "export default { name: 'x', retreive: { k: 3 } };");
    const { code, err } = await tandem('ask', 'Why?', '--project', 'other');
    expect(err).toMatch(/has the key `retreive`, which Tandem does not know/);
    expect(code).toBe(1);
    await writeFile(join(other, 'tandem.config.ts'), "export default { name: 'x', retrieve: { k: 0 } };");
  });

  test('documents that cannot be read are listed, the others are ingested', async () => {
    const mixed = join(directory, 'mixed');
    await mkdir(mixed);
    await writeFile(
      join(mixed, 'tandem.config.ts'),
      "export default { name: 'mixed', sources: [{ type: 'files', path: 'docs' }] };",
    );
    await mkdir(join(mixed, 'docs'));
    await writeFile(join(mixed, 'docs/good.md'), '# Tea\n\nTea is made from leaves.\n');
    await writeFile(join(mixed, 'docs/empty.md'), '');
    await writeFile(join(mixed, 'docs/broken.pdf'), '%PDF-1.4 nothing here');
    const { code, out } = await tandem('ingest', '--project', 'mixed');
    expect(out).toMatch(/1 added/);
    expect(out).toMatch(/Not ingested: docs\/empty\.md/);
    expect(out).toMatch(/Not ingested: docs\/broken\.pdf/);
    expect(code).toBe(1);
  });

  test('a damaged or missing model file is said', async () => {
    const broken = join(directory, 'broken-model');
    await mkdir(broken);
    await writeFile(join(broken, 'model.gguf'), 'GGUF but not really');
    await writeFile(
      join(broken, 'tandem.config.ts'),
      "export default { name: 'b', models: { chat: 'local:./model.gguf' } };",
    );
    const damaged = await tandem('ask', 'Why?', '--arm', 'base', '--project', 'broken-model');
    expect(damaged).toMatchObject({ code: 1 });
    expect(damaged.err).toMatch(/model\.gguf/);
    await writeFile(
      join(broken, 'tandem.config.ts'),
      "export default { name: 'b', models: { chat: 'local:./none.gguf' } };",
    );
    const missing = await tandem('ask', 'Why?', '--arm', 'base', '--project', 'broken-model');
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.err).toMatch(/none\.gguf/);
  });
});

test('models list and doctor say what there is', async () => {
  const models = JSON.parse((await tandem('models', '--json')).out);
  expect(models.find(({ name }: { name: string }) => name === 'smollm2-135m-instruct')).toMatchObject({
    cached: true,
    trainable: true,
    licence: 'Apache-2.0',
  });
  expect((await tandem('models', 'list')).out).toMatch(/local:all-minilm-l6-v2/);
  const { out } = await tandem('doctor');
  expect(out).toMatch(/✓ Project/);
});
