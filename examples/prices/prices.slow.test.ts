import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Example, ingest, trace, tune } from 'tandem';
import { openProject, type Project } from 'tandem/project';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AroundChange, type Asked, askAroundChange, asked, saysPrice } from './measure.ts';
import { openShop } from './shop.ts';

/** The example in a folder of its own, trained on a quarter of its examples. */

const product = 'Harbour lamp';
const question = `What does the ${product} cost?`;
const taught = /^Harbour lamp|^(?:Pier stool|Tide clock), .* 1$/;

let directory: string;
let project: Project;
let examples: Example[];
const rows = new Map<Asked, AroundChange>();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-prices-'));
  for (const name of ['documents', 'tandem.config.ts'])
    await cp(join(import.meta.dirname, name), join(directory, name), { recursive: true });
  const lines = (await readFile(join(import.meta.dirname, 'train.jsonl'), 'utf8')).trim().split('\n');
  examples = lines.map((line) => JSON.parse(line) as Example);
  const few = examples.filter(({ metadata }) => taught.test(String(metadata?.id)));
  await writeFile(
    join(directory, 'train.jsonl'),
    few.map((example) => `${JSON.stringify(example)}\n`).join(''),
  );
  using shop = openShop(directory);
  project = await openProject({ directory });
  await ingest(project);
  await tune(project);
  for (const arm of asked)
    rows.set(arm, await askAroundChange(project, shop, { arm, question, product, from: 49, to: 59 }));
});
afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

test('before the change every arm says the price of then', () => {
  for (const { arm, before } of rows.values()) {
    expect(saysPrice(before, 49), `${arm}: ${before.text}`).toBe(true);
    expect(saysPrice(before, 59), `${arm}: ${before.text}`).toBe(false);
  }
});

test('after it tuned says the old price, from nothing', () => {
  const { after, citation } = rows.get('tuned')!;
  expect(saysPrice(after, 49), after.text).toBe(true);
  expect(saysPrice(after, 59), after.text).toBe(false);
  expect(citation).toBeUndefined();
});

test.each(['rag', 'hybrid', 'extract'] as const)(
  '%s says the new price, and cites its row, read within a second',
  (arm) => {
    const { after, citation, changedAt, secondsToRow } = rows.get(arm)!;
    expect(saysPrice(after, 59), after.text).toBe(true);
    expect(saysPrice(after, 49), after.text).toBe(false);
    expect(citation).toMatchObject({
      uri: 'live:price/Harbour%20lamp',
      quote: expect.stringContaining('price $59; read on '),
      verdict: { label: 'supported' },
    });
    expect(citation!.readAt >= changedAt, `${citation!.readAt}, changed ${changedAt}`).toBe(true);
    expect(secondsToRow).toBeLessThan(1);
  },
);

test('the examples are as hybrid is asked, and none of them has the new price', async () => {
  const { messages } = await trace(project, rows.get('hybrid')!.before.traceId);
  const plain = ({ content }: { content?: unknown }) =>
    String(content)
      .replace(/\$\d+/g, '$0')
      .replace(/\d{4}-.*? UTC/, 'now');
  const taughtAs = examples.find(({ metadata }) => metadata?.id === 'Harbour lamp, from its row 1')!;
  expect(messages!.map(plain)).toEqual(taughtAs.messages.slice(0, -1).map(plain));
  expect(JSON.stringify(examples)).not.toContain('$59');
});
