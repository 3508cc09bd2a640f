import { expect, test } from 'vitest';
import { ask } from '../answer/ask.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem, type Tandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';
import { search } from './search.ts';

const megabytes = () => process.memoryUsage.rss() / 1e6;

test('fifty tenants answer with one chat model and one embedder in memory, each from its own documents', async () => {
  const tenants: Tandem[] = [];
  const open = async (at: number) => {
    const tandem = await createTandem({
      chat: 'local:smollm2-135m-instruct',
      name: `tenant ${at}`,
      sources: [
        fromDocuments([{ uri: 'safe.md', text: `# Safe\n\nThe safe opens with the number ${1000 + at}.` }]),
      ],
      settings: { answer: { maxTokens: 8 } },
    });
    tenants.push(tandem);
    await ingest(tandem);
    return tandem;
  };
  try {
    const first = await open(0);
    await ask(first, 'How does the safe open?');
    const withOne = megabytes();
    for (let at = 1; at < 50; at++) await open(at);
    for (const [at, tenant] of tenants.entries()) {
      const { passages } = await search(tenant, 'How does the safe open?');
      expect(passages.map(({ text }) => text)).toEqual([expect.stringContaining(`the number ${1000 + at}.`)]);
    }
    await Promise.all([tenants[7]!, tenants[49]!].map((tenant) => ask(tenant, 'How does the safe open?')));
    // The two models take 180 MB of files alone: fifty of them would be nine gigabytes.
    expect(megabytes() - withOne).toBeLessThan(600);

    // Who leaves takes nothing from the others, and can use nothing any more.
    const chat = await tenants[3]!.models.chat();
    for (const tenant of tenants.splice(0, 49)) await tenant[Symbol.asyncDispose]();
    await expect(
      chat.doGenerate({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }] }),
    ).rejects.toMatchObject({ code: 'disposed' });
    const [last] = tenants;
    expect((await ask(last!, 'How does the safe open?')).raw).not.toBe('');
    expect(localToolsOf(await last!.models.embedder())!.dimensions).toBe(384);
  } finally {
    for (const tenant of tenants) await tenant[Symbol.asyncDispose]();
  }
});
