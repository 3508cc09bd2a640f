import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeAdapter } from '../tune/trained-adapter.ts';
import { writeAdapterCard } from './adapter-card.ts';

const baseFile = join(import.meta.dirname, '../../../nn/references/decoders/smollm2/model.gguf');

test("a user's own base is called by its file's name, and the card says what to put there", async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tandem-own-base-'));
  try {
    const adapter = { rank: 1, alpha: 1, targetModules: [], tensors: new Map() };
    await writeAdapter(adapter, directory, { baseFile });
    const config = JSON.parse(await readFile(join(directory, 'peft/adapter_config.json'), 'utf8'));
    expect(config.base_model_name_or_path).toBe('model.gguf');
    const metrics = { examples: 1, steps: 1, tokens: 1, seconds: 1, tokensPerSecond: 1, peakMemoryBytes: 1 };
    const lineage = {
      baseHash: 'b',
      templateHash: 't',
      datasetHash: 'd',
      baseModel: 'model.gguf',
      hyperparameters: {},
      runId: 'r',
      trainer: 'local' as const,
    };
    await writeAdapterCard(directory, {
      project: 'mine',
      adapter: { id: 'a', createdAt: '', directory: 'a', lineage, metrics },
      baseFile,
    });
    const card = await readFile(join(directory, 'README.md'), 'utf8');
    expect(card).toContain('from_pretrained("BASE")');
    expect(card).toContain('for BASE put the Hub repository or the folder');
    expect(card).not.toContain(import.meta.dirname.split('/').slice(0, 3).join('/'));
  } finally {
    await rm(directory, { recursive: true });
  }
});
