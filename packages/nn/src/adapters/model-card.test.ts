import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportModelCard } from './model-card.ts';

test('a card tells base, data, settings, metrics, every file’s hash and how to load it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tandem-card-'));
  try {
    await mkdir(join(directory, 'peft'));
    await writeFile(join(directory, 'peft', 'adapter_config.json'), '{}');
    await writeFile(join(directory, 'adapter.gguf'), 'weights');
    const card = {
      title: 'clinic',
      base: { name: 'org/base "7B"', sha256: 'b'.repeat(64) },
      data: { sha256: 'd'.repeat(64), examples: 12, validationExamples: 3 },
      hyperparameters: { rank: 16, targetModules: ['q_proj', 'v_proj'], maxMinutes: undefined },
      metrics: { 'validation loss': 0.1234567, note: 'a | b\nc' },
      files: { peft: 'peft', gguf: 'adapter.gguf' },
    };
    await exportModelCard(directory, card);
    // Written again it does not hash itself.
    await exportModelCard(directory, card);
    const text = await readFile(join(directory, 'README.md'), 'utf8');
    expect(text).toMatch(/^---\nbase_model: "org\/base \\"7B\\""\nlibrary_name: peft\n/);
    expect(text).toContain('| SHA-256 of the training set | dddd');
    expect(text).toContain('| targetModules | q_proj, v_proj |');
    expect(text).toContain('| validation loss | 0.123457 |');
    expect(text).toContain('| note | a \\| b c |');
    expect(text).not.toContain('maxMinutes');
    expect(text).toContain('PeftModel.from_pretrained(base, "peft")');
    expect(text).toContain('--lora adapter.gguf');
    const hash = createHash('sha256').update('weights').digest('hex');
    expect(text).toContain(`| adapter.gguf | \`${hash}\` |`);
    expect(text).toContain('| peft/adapter_config.json |');
    expect(text).not.toContain('| README.md');
  } finally {
    await rm(directory, { recursive: true });
  }
});
