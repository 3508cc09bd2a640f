import { intents, products } from './intents.ts';
import { notInSources, styleRules } from './style-rules.ts';

const format = `Reply with one JSON object and nothing else:
{"intent": one of ${intents.map((intent) => `"${intent}"`).join(', ')}, "entities": {"product": one of ${products.map((product) => `"${product}"`).join(', ')}, "named": the machine or kind of card that the customer names, else ""}, "response": the answer}`;

export default {
  name: 'support',
  sources: [{ type: 'files', path: 'documents', include: ['**/*.md'] }],
  models: { chat: 'local:qwen2.5-coder-0.5b', embedder: 'local:all-minilm-l6-v2' },
  chunk: { maxTokens: 120, overlapTokens: 0 },
  retrieve: { k: 3, candidates: 20 },
  answer: {
    arm: 'rag',
    maxTokens: 200,
    notInSources,
    styleGuide: 'style-guide.md',
    styleRules,
    // The one line that tuned and hybrid carry instead of format, rules and style guide.
    tunedSystem: 'You answer customers of Larkfield.',
    // Customers' questions are searched as they are: there is no jargon to spell out.
    rewrite: 'never',
    grammar: true,
    output: {
      schema: {
        type: 'object',
        properties: {
          intent: { type: 'string', enum: [...intents] },
          entities: {
            type: 'object',
            properties: {
              product: { type: 'string', enum: [...products] },
              named: { type: 'string', maxLength: 40 },
            },
            required: ['product', 'named'],
            additionalProperties: false,
          },
          response: { type: 'string', maxLength: 480 },
        },
        required: ['intent', 'entities', 'response'],
        additionalProperties: false,
      },
      textField: 'response',
      compareFields: [
        { path: 'intent', name: 'Intent' },
        { path: 'entities.product', name: 'Product' },
        { path: 'entities.named', name: 'Named', match: 'normalized' },
      ],
      confidence: { field: 'confidence', of: 'intent' },
    },
    prompts: {
      base: [
        {
          id: 'plain',
          system: `You answer customers of a bank from what you know.\n${format}\n{styleGuide}`,
        },
      ],
      rag: [
        {
          id: 'plain',
          system: `You answer customers of a bank from the numbered sources only.\n${format}\nAfter each sentence of the answer write the number of its source, like [1]. If the sources do not contain the answer, the response is: {notInSources}\n{styleGuide}`,
        },
      ],
    },
  },
  dataset: {
    questions: 'questions.jsonl',
    cases: 'cases.jsonl',
    mix: { passages: 200, absent: 30, closed: 60, rewrite: 0, glossary: 0 },
  },
};
