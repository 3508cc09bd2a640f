/** Loaded models of this process, by what they were loaded from, and how many hold each. */
const shared = new Map<string, { holders: number; loading: Promise<unknown> }>();

/** A hold on a loaded model, given back once. */
export interface SharedModel<Model> {
  model: Model;
  /** Whether this hold was given back. Others may still use the model. */
  isReleased(): boolean;
  /** Closes the model with its last holder. */
  release(): Promise<void>;
}

/**
 * Loads a model once for all that ask for it by the same key, so that many Tandems of one process need the memory of one. Who asks while it
 * is loading waits for the same load; after a failed one the next asks again.
 */
export async function shareModel<Model>(
  key: string,
  load: () => Promise<Model>,
  close: (model: Model) => Promise<void>,
): Promise<SharedModel<Model>> {
  const entry = shared.get(key) ?? { holders: 0, loading: load() };
  shared.set(key, entry);
  entry.holders += 1;
  let released = false;
  const release = async () => {
    if (released) return;
    released = true;
    entry.holders -= 1;
    if (entry.holders > 0) return;
    if (shared.get(key) === entry) shared.delete(key);
    const model = await (entry.loading as Promise<Model>).catch(() => undefined);
    if (model !== undefined) await close(model);
  };
  try {
    return { model: (await entry.loading) as Model, isReleased: () => released, release };
  } catch (error) {
    await release();
    throw error;
  }
}
