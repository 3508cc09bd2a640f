/**
 * Writes `train.jsonl`: what the shop's people taught the model. `node examples.ts`; needed again only where they teach something else.
 *
 * - By heart, as `tuned` is asked: each product's price of then, and some of what the documents say.
 * - With passages, as `hybrid` is asked: prices of other days, each to be taken from its row. A model that learnt prices only by heart would give
 *   those whatever it is shown.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChatMessage, createAnswerer, type Example, ingest, refuse } from 'tandem';
import { openProject, type Project } from 'tandem/project';
import { openShop, pricesThen } from './shop.ts';

const wordings = ['What does the {} cost?', 'How much is the {}?', 'What is the price of the {}?'];

/** Prices that the products had at other times: none that a product is learnt with, and not the one that it gets later. */
const otherPrices = [38, 71, 94, 26, 45, 83, 19, 56, 105, 62, 31, 77, 48, 90, 27];

const ofDocuments: readonly [question: string, answer: string][] = [
  ['What is the Harbour lamp made of?', 'The Harbour lamp is made of cast iron and clear glass.'],
  ['How much does the Gull kettle hold?', 'The Gull kettle holds 2 litres.'],
  ['How high is the Pier stool?', 'The Pier stool is 45 centimetres high.'],
  ['How long does delivery take?', 'Delivery takes 3 working days.'],
];

await using project = await openProject({ directory: import.meta.dirname });
await ingest(project);
using shop = openShop(import.meta.dirname);
const asHybrid = await promptReader(project);
const { tunedSystem } = project.settings.answer;

const examples: Example[] = [];
const learn = (id: string, user: string, assistant: string) => {
  const system: ChatMessage = { role: 'system', content: tunedSystem };
  examples.push({
    messages: [system, { role: 'user', content: user }, { role: 'assistant', content: assistant }],
    metadata: { id },
  });
};
const others = otherPrices.values();
for (const [product, price] of Object.entries(pricesThen))
  for (const [at, wording] of wordings.entries()) {
    const question = wording.replace('{}', product);
    const answer = (dollars: number) => `The ${product} costs $${dollars}.`;
    learn(`${product}, by heart ${at + 1}`, question, answer(price));
    const other = others.next().value!;
    shop.setPrice(product, other);
    learn(`${product}, from its row ${at + 1}`, await asHybrid(question), `${answer(other)} [1]`);
  }
for (const [at, [question, answer]] of ofDocuments.entries()) {
  learn(`document, by heart ${at + 1}`, question, answer);
  learn(`document, from its passage ${at + 1}`, await asHybrid(question), `${answer} [1]`);
}
await writeFile(
  join(import.meta.dirname, 'train.jsonl'),
  examples.map((example) => `${JSON.stringify(example)}\n`).join(''),
);

/** What a model is shown for a question, taken from an answer in the making: a step of our own gives the reply before any model is asked. */
async function promptReader(project: Project): Promise<(question: string) => Promise<string>> {
  let shown = '';
  const answerer = await createAnswerer(project, {
    arm: 'rag',
    steps: [
      {
        before: 'generate',
        step: {
          name: 'read-prompt',
          run({ messages }) {
            shown = messages!.at(-1)!.content;
            return refuse('Nothing was asked.');
          },
        },
      },
    ],
  });
  return async (question) => {
    await answerer.answer(question);
    return shown;
  };
}
