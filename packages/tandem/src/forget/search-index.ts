import type { Forgetting } from '../catalog/catalog.ts';
import { keptAfterDeletion } from '../store/chunk-table.ts';
import type { ForgetParts } from './forget-parts.ts';
import type { ForgetReport } from './report.ts';

export async function forgetInIndex(
  parts: ForgetParts,
  document: Forgetting,
  report: ForgetReport,
): Promise<void> {
  const { catalog } = parts;
  const { id, uri, textHashes } = document;
  report.embeddings = await catalog.embeddings.countOf(id, textHashes);
  const stored = await catalog.documents.get(id);
  report.chunks = stored?.chunkCount ?? 0;
  const state = await catalog.index.get();
  if (state) report.storeMayKeep = keptAfterDeletion(await parts.store()) ?? false;
  if (report.dryRun) return;
  if (state) {
    const store = await parts.store();
    await store.prepare(state);
    let at = { generation: state.generation, seq: state.committedSeq };
    if (stored) {
      at = { ...at, seq: at.seq + 1 };
      await store.remove([id], at);
      await store.flush();
      await catalog.index.commit({ seq: at.seq, put: [], remove: [id], problems: [], resolved: [uri] });
    }
    await (store.purge ? store.purge(at) : store.maintain(at));
  }
  await catalog.embeddings.forget(id, textHashes);
}
