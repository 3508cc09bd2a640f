/** A writer in a process of its own, for the conformance checks: `node … MODULE PLACE share WHO` or `… "commit forever" WHO`. */
import { once } from 'node:events';
import type { ChunkTable } from './chunk-table.ts';
import { writerRows } from './conformance.ts';

const [module, place, how, who] = process.argv.slice(2) as [string, string, string, string];
const { open } = (await import(module)) as { open(place: string): Promise<ChunkTable> };
await using store = await open(place);
const documentsOf = (rows: { documentId: string }[]) => [
  ...new Set(rows.map(({ documentId }) => documentId)),
];

if (how === 'share') {
  // Replaces what is its own, and writes rows that the other one writes as well, in small steps so that the two meet.
  console.log('ready');
  await once(process.stdin, 'data');
  for (const documentId of documentsOf(writerRows(`${who} before`, 1)))
    await store.remove([documentId], { generation: 1, seq: 2 });
  for (const row of [...writerRows('both', 2), ...writerRows(who, 2)])
    await store.add([row], { generation: 1, seq: 2 });
  await store.flush();
  console.log('done');
} else {
  for (let seq = 1; ; seq++) {
    const rows = writerRows('endless', seq);
    await store.remove(documentsOf(rows), { generation: 1, seq });
    await store.add(rows.slice(0, 3), { generation: 1, seq });
    await store.add(rows.slice(3), { generation: 1, seq });
    await store.flush();
    console.log(`committed ${seq}`);
  }
}
process.exit(0);
