/** What a caller may get wrong: each is one sentence that says what, where and what to do. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NnError } from '../errors/nn-error.ts';
import { readCheckpoint } from './checkpoint.ts';
import { shiftedPairs, tinyEmbedder } from './tiny-encoder-job.fixture.ts';
import { tinyJob, tinyPreferenceJob } from './tiny-job.fixture.ts';
import { trainCrossEncoder } from './train-cross-encoder.ts';
import { trainEmbedder } from './train-embedder.ts';
import { decoderLogits, evaluateLoss, trainLora, trainPreferences } from './train-lora.ts';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'tandem-options-'));
  file = path.join(folder, 'file');
  await writeFile(file, 'not a folder');
});
afterAll(() => rm(folder, { recursive: true }));

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toSatisfy(NnError.isInstance);
  const { message, hint, category } = error as NnError;
  expect(category).toBe('user');
  expect(message).not.toMatch(/\n|^\w*Error:|\bat \S+:\d+/);
  expect(hint).toMatch(/\w/);
  return message;
}

// biome-ignore lint/suspicious/noExplicitAny: what types forbid is what is tried.
type Anything = any;

describe('decoders', () => {
  const cases: [string, Anything, RegExp][] = [
    [
      'an unknown hyperparameter',
      { hyperparameters: { lerningRate: 1e-3 } },
      /no hyperparameter lerningRate\./,
    ],
    ['an unknown option', { validaton: [] }, /no option validaton\./],
    ['an unknown option that is a function', { onProgres: () => {} }, /no option onProgres\./],
    ['a function among the data', { model: { config: () => {} } }, /cannot be sent to a thread/],
    [
      'a rate that is no number',
      { hyperparameters: { learningRate: Number.NaN } },
      /learningRate is NaN; it must be/,
    ],
    ['a rate without end', { hyperparameters: { learningRate: Infinity } }, /learningRate is Infinity;/],
    [
      'targets that are no list',
      { hyperparameters: { targetModules: 'q_proj' } },
      /targetModules is "q_proj";/,
    ],
    ['no threads', { threads: 0 }, /option threads is 0; it must be a whole number of at least 1\./],
    ['half a thread', { threads: 0.5 }, /option threads is 0\.5;/],
    ['no tokens in a pass', { tokensPerPass: 0 }, /option tokensPerPass is 0;/],
    ['never evaluated', { evaluateEverySteps: 0 }, /option evaluateEverySteps is 0;/],
    ['time that runs back', { checkpointEverySeconds: -1 }, /checkpointEverySeconds is -1;/],
    ['memory in words', { memoryBytes: '2GB' }, /memoryBytes is "2GB";/],
    ['resume in words', { resume: 'no' }, /resume is "no";/],
    ['no model', { model: undefined }, /option model is missing; it must be/],
    ['no list of examples', { examples: undefined }, /option examples is missing; it must be/],
    ['an example without tokens', { examples: [{}] }, /Training example 0 has no list of tokens\./],
    ['no example', { examples: [null] }, /Training example 0 has no list of tokens\./],
    ['a text for tokens', { examples: [{ tokens: 'ab' }] }, /Training example 0 has no list of tokens\./],
    [
      'words',
      { examples: [{ tokens: ['a', 'b'] }] },
      /example 0 has "a" at position 0, which is no token id\./,
    ],
    [
      'parts of tokens',
      { examples: [{ tokens: [1, 1.5] }] },
      /has 1\.5 at position 1, which is no token id\./,
    ],
    [
      'no number',
      { examples: [{ tokens: [1, Number.NaN] }] },
      /has NaN at position 1, which is no token id\./,
    ],
    [
      'more than 32 bits',
      { examples: [{ tokens: [1, 2 ** 32 + 1] }] },
      /has the token 4294967297 at position 1/,
    ],
    [
      'spans of parts',
      { examples: [{ tokens: [1, 2, 3], labelSpans: [[0.5, 2]] }] },
      /label span \[0\.5, 2\)/,
    ],
    [
      'spans in one list',
      { examples: [{ tokens: [1, 2, 3], labelSpans: [1, 2] }] },
      /label span \[NaN, NaN\)/,
    ],
    [
      'a mask that is none',
      { examples: [{ tokens: [1, 2], labelMask: true }] },
      /label mask that is no list/,
    ],
  ];
  test.each(cases)('%s', async (_, change, sentence) => {
    const work = async () => trainLora({ ...(await tinyJob()), ...change });
    expect(await refusal(work())).toMatch(sentence);
  });

  test('a checkpoint folder that is a file, or lies in one', async () => {
    for (const checkpointDirectory of [file, path.join(file, 'deeper')]) {
      const message = await refusal(trainLora(await tinyJob({ checkpointDirectory })));
      expect(message).toMatch(/cannot be a folder: (it|a part of its path) is a file\.$/);
    }
  });

  test('no checkpoint, and one of another kind', async () => {
    expect(await refusal(readCheckpoint(folder))).toBe(`There is no checkpoint in ${folder}.`);
    const checkpointDirectory = path.join(folder, 'encoder');
    await trainEmbedder({
      directory: tinyEmbedder,
      outputDirectory: path.join(folder, 'trained'),
      pairs: shiftedPairs(8, 1),
      checkpointDirectory,
      threads: 1,
    });
    expect(await refusal(readCheckpoint(checkpointDirectory))).toMatch(/is no checkpoint of a LoRA training/);
  });

  test('pairs, sequences and positions', async () => {
    const job = await tinyPreferenceJob();
    expect(await refusal(trainPreferences({ ...job, preferences: [{} as Anything] }))).toMatch(
      /Preference pair, chosen reply, 0 has no list of tokens as prompt\.$/,
    );
    const { model, examples } = await tinyJob();
    expect(await refusal(evaluateLoss({ model, examples: [{} as Anything] }))).toMatch(
      /Example 0 has no list/,
    );
    expect(await refusal(evaluateLoss({ model, examples, thread: 1 } as Anything))).toMatch(
      /no option thread\./,
    );
    const sequences = [[1, 2], ['a', 'b'] as Anything];
    expect(await refusal(decoderLogits({ model, sequences }))).toMatch(/Sequence 1 has "a" at position 0/);
    expect(await refusal(decoderLogits({ model, sequences: [[1, 2]], positions: [[2]] }))).toMatch(
      /Sequence 0 has 2 tokens, and its logits are asked for at position 2\.$/,
    );
  });
});

describe('encoders', () => {
  const cases: [string, Anything, RegExp][] = [
    ['an unknown hyperparameter', { hyperparameters: { epoch: 3 } }, /no hyperparameter epoch\./],
    ['an unknown option', { validaton: [] }, /no option validaton\./],
    [
      'a rate that is no number',
      { hyperparameters: { learningRate: Number.NaN } },
      /learningRate is NaN; it must be/,
    ],
    ['patience of parts', { hyperparameters: { patience: 0.5 } }, /patience is 0\.5; it must be/],
    ['no threads', { threads: 0 }, /option threads is 0;/],
    ['too long in words', { onTooLong: 'cut' }, /onTooLong is "cut"; it must be "throw" or "truncate"\./],
    ['no pairs', { pairs: undefined }, /option pairs is missing; it must be a list of pairs\./],
    ['a pair without texts', { pairs: [{}] }, /Training pair 0 has no text as its query\./],
    [
      'a pair without a positive',
      { pairs: [{ query: 'a' }] },
      /Training pair 0 has no text as its positive\./,
    ],
    [
      'one negative, not in a list',
      { pairs: [{ query: 'a', positive: 'b', negatives: 'c' }] },
      /negatives that are no list/,
    ],
  ];
  for (const [kind, train] of Object.entries({ trainEmbedder, trainCrossEncoder })) {
    test.each(cases)(`${kind}: %s`, async (_, change, sentence) => {
      const job = {
        directory: tinyEmbedder,
        outputDirectory: path.join(folder, 'out'),
        pairs: shiftedPairs(4, 1),
      };
      expect(await refusal(train({ ...job, ...change }))).toMatch(sentence);
    });
  }

  test('what belongs to the other kind is not passed over', async () => {
    const job = {
      directory: tinyEmbedder,
      outputDirectory: path.join(folder, 'out'),
      pairs: shiftedPairs(4, 1),
    };
    const [scale, negatives] = [{ scale: 2 } as Anything, { negatives: 2 } as Anything];
    expect(await refusal(trainCrossEncoder({ ...job, hyperparameters: scale }))).toMatch(
      /no hyperparameter scale/,
    );
    expect(await refusal(trainEmbedder({ ...job, hyperparameters: negatives }))).toMatch(
      /no hyperparameter negatives/,
    );
  });

  test('a checkpoint folder that is a file', async () => {
    const job = {
      directory: tinyEmbedder,
      outputDirectory: path.join(folder, 'out'),
      pairs: shiftedPairs(4, 1),
    };
    expect(await refusal(trainEmbedder({ ...job, checkpointDirectory: file }))).toMatch(/it is a file\.$/);
  });
});

test('a failure that nobody foresaw is a sentence, with the thread’s stack in its cause', async () => {
  const broken = { ...(await tinyJob()), model: { config: {}, weights: new Map() } as Anything };
  const error = await trainLora(broken).catch((reason: unknown) => reason);
  expect(error).toSatisfy(NnError.isInstance);
  const { message, code, category, cause } = error as NnError;
  expect({ code, category }).toEqual({ code: 'unexpected', category: 'system' });
  expect(message).toMatch(/^The thread that runs the model failed unexpectedly: [^\n]+$/);
  expect(message).not.toMatch(/\bat \S+:\d+/);
  expect((cause as Error).stack).toMatch(/\bat \S+/);
});
