import { openPgvectorStore } from './pgvector-store.ts';

/** Over the server that the test started; its address is in the environment, for processes that the test starts. */
export const open = (place: string) =>
  openPgvectorStore({ url: process.env.TANDEM_TEST_POSTGRES!, namespace: place.replaceAll('-', '_') });
