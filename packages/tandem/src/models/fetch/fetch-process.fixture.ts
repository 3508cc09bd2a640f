import { fetchModel } from './fetch-model.ts';

// A process of its own that fetches a model: what a second terminal does. Prints each stage once, then the result.
const [reference = '', cacheDirectory = ''] = process.argv.slice(2);
const stages = new Set<string>();
const model = await fetchModel(reference, {
  cacheDirectory,
  onProgress({ stage }) {
    if (!stages.has(stage)) console.log(`stage ${stage}`);
    stages.add(stage);
  },
});
console.log(JSON.stringify(model));
