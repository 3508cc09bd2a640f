import { openMilvusStore } from './milvus-store.ts';

/** Over the server that the test started; its address is in the environment, for processes that the test starts. */
export const open = (place: string) =>
  openMilvusStore({ address: process.env.TANDEM_TEST_MILVUS!, namespace: place.replaceAll('-', '_') });
