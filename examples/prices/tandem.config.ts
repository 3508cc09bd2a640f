export default {
  name: 'prices',
  sources: [{ type: 'files', path: 'documents', include: ['**/*.md'] }],
  models: { chat: 'local:smollm2-135m-instruct', embedder: 'local:all-minilm-l6-v2' },
  // The row of a live fact comes beside it: two short passages are what so small a model can tell apart.
  retrieve: { k: 1, candidates: 10 },
  answer: {
    arm: 'hybrid',
    maxTokens: 48,
    // The one line that tuned and hybrid carry instead of instructions and examples.
    tunedSystem: 'You answer customers of the shop.',
    // Customers' questions are searched as they are: there is no jargon to spell out.
    rewrite: 'never',
    live: [
      {
        name: 'price',
        asks: [
          'What does the {thing} cost?',
          'How much is the {thing}?',
          'What is the price of the {thing}?',
        ],
        url: 'sqlite:shop.db',
        things: 'SELECT name FROM products',
        // The row is read as it is by the model: a price with its currency is copied as one.
        query: "SELECT '$' || price AS price FROM products WHERE name = :thing",
      },
    ],
    prompts: {
      rag: [
        {
          id: 'price',
          system:
            'You answer customers of a shop from numbered sources. Reply with one sentence that gives the exact price, number or name that is asked for, and end it with the number of its source in square brackets. If no source has the answer, reply: {notInSources}',
          // Two rows: with one the untuned 135M took another number that stands near, five times in twelve; with two, in 72 askings never.
          examples: [
            {
              user: 'Sources:\n\n[1] Garden gate\nThe Garden gate is made of larch. It is 110 centimetres wide.\n\nQuestion: How wide is the Garden gate?',
              assistant: 'The Garden gate is 110 centimetres wide. [1]',
            },
            {
              user: 'Sources:\n\n[1] price, live: Garden gate\nGarden gate: price $310; read on 2026-01-05 at 09:30:00 UTC.\n\n[2] Garden gate\nThe Garden gate is made of larch. It is 110 centimetres wide.\n\nQuestion: What does the Garden gate cost?',
              assistant: 'The Garden gate costs $310. [1]',
            },
            {
              user: 'Sources:\n\n[1] price, live: Orchard ladder\nOrchard ladder: price $87; read on 2026-03-19 at 16:05:41 UTC.\n\n[2] Orchard ladder\nThe Orchard ladder is made of ash and steel. It is 240 centimetres high and weighs 9 kilograms.\n\nQuestion: How much is the Orchard ladder?',
              assistant: 'The Orchard ladder costs $87. [1]',
            },
          ],
        },
      ],
    },
  },
  dataset: { train: 'train.jsonl' },
  tune: { epochs: 5, learningRate: 1e-3 },
};
