import { fetchAll } from './fetch-models.ts';

/** Tests of the models that people use, half a gigabyte and more: outside CI, by `npm run test:models`. */
export default async function setup(): Promise<void> {
  await fetchAll(['local:qwen2.5-coder-0.5b', 'local:all-minilm-l6-v2']);
}
