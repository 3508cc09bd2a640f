/**
 * The transformers.js side of `embed.ts`, alone in its process: its ONNX Runtime is another version than ours.
 *
 *     node embed_peer.mts JOB
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { texts, work } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as { texts: string[]; work: string };
const library = join(work, 'node_modules', '@huggingface', 'transformers', 'dist', 'transformers.node.mjs');
const { pipeline, env } = await import(pathToFileURL(library).href);
env.localModelPath = join(work, 'models');
env.allowRemoteModels = false;
const extract = await pipeline('feature-extraction', 'minilm', { dtype: 'fp32' });

// Texts of like length together, as sentence-transformers does by itself: less padding.
async function embed(some: string[]): Promise<void> {
  const sorted = some.toSorted((a, b) => b.length - a.length);
  for (let at = 0; at < sorted.length; at += 32)
    await extract(sorted.slice(at, at + 32), { pooling: 'mean', normalize: true });
}

await embed(texts.slice(0, 8));
const from = performance.now();
await embed(texts);
console.log(JSON.stringify({ chunks: texts.length, seconds: (performance.now() - from) / 1000 }));
