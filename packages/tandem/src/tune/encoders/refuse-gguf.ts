import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { LocalEmbedderTools } from '../../models/local-tools.ts';

/** @throws InvalidInputError where the embedder is a GGUF file: its weights are for llama.cpp, which does not train them. */
export function refuseGguf({ path }: LocalEmbedderTools): void {
  if (!path.endsWith('.gguf')) return;
  throw new InvalidInputError({
    domain: 'tune',
    where: 'models.embedder',
    message: `${path} is a GGUF file, and an embedder or reranker is trained from a sentence-transformers folder.`,
    hint: 'Set models.embedder to a BERT folder (hf:owner/repository or local:./folder), train, and ingest again.',
  });
}
