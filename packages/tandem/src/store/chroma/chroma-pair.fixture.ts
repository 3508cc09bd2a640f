import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLanceStore } from '../lancedb/lance-store.ts';
import { pairStores } from '../pair.ts';
import * as chroma from './chroma-store.fixture.ts';

/** For the lexical halves, of one process and the processes that it starts. */
export const folder = (process.env.TANDEM_TEST_CHROMA_FOLDER ??= join(
  tmpdir(),
  `tandem-chroma-${process.pid}`,
));

/** As a project opens it. */
export const open = async (place: string) =>
  pairStores(
    await chroma.open(place),
    await openLanceStore(join(folder, place), { vectorIndexFrom: Number.POSITIVE_INFINITY }),
  );
