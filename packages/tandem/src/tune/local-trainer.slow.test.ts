import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { trainerConformance } from './conformance.ts';
import { localTrainer } from './local-trainer.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tandem-local-trainer-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('the local trainer', () => {
  const baseFile = join(import.meta.dirname, '../../../nn/references/decoders/smollm2/model.gguf');
  const place = () => mkdtemp(join(root, 'place-'));
  for (const { name, run } of trainerConformance({ trainer: localTrainer(), baseFile, place }))
    test(name, run);
});
