import { fetchModelFiles, type ModelFiles } from './fetch-model.ts';

// A process of its own that fetches a model in parts: what a second terminal does. Prints each stage once, then the result.
const [source = '', cacheDirectory = ''] = process.argv.slice(2);
const stages = new Set<string>();
const model = await fetchModelFiles('local:in-parts', JSON.parse(source) as ModelFiles, {
  cacheDirectory,
  onProgress({ stage }) {
    if (!stages.has(stage)) console.log(`stage ${stage}`);
    stages.add(stage);
  },
});
console.log(JSON.stringify(model));
