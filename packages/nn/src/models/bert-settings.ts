import path from 'node:path';
import { readJsonFile } from '../formats/json-file.ts';
import { asObject, positiveNumbers, requireOneOf } from './config-values.ts';
import { readMaxTokens, readSentenceModules, type SentenceModules } from './sentence-modules.ts';

/** The settings of a BERT encoder, from its folder. */
export interface BertSettings extends SentenceModules {
  hiddenSize: number;
  layers: number;
  heads: number;
  intermediateSize: number;
  vocabularySize: number;
  /** Rows of the table of positions. */
  positions: number;
  /** The row of a text's first token: 0 in BERT; in XLM-RoBERTa the one after the padding's number. */
  firstPosition: number;
  tokenTypes: number;
  /** Added to the variance in every LayerNorm. */
  epsilon: number;
  /** The longest input, special tokens included. */
  maxTokens: number;
}

/**
 * Reads `config.json` and the files that sentence-transformers puts beside it.
 *
 * @param kinds which `model_type`s are taken. XLM-RoBERTa has BERT's layers, and other positions.
 * @throws FileFormatError for missing or damaged files, UnsupportedModelError for a model of another kind.
 */
export async function readBertSettings(
  directory: string,
  kinds: readonly ('bert' | 'xlm-roberta')[] = ['bert'],
): Promise<BertSettings> {
  const file = path.join(directory, 'config.json');
  const config = asObject(await readJsonFile(file), file);
  const number = positiveNumbers(config, file);
  requireOneOf(file, 'model_type', config.model_type, kinds);
  requireOneOf(file, 'hidden_act', config.hidden_act ?? 'gelu', ['gelu']);
  requireOneOf(file, 'position_embedding_type', config.position_embedding_type ?? 'absolute', ['absolute']);

  const positions = number('max_position_embeddings', 512);
  const firstPosition = config.model_type === 'xlm-roberta' ? number('pad_token_id', 1) + 1 : 0;
  return {
    hiddenSize: number('hidden_size'),
    layers: number('num_hidden_layers'),
    heads: number('num_attention_heads'),
    intermediateSize: number('intermediate_size'),
    vocabularySize: number('vocab_size'),
    positions,
    firstPosition,
    tokenTypes: number('type_vocab_size', 2),
    epsilon: number('layer_norm_eps', 1e-12),
    ...(await readSentenceModules(directory)),
    maxTokens: await readMaxTokens(directory, positions - firstPosition),
  };
}
