import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { embedMany } from 'ai';
import type { Catalog, IndexState } from '../catalog/catalog.ts';
import { chunkDocument } from '../chunk/chunk-document.ts';
import type { ChunkStrategy } from '../chunk/chunker.ts';
import { hashJson } from '../core/hash.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { parseDocument } from '../parse/parse-document.ts';
import type { Chunking } from './chunking.ts';
import { embedderIdentity } from './embedder-identity.ts';

/**
 * Raise it when parser, chunker, prefix, the store's rows or what the catalogue keeps of a text change in a way that `sample`
 * does not show: projects made before then index again, from cached vectors wherever the embedded text is still the same.
 */
const rulesVersion = 9;

/** All that decides which chunks and vectors a document's bytes become, and its hash. */
export async function indexConfiguration(
  embedder: EmbeddingModelV4,
  chunking: Chunking,
  current: IndexState | undefined,
  signal?: AbortSignal,
): Promise<Parameters<Catalog['index']['reset']>[0]> {
  const { hash: embedderHash, name: embedderName } = embedderIdentity(embedder);
  const dimensions =
    localToolsOf(embedder)?.dimensions ??
    (current?.embedderHash === embedderHash ? current.dimensions : await askForDimensions(embedder, signal));
  const { strategy = 'sentence', ...settings } = chunking;
  const configurationHash = hashJson({
    rulesVersion,
    sample: await sampleHash(strategy),
    embedderHash,
    dimensions,
    // All settings: one that is forgotten here would leave old and new chunks side by side.
    ...settings,
    // The default leaves the hash as it was before there was a choice.
    ...(strategy !== 'sentence' && { strategy }),
  });
  return { configurationHash, embedderHash, embedderName, dimensions };
}

/** A hosted embedder shows the length of its vectors only by making one. */
async function askForDimensions(model: EmbeddingModelV4, signal?: AbortSignal): Promise<number> {
  const { embeddings } = await embedMany({
    model,
    values: ['How many numbers?'],
    providerOptions: { tandem: { role: 'document' } },
    ...(signal && { abortSignal: signal }),
  });
  return embeddings[0]!.length;
}

/** Hash of what the rules make of a small text with most kinds of content: another hash means that the rules changed. */
async function sampleHash(strategy: ChunkStrategy): Promise<string> {
  const bytes = new TextEncoder().encode(sample);
  const document = await parseDocument({ uri: 'sample.md', mediaType: 'text/markdown', bytes });
  const countTokens = (text: string) => text.split(/\s+/).filter(Boolean).length;
  const chunks = await chunkDocument(document, {
    strategy,
    maxTokens: 40,
    overlapTokens: 8,
    countTokens,
    // Used in place of a model: where the semantic chunker breaks the sample must not depend on one.
    embed: async (texts) => texts.map((text) => [text.length % 7, text.length % 5, 1]),
  });
  return hashJson({ document, chunks });
}

const sample = `---
id: sample
aliases: [SMP, specimen]
---

# Sample syndrome (SS)

Also called: Example disease; ED

## Information

Sample syndrome is rare. It affects about 1.5 in 10,000 people, i.e. few. Dr. Example described it in 1901. "It is," she wrote,
"a disease of handbooks." Nobody has met it since. Each of its signs is common; together they are not. It is not inherited.

What helps:

- rest, for a day or two;
- water, at least two litres a day, more in summer, less in winter, and none at all at night;
- patience.

### Forms

| form | age | course |
|---|---|---|
| early | 0–2 | mild |
| late | 60+ | long |

\`\`\`
dose = weight * 2
\`\`\`

## Outlook

Good.
`;
