import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkAdapter } from './check-adapter.ts';
import { openProject } from './project.ts';
import { tune } from './tune.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-preferences-'));
  await writeFile(
    join(directory, 'tandem.config.ts'),
    `export default { name: 'thumbs', tune: { rank: 2, alpha: 4, epochs: 1, batchSize: 2, targetModules: ['q_proj', 'v_proj'] } };\n`,
  );
});
afterAll(() => rm(directory, { recursive: true }));

const pair = (question: string, good: string, bad: string) =>
  JSON.stringify({
    input: { messages: [{ role: 'user', content: question }] },
    preferred_output: [{ role: 'assistant', content: good }],
    non_preferred_output: [{ role: 'assistant', content: bad }],
  });
async function file(...lines: string[]): Promise<string> {
  const path = join(directory, 'preferences.jsonl');
  await writeFile(path, lines.join('\n'));
  return path;
}

describe('thumbs up and down become training', () => {
  test('from a new adapter, then from that one on; the folder has a card', async () => {
    await using project = await openProject({ directory });
    const preferences = await file(pair('Hello?', 'Good day.', 'Yo.'), pair('Bye?', 'Farewell.', 'Cya.'));
    const first = await tune(project, { preferences });
    expect(first.adapter.lineage.hyperparameters).toMatchObject({
      method: 'dpo',
      beta: 0.1,
      learningRate: 5e-5,
    });
    expect(first.adapter.metrics.trainLoss).toBeCloseTo(Math.log(2), 4);
    expect((await tune(project, { preferences })).reused).toBe(true);
    const card = await readFile(join(project.dataDirectory, first.adapter.directory, 'README.md'), 'utf8');
    expect(card).toContain(first.adapter.lineage.baseHash);
    expect(card).toContain(first.adapter.lineage.templateHash);
    expect(card).toContain('| peft/adapter_model.safetensors |');

    const second = await tune(project, { preferences, from: first.adapter.id });
    expect(second.adapter.id).not.toBe(first.adapter.id);
    expect(second.adapter.lineage.hyperparameters).toMatchObject({ from: first.adapter.id, rank: 2 });

    // Served only over the weights and under the template it was trained with.
    const chat = await (await project.models()).chat();
    await expect(checkAdapter(first.adapter, chat)).resolves.toBeUndefined();
    const { lineage } = first.adapter;
    await expect(
      checkAdapter({ ...first.adapter, lineage: { ...lineage, baseHash: 'x'.repeat(64) } }, chat),
    ).rejects.toThrow(/another base/);
    await expect(
      checkAdapter({ ...first.adapter, lineage: { ...lineage, templateHash: 'x'.repeat(64) } }, chat),
    ).rejects.toThrow(/another chat template/);
  });

  test('what cannot be used is named with its line', async () => {
    await using project = await openProject({ directory });
    const cases: [string, RegExp][] = [
      [pair('Hello?', 'Yo.', 'Yo.'), /preferences\.jsonl:1 prefers a reply to itself/],
      [pair('Hello?', 'word '.repeat(1100), 'Yo.'), /:1 has \d+ tokens, and at most 1024 fit/],
      ['{"input":{"messages":[]}}', /:1 does not fit/],
    ];
    for (const [line, sentence] of cases) {
      await expect(tune(project, { preferences: await file(line) })).rejects.toThrow(sentence);
    }
    const preferences = await file(pair('Hello?', 'Good day.', 'Yo.'));
    await expect(tune(project, { preferences, from: 'adapter_none' })).rejects.toThrow(
      /no adapter adapter_none/,
    );
  });
});
