import { openChromaStore } from './chroma-store.ts';

/** Over the server that the test started; its address is in the environment, for processes that the test starts. */
export const open = (place: string) =>
  openChromaStore({ url: process.env.TANDEM_TEST_CHROMA!, namespace: place.replaceAll('-', '_') });
