import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { importPeft, readDecoderConfig, sha256OfFile } from '@tandem/nn';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../answer/ask.ts';
import { checkAdapter } from '../answer/find-adapter.ts';
import { feedbackFile, rateAnswer } from '../dataset/feedback.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { exportAdapter } from '../tune/export-adapter.ts';
import { tune } from '../tune/tune.ts';
import { openProject } from './open-project.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-preferences-'));
  await writeFile(
    join(directory, 'tandem.config.ts'),
    `export default { name: 'thumbs', models: { chat: 'local:smollm2-135m-instruct' }, answer: { maxTokens: 8 }, tune: { rank: 2, alpha: 4, epochs: 1, batchSize: 2, targetModules: ['q_proj', 'v_proj'] } };\n`,
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
    // What AutoPeft and the card's lines load; no path of this machine.
    expect(card).toContain('base_model: "HuggingFaceTB/SmolLM2-135M-Instruct"');
    expect(card).toContain('from_pretrained("HuggingFaceTB/SmolLM2-135M-Instruct")');
    const peft = join(project.dataDirectory, first.adapter.directory, 'peft/adapter_config.json');
    expect(JSON.parse(await readFile(peft, 'utf8')).base_model_name_or_path).toBe(
      'HuggingFaceTB/SmolLM2-135M-Instruct',
    );

    const { id } = first.adapter;
    const to = (name: string) => join(directory, 'exports', name);
    const exported = await exportAdapter(project, id, { to: to('peft') });
    expect(exported.files.map(({ name }) => name)).toEqual([
      'README.md',
      'adapter_config.json',
      'adapter_model.safetensors',
    ]);
    expect((await importPeft(to('peft'))).tensors).toEqual((await importPeft(dirname(peft))).tensors);
    await exportAdapter(project, id, { to: to('gguf'), as: 'gguf' });
    expect(await sha256OfFile(join(to('gguf'), 'adapter.gguf'))).toBe(
      await sha256OfFile(join(project.dataDirectory, first.adapter.directory, 'adapter.gguf')),
    );
    const merged = await exportAdapter(project, id, { to: to('merged'), as: 'merged-gguf' });
    expect(merged.files.map(({ name }) => name)).toEqual(['README.md', 'model.gguf']);
    expect(await readFile(join(to('merged'), 'README.md'), 'utf8')).toContain(merged.files[1]!.sha256);
    expect((await readDecoderConfig(join(to('merged'), 'model.gguf'))).layers).toBe(30);
    for (const [options, sentence] of [
      [{ to: to('merged') }, /has something in it/],
      [{ to: join(project.dataDirectory, 'new') }, /the project's own data folder/],
      [{ to: peft }, /is a file/],
      [{ to: to('folder'), as: 'merged-safetensors' }, /^The base is a GGUF file, which has no config\.json/],
      [{ to: to('folder'), as: 'merged-safetensors', files: directory }, /is not a Hugging Face folder/],
      [{ to: to('folder'), as: 'peft', type: 'F16' }, /Only merged-gguf/],
    ] as const)
      await expect(exportAdapter(project, id, options)).rejects.toThrow(sentence);
    await expect(exportAdapter(project, 'adapter_none', { to: to('folder') })).rejects.toThrow(
      /no adapter adapter_none/,
    );
    // Nothing half written is left.
    expect((await readdir(join(directory, 'exports'))).sort()).toEqual(['gguf', 'merged', 'peft']);

    expect(card).toContain(first.adapter.lineage.templateHash);
    expect(card).toContain('| peft/adapter_model.safetensors |');

    const second = await tune(project, { preferences, from: first.adapter.id });
    expect(second.adapter.id).not.toBe(first.adapter.id);
    expect(second.adapter.lineage.hyperparameters).toMatchObject({ from: first.adapter.id, rank: 2 });

    // Served only over the weights and under the template it was trained with.
    const chat = await project.models.chat();
    checkAdapter(first.adapter, chat);
    const { lineage } = first.adapter;
    const withLineage = (other: Partial<typeof lineage>) => ({
      ...first.adapter,
      lineage: { ...lineage, ...other },
    });
    expect(() => checkAdapter(withLineage({ baseHash: 'x'.repeat(64) }), chat)).toThrow(/another base/);
    expect(() => checkAdapter(withLineage({ templateHash: 'x'.repeat(64) }), chat)).toThrow(
      /another chat template/,
    );
  });

  test('ratings of answers make the pairs, on the prompt that the model saw', async () => {
    await using project = await openProject({ directory });
    const { catalog } = project;
    const { traceId } = await ask(project, 'Hello?', { arm: 'base' });
    const trace = (await catalog.traces.get(traceId))!;
    const tools = localToolsOf(await project.models.chat())!;
    expect(tools.renderPrompt(trace.messages!)).toBe(trace.prompt);

    await rateAnswer(project, traceId, { rating: 'down' });
    await expect(tune(project, { preferences: 'feedback' })).rejects.toThrow(
      /^Feedback gives 0 pairs \(0 rated up, 1 rated down, 0 of these with a better text\), and one step of training takes 2\./,
    );
    await rateAnswer(project, traceId, { rating: 'down', better: 'Good day.' });
    // The same prompt, answered otherwise: rated up beside the one rated down.
    await catalog.traces.put({ ...trace, id: 'trace_up', rawOutput: 'Welcome.' });
    await catalog.traces.put({ ...trace, id: 'trace_same', rawOutput: 'Welcome.' });
    for (const id of ['trace_up', 'trace_same']) await rateAnswer(project, id, { rating: 'up' });
    const lines = (await readFile(await feedbackFile(project, 2), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      ['Good day.', 'Welcome.'].map((chosen) => ({
        input: { messages: trace.messages },
        preferred_output: [{ role: 'assistant', content: chosen }],
        non_preferred_output: [{ role: 'assistant', content: trace.rawOutput }],
      })),
    );
    const { adapter } = await tune(project, { preferences: 'feedback' });
    expect(adapter.metrics.examples).toBe(2);
    expect((await catalog.datasets.get(adapter.lineage.datasetHash))!.path).toMatch(/^preferences/);

    for (const [id, options, sentence] of [
      [traceId, { rating: 'up', better: 'x' }, /rated up needs no better/],
      [traceId, { rating: 'down', better: ' ' }, /is empty/],
      [traceId, { rating: 'down', better: trace.rawOutput }, /is the answer of .* itself/],
      ['trace_none', { rating: 'up' }, /no trace trace_none/],
    ] as const)
      await expect(rateAnswer(project, id, options)).rejects.toThrow(sentence);
    const { messages: _, ...unasked } = { ...trace, id: 'trace_unasked', prompt: '' };
    await catalog.traces.put(unasked);
    await expect(rateAnswer(project, 'trace_unasked', { rating: 'up' })).rejects.toThrow(
      /No model was asked/,
    );
    await rateAnswer(project, traceId, { rating: 'none' });
    expect((await catalog.feedback.list()).map((each) => each.traceId)).toEqual(['trace_up', 'trace_same']);
    await expect(rateAnswer(project, traceId, { rating: 'none' })).rejects.toThrow(/was not rated/);
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
