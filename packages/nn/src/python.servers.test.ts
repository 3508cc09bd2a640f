import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportMergedSafetensors } from './adapters/merge.ts';
import { exportPeft } from './adapters/peft.ts';
import { trainLora } from './train/train-lora.ts';

/**
 * What this package writes, loaded by the Python libraries that it is for: they must agree with it. Needs a Python with torch,
 * transformers, peft and sentence-transformers, which `npm run test:servers` brings (TANDEM_PYTHON).
 */

const python = process.env.TANDEM_PYTHON ?? 'python3';
/** An error says what stood on stderr. */
const quiet = { encoding: 'utf8', stdio: 'pipe' } as const;
const references = join(import.meta.dirname, '../references');

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-python-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** The script's own assertions fail it. */
function check(script: string, ...args: string[]): string {
  return execFileSync(python, [join(references, script), ...args], quiet);
}

test.for(['smollm2', 'qwen3', 'gemma3'])(
  'an adapter trained on a tiny %s: PEFT loads it, Transformers loads base and adapter merged',
  async (family) => {
    const base = join(references, 'decoders', family);
    const tokens = Array.from({ length: 12 }, (_, at) => 3 + ((at * 17) % 45));
    const { adapter } = await trainLora({
      model: base,
      examples: Array.from({ length: 8 }, (_, at) => ({
        tokens: [...tokens, at + 3],
        labelSpans: [[6, 13]],
      })),
      hyperparameters: { rank: 4, alpha: 8, learningRate: 1e-2, batchSize: 2, epochs: 2 },
    });
    const folder = join(directory, `${family}-adapter`);
    await exportPeft(adapter, folder, { baseModel: base });
    expect(check('check_peft.py', folder, base)).toContain('the adapter moves them by up to');
    const merged = join(directory, `${family}-merged`);
    await exportMergedSafetensors(adapter, merged, { base });
    expect(check('check_merged.py', base, folder, merged)).toContain('the adapter moves them by up to');
  },
);

test('sentence-transformers loads embedders and cross-encoders that were trained here, full and LoRA, and agrees', () => {
  const said = execFileSync(process.execPath, [join(references, 'bert', 'check_folders.ts'), python], quiet);
  expect(said.match(/least cosine|largest difference/g)).toHaveLength(4);
});
