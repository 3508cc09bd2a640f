import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLanceStore } from './lance-store.ts';

/** A folder for the tests of one process and the processes that it starts. */
export const folder = (process.env.TANDEM_TEST_LANCE ??= join(tmpdir(), `tandem-lance-${process.pid}`));

export const open = (place: string) => openLanceStore(join(folder, place));
