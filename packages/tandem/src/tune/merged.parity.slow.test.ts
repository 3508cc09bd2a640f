import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportMergedGguf, importPeft } from '@tandem/nn';
import { expect, test } from 'vitest';
import { openLocalChat } from '../models/local-chat.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { localLogits } from './local-trainer.ts';

const references = join(import.meta.dirname, '../../../nn/references/decoders');
const tokens = Array.from({ length: 20 }, (_, index) => 3 + ((index * 17 + index * index) % 45));
const positions = tokens.map((_, index) => index);

/** Largest difference of a logit, which here lie between ±15: F32 sums in another order; weights rounded to halves. */
const bounds = { F32: 1e-3, F16: 5e-2 };

test.each(['smollm2', 'qwen2'])(
  'llama.cpp answers with a merged %s as the trainer does with base and adapter',
  async (family) => {
    const folder = join(references, family);
    const [base, peft] = [join(folder, 'model.gguf'), join(folder, 'adapter')];
    const [expected] = await (await localLogits(base, peft))([{ tokens, positions }]);
    const directory = await mkdtemp(join(tmpdir(), 'tandem-merged-'));
    try {
      for (const [type, bound] of Object.entries(bounds) as ['F32' | 'F16', number][]) {
        const path = join(directory, `${type}.gguf`);
        await exportMergedGguf(await importPeft(peft), path, { base, type });
        await using chat = await openLocalChat({ path, keyValueType: 'F32', contextLength: 64 });
        const actual = await localToolsOf(chat)!.evaluateLogits(tokens, { positions });
        const distance = Math.max(
          ...actual.flatMap((row, at) =>
            Array.from(row, (value, index) => Math.abs(value - expected![at]![index]!)),
          ),
        );
        expect(distance, type).toBeLessThan(bound);
      }
    } finally {
      await rm(directory, { recursive: true });
    }
  },
);
