import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GgufTensorInput, type GgufValue, SafetensorsFile, writeGguf } from '@tandem/nn';

/**
 * Writes a BERT sentence-transformers folder with mean pooling as GGUF, with the names and keys of llama.cpp's converter
 * (`convert_hf_to_gguf.py`, class BertModel). Its vocabulary is not written as WordPiece has it: `[CLS]` stays, `##ing` becomes
 * `ing`, and every other piece gets "▁" before it, because llama.cpp marks where words begin and WordPiece where they go on.
 * @param options.type of the matrices; vectors, positions and token types stay F32.
 */
export async function writeBertGguf(
  directory: string,
  path: string,
  options: { type: 'F32' | 'F16'; name: string; extra?: Record<string, GgufValue> },
): Promise<void> {
  const read = async (file: string) => JSON.parse(await readFile(join(directory, file), 'utf8'));
  const config = await read('config.json');
  const { vocab } = (await read('tokenizer.json')).model as { vocab: Record<string, number> };
  const pieces = Object.entries(vocab)
    .sort(([, a], [, b]) => a - b)
    .map(([piece]) => piece);
  const special = (piece: string) => /^\[.*\]$/.test(piece);
  const string = (value: string): GgufValue => ({ type: 'STRING', value });
  const whole = (value: number): GgufValue => ({ type: 'UINT32', value });
  const entries: [string, GgufValue][] = [
    ['general.architecture', string('bert')],
    ['general.name', string(options.name)],
    ['general.file_type', whole(options.type === 'F16' ? 1 : 0)],
    ['bert.context_length', whole(config.max_position_embeddings)],
    ['bert.embedding_length', whole(config.hidden_size)],
    ['bert.feed_forward_length', whole(config.intermediate_size)],
    ['bert.block_count', whole(config.num_hidden_layers)],
    ['bert.attention.head_count', whole(config.num_attention_heads)],
    ['bert.attention.layer_norm_epsilon', { type: 'FLOAT32', value: config.layer_norm_eps }],
    ['bert.attention.causal', { type: 'BOOL', value: false }],
    ['bert.pooling_type', whole(1)],
    ['tokenizer.ggml.model', string('bert')],
    ['tokenizer.ggml.token_type_count', whole(config.type_vocab_size)],
    ['tokenizer.ggml.tokens', { type: 'ARRAY', itemType: 'STRING', value: pieces.map(asWordStart) }],
    [
      'tokenizer.ggml.token_type',
      // LLAMA_TOKEN_TYPE_NORMAL, UNKNOWN and CONTROL.
      {
        type: 'ARRAY',
        itemType: 'INT32',
        value: pieces.map((piece) => (piece === '[UNK]' ? 2 : special(piece) ? 3 : 1)),
      },
    ],
    ['tokenizer.ggml.unknown_token_id', whole(vocab['[UNK]']!)],
    ['tokenizer.ggml.seperator_token_id', whole(vocab['[SEP]']!)], // The key is spelt so.
    ['tokenizer.ggml.padding_token_id', whole(vocab['[PAD]']!)],
    ['tokenizer.ggml.cls_token_id', whole(vocab['[CLS]']!)],
    ['tokenizer.ggml.bos_token_id', whole(vocab['[CLS]']!)],
    ['tokenizer.ggml.mask_token_id', whole(vocab['[MASK]']!)],
    ...Object.entries(options.extra ?? {}),
  ];
  await using file = await SafetensorsFile.open(join(directory, 'model.safetensors'));
  const tensors: GgufTensorInput[] = [];
  const prefix = file.tensors.has('bert.embeddings.word_embeddings.weight') ? 'bert.' : '';
  for (const { name, shape, dtype } of file.tensors.values()) {
    const renamed = nameInGguf(name.slice(prefix.length));
    if (renamed === undefined || /^[IUB]/.test(dtype)) continue;
    const half =
      options.type === 'F16' && shape.length === 2 && !/^(position_embd|token_types)/.test(renamed);
    tensors.push({
      name: renamed,
      shape,
      type: half ? 'F16' : 'F32',
      data: async () => {
        const values = await file.read(name);
        return half ? Float16Array.from(values) : values;
      },
    });
  }
  await writeGguf(path, { entries, tensors });
}

function asWordStart(piece: string): string {
  if (/^\[.*\]$/.test(piece)) return piece;
  return piece.startsWith('##') ? piece.slice(2) : `▁${piece}`;
}

const names: readonly [RegExp, string][] = [
  [/^embeddings\.word_embeddings/, 'token_embd'],
  [/^embeddings\.position_embeddings/, 'position_embd'],
  [/^embeddings\.token_type_embeddings/, 'token_types'],
  [/^embeddings\.LayerNorm/, 'token_embd_norm'],
  [/^encoder\.layer\.(\d+)\.attention\.self\.(q|k|v)(?:uery|ey|alue)/, 'blk.$1.attn_$2'],
  [/^encoder\.layer\.(\d+)\.attention\.output\.dense/, 'blk.$1.attn_output'],
  [/^encoder\.layer\.(\d+)\.attention\.output\.LayerNorm/, 'blk.$1.attn_output_norm'],
  [/^encoder\.layer\.(\d+)\.intermediate\.dense/, 'blk.$1.ffn_up'],
  [/^encoder\.layer\.(\d+)\.output\.dense/, 'blk.$1.ffn_down'],
  [/^encoder\.layer\.(\d+)\.output\.LayerNorm/, 'blk.$1.layer_output_norm'],
];

function nameInGguf(name: string): string | undefined {
  for (const [from, to] of names) if (from.test(name)) return name.replace(from, to);
  return undefined;
}
