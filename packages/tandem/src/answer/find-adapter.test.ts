import type { LanguageModelV4 } from '@ai-sdk/provider';
import { MockLanguageModelV4 } from 'ai/test';
import { expect, test } from 'vitest';
import type { Adapter } from '../core/types/adapter.ts';
import { attachLocalTools, type LocalChatTools } from '../models/local-tools.ts';
import { checkAdapter } from './find-adapter.ts';

/** A local model of this base, as far as an adapter is compared with it. */
const local = (baseHash: string): LanguageModelV4 =>
  attachLocalTools(new MockLanguageModelV4({ provider: 'tandem.local', modelId: 'qwen2.5-coder-0.5b' }), {
    baseHash,
    templateHash: 't',
  } as unknown as LocalChatTools);
const adapterOver = (baseModel: string) =>
  ({ id: 'adapter_1', lineage: { baseModel, baseHash: 'b'.repeat(64), templateHash: 't' } }) as Adapter;
const failure = (adapter: Adapter, chat: LanguageModelV4) => {
  try {
    checkAdapter(adapter, chat);
    return undefined;
  } catch (error) {
    const { message, hint } = error as { message: string; hint: string };
    return `${message} ${hint}`;
  }
};

test('an adapter of another base is one sentence that says what to set', () => {
  expect(failure(adapterOver('smollm2-135m-instruct'), local('c'.repeat(64)))).toBe(
    "The adapter adapter_1 was trained on another base (smollm2-135m-instruct, bbbbbbbbbbbb…) than the chat model qwen2.5-coder-0.5b (cccccccccccc…). Set models.chat to 'local:smollm2-135m-instruct', or train again.",
  );
  expect(failure(adapterOver('My Model'), local('c'.repeat(64)))).toMatch(
    /Set models\.chat to its base, My Model, or train again\.$/,
  );
  expect(failure(adapterOver('smollm2-135m-instruct'), local('b'.repeat(64)))).toBeUndefined();
});

test('an adapter under a model of a provider says which local model it needs', () => {
  const hosted = new MockLanguageModelV4({ provider: 'office', modelId: 'large' });
  expect(failure(adapterOver('smollm2-135m-instruct'), hosted)).toMatch(
    /needs the local model it was trained on, and the chat model is office:large\. Set models\.chat to 'local:smollm2-135m-instruct'\.$/,
  );
});
