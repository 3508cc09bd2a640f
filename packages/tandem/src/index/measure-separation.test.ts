import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { expect, test } from 'vitest';
import { memoryStore } from '../store/memory/memory-store.ts';
import { measureSeparation } from './measure-separation.ts';

const at = { generation: 1, seq: 1 };
const topics = 40;
const sentence = (topic: number) => `This sentence says something long enough about topic ${topic}.`;

/** Reads the topic's number: the same direction for a passage and its sentence; all alike where it is `blind`. */
function embedderOf(isBlind: boolean): EmbeddingModelV4 {
  return {
    specificationVersion: 'v4',
    provider: 'test',
    modelId: 'topics',
    maxEmbeddingsPerCall: 16,
    supportsParallelCalls: false,
    async doEmbed({ values }) {
      return { embeddings: values.map((value) => vectorOf(value, isBlind)), warnings: [] };
    },
  };
}

function vectorOf(text: string, isBlind: boolean): number[] {
  const topic = Number(/\d+/.exec(text)![0]);
  // What every vector has in common, and a part of its own.
  return Array.from({ length: topics + 1 }, (_, at) =>
    at === topics ? 1 : !isBlind && at === topic ? 1 : 0.01 * ((at * 7 + topic) % 5),
  );
}

async function separationOf(isBlind: boolean, count = topics) {
  await using store = await memoryStore();
  await store.prepare({ generation: 1, dimensions: topics + 1, committedSeq: 0 });
  await store.add(
    Array.from({ length: count }, (_, topic) => ({
      id: `${topic}#0`,
      documentId: `${topic}`,
      ordinal: 0,
      start: 0,
      end: 60,
      text: sentence(topic),
      headingPath: [`${topic}`],
      uri: `${topic}.md`,
      title: `${topic}`,
      access: 'public',
      terms: [],
      vector: Float32Array.from(vectorOf(sentence(topic), isBlind)),
    })),
    at,
  );
  return await measureSeparation({ store, embedder: embedderOf(isBlind) }, at);
}

test('high where each sentence is like its own passage alone, low where all are alike', async () => {
  const seeing = await separationOf(false);
  const blind = await separationOf(true);
  expect(seeing.chunks).toBe(topics);
  expect(seeing.value).toBeGreaterThan(8);
  expect(blind.value).toBeLessThan(4);
  expect(await separationOf(false)).toEqual(seeing);
});

test('of a few passages it says little, of none nothing', async () => {
  const few = await separationOf(false, 3);
  expect(Number.isFinite(few.value)).toBe(true);
  expect(await separationOf(false, 1)).toEqual({ value: 4, chunks: 1 });
  expect(await separationOf(false, 0)).toEqual({ value: 4, chunks: 0 });
});
