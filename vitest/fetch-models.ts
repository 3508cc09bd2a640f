import { fetchModel } from '../packages/tandem/src/models/fetch/fetch-model.ts';

/** Slow tests use the real models. They are fetched once, before any of them, so that none waits for a download. */
export default async function setup(): Promise<void> {
  await fetchAll(['local:smollm2-135m-instruct', 'local:all-minilm-l6-v2']);
}

/** Fetches these, where they are not in the cache, and tells how far each is. */
export async function fetchAll(references: readonly string[]): Promise<void> {
  for (const reference of references) {
    let shown = 0;
    await fetchModel(reference, {
      onProgress: ({ stage, done, total }) => {
        const share = total ? Math.floor((done / total) * 4) : 0;
        if (share !== shown) console.log(`${stage}: ${share * 25} %`);
        shown = share;
      },
    });
  }
}
