import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPriceTable, tokenPriceOf } from './price-table.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-prices-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("every price of the package's table has its date and source; a dated snapshot costs what the model does", async () => {
  const table = await readPriceTable(undefined, directory);
  const prices = [...Object.values(table.models), table.machine!];
  expect(prices.length).toBeGreaterThan(3);
  for (const { date, source } of prices) expect([date.length > 0, source.length > 0]).toEqual([true, true]);
  const [model] = Object.keys(table.models) as [string];
  expect(tokenPriceOf(`${model}-2025-04-14`, table)).toEqual({ model, ...table.models[model] });
});

test('an unknown model is one clear sentence, whatever objects have of their own', async () => {
  const table = await readPriceTable(undefined, directory);
  for (const name of ['acme-9', 'constructor'])
    expect(() => tokenPriceOf(name, table, "the package's price table")).toThrow(
      `the package's price table has no price for ${name}, so its cost a month is not known.`,
    );
});

test('a table of the project takes the place of the package’s, and what is wrong with it is said', async () => {
  const write = (text: string) => writeFile(join(directory, 'prices.json'), text);
  const read = () => readPriceTable('prices.json', directory);
  await expect(read()).rejects.toThrow('The price table prices.json cannot be read.');
  await write('{');
  await expect(read()).rejects.toThrow(/^The price table prices\.json is no JSON: /);
  await write(
    JSON.stringify({ models: { m: { inputPerMillion: 1, outputPerMillion: 2, source: 'a bill' } } }),
  );
  await expect(read()).rejects.toThrow(/^The price table prices\.json is wrong at models\.m\.date: /);
  const own = { inputPerMillion: 1, outputPerMillion: 2, date: '2026-02', source: 'a bill' };
  await write(JSON.stringify({ models: { m: own } }));
  expect(tokenPriceOf('m', await read())).toEqual({ model: 'm', ...own });
  expect((await read()).machine).toBeUndefined();
});
