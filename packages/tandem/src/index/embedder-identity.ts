import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { sha256 } from '../core/hash.ts';
import { localToolsOf } from '../models/local-tools.ts';

/**
 * Identifies an embedder: vectors of two embedders cannot be compared, and cached ones are found by it. A local one is its weights,
 * wherever they lie and whatever they are called, and what it puts before a document's text; of a hosted one only the name is
 * known.
 */
export function embedderIdentity(embedder: EmbeddingModelV4): { hash: string; name: string } {
  const name = `${embedder.provider}:${embedder.modelId}`;
  const tools = localToolsOf(embedder);
  if (!tools) return { hash: sha256(name), name };
  const prompt = documentPrompt(tools.path);
  return { hash: prompt === '' ? tools.baseHash : sha256(`${tools.baseHash}\n${prompt}`), name };
}

/** As sentence-transformers keeps it; "passage" is another word for "document". Most models have none. */
function documentPrompt(directory: string): string {
  try {
    const { prompts } = JSON.parse(
      readFileSync(join(directory, 'config_sentence_transformers.json'), 'utf8'),
    ) as { prompts?: { document?: string; passage?: string } };
    return prompts?.document ?? prompts?.passage ?? '';
  } catch {
    return ''; // No such file, which is usual; a damaged one is reported when the model is opened.
  }
}
