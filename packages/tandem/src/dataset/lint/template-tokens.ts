import type { Check } from './check.ts';

export const templateTokens: Check = {
  name: 'template-tokens',
  severity: 'error',
  finds:
    'pieces of a chat template inside a text, such as <|im_start|> or [INST]: the template adds its own, and a model learns to write these',
  find: ({ items }) =>
    items.flatMap(({ where, messages }) => {
      const tokens = new Set(messages.flatMap(({ text }) => templateTokensIn(text)));
      return tokens.size === 0
        ? []
        : [
            {
              where,
              message: `has ${[...tokens]
                .slice(0, 4)
                .map((token) => JSON.stringify(token))
                .join(', ')}`,
            },
          ];
    }),
};

/**
 * Special tokens as the families of models write them: between bars (ChatML, Llama 3, Phi, Harmony, DeepSeek's wide ones), Llama 2's and Mistral's in brackets, Gemma's
 * turns, BERT's and T5's, and the headings of Alpaca's and Vicuna's templates. What is HTML or a reply's own mark (`<think>`) is none.
 */
const patterns: readonly RegExp[] = [
  /<[|｜][^\s<>|｜]{1,40}[|｜]>/gu,
  /\[\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|gMASK)\]|<<\/?SYS>>/g,
  /<\/?(?:start_of_turn|end_of_turn|start_of_image|end_of_image|bos|eos|pad|unk|tool_call|tool_response|im_start|im_end|endoftext|startoftext|end_of_text|begin_of_text|sop|eop|unused\d+|eo[hamt]|PRE|SUF|MID|EOT|extra_id_\d+|fim_(?:prefix|middle|suffix|pad)|reserved_\d+)>/g,
  /\[(?:CLS|SEP|MASK|PAD|UNK|BOS|EOS)\]/g,
  /^#{2,3} (?:Instruction|Response|Input|Human|Assistant|User|System):[ \t]*$/gm,
];

export function templateTokensIn(text: string): string[] {
  const found = patterns.flatMap((pattern) => text.match(pattern) ?? []);
  // Struck-out text in HTML has both of a pair.
  const [opened, closed] = [text.match(/<s>/g)?.length ?? 0, text.match(/<\/s>/g)?.length ?? 0];
  if (opened !== closed) found.push(opened > closed ? '<s>' : '</s>');
  const turns = text.match(/^(?:USER|ASSISTANT|HUMAN|BOT):/gm) ?? [];
  return [...found, ...(new Set(turns).size > 1 ? turns : [])];
}
