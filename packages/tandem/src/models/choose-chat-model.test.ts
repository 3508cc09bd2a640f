import { describe, expect, it } from 'vitest';
import { chooseChatModel, type MachineFacts } from './choose-chat-model.ts';
import { defaultModels } from './providers.ts';

const GB = 1e9;
const small = 'smollm2-135m-instruct';
const normal = defaultModels.chat.slice('local:'.length);
const large = 'qwen2.5-coder-1.5b';

const facts = (freeMemory: number, cores: number, others: Partial<MachineFacts> = {}): MachineFacts => ({
  freeMemory,
  cores,
  availability: async () => ({ from: 'hub' }),
  ...others,
});

describe('the chat model of a new project', () => {
  it.each([
    ['a laptop of 8 GB with half of it free', 4, 4, normal],
    ['the smallest machine that is promised', 2, 2, normal],
    ['a machine with one slow core', 2, 1, normal],
    ['a laptop of 8 GB with many cores', 6, 16, normal],
    ['a workstation', 30, 16, large],
    ['a machine with much memory and two cores', 30, 2, normal],
    ['a machine with many cores and little memory', 2, 16, normal],
    ['a container with a gigabyte', 1.2, 2, small],
    ['a machine on which nothing fits', 0.3, 2, small],
  ])('of %s', async (_, memory, cores, name) => {
    expect((await chooseChatModel(facts(memory * GB, cores))).model.name).toBe(name);
  });

  it('is said with why, and with what the next larger one would need', async () => {
    const { reason, next } = await chooseChatModel(facts(2 * GB, 2));
    expect(reason).toMatch(
      /^local:qwen2\.5-coder-0\.5b \(Qwen2\.5 Coder 0\.5B Instruct \(Q4_K_M\), Apache-2\.0\): it takes 1\.1 GB of the 2\.0 GB of memory that are free and answers in about \d+ s on 2 cores\. Its 0\.49 GB come from the Hugging Face Hub when it is first used\.$/,
    );
    expect(next?.model.name).toBe(large);
    expect(next?.reason).toMatch(
      /^Next larger: local:qwen2\.5-coder-1\.5b is 1\.1 GB to fetch, takes 2\.4 GB of memory, for which 0\.95 GB more would have to be free, and answers in about \d+ s here\.$/,
    );
  });

  it('says so where even the smallest takes more than there is', async () => {
    const { reason } = await chooseChatModel(facts(0.3 * GB, 2));
    expect(reason).toMatch(/takes 0\.46 GB of memory and 0\.30 GB are free: close other programs first/);
  });

  it('says that a small one does not write well', async () => {
    expect((await chooseChatModel(facts(1.2 * GB, 2))).reason).toMatch(/too small to write whole sentences/);
  });

  it('can be had from here, or the reason names the one that cannot', async () => {
    const offline = facts(4 * GB, 2, {
      availability: async ({ name }) =>
        name === small ? { from: 'cache' } : { why: 'nothing may be fetched in offline mode' },
    });
    const { model, reason } = await chooseChatModel(offline);
    expect(model.name).toBe(small);
    expect(reason).toMatch(
      /local:qwen2\.5-coder-0\.5b, which would fit, cannot be had from here\. It is on this machine already\.$/,
    );
  });

  it('is the one that fits where none can be had, with why it cannot', async () => {
    const { model, reason } = await chooseChatModel(
      facts(4 * GB, 2, { availability: async () => ({ why: 'the Hub did not answer' }) }),
    );
    expect(model.name).toBe(normal);
    expect(reason).toMatch(/It cannot be fetched now \(the Hub did not answer\): bring its file here\.$/);
  });

  it('asks about no more models than it must', async () => {
    const asked: string[] = [];
    await chooseChatModel(
      facts(30 * GB, 16, {
        availability: async ({ name }) => {
          asked.push(name);
          return { from: 'packages' };
        },
      }),
    );
    expect(asked).toEqual([large]);
  });

  it('above the largest that was tried names one that was not, as an estimate', async () => {
    const { next } = await chooseChatModel(facts(30 * GB, 16));
    expect(next?.model.memory).toBeGreaterThan(2.312 * GB);
    expect(next?.reason).toMatch(/\(an estimate\)\.$/);
  });
});
