import { setTimeout as wait } from 'node:timers/promises';
import type { ServerContext } from './server-context.ts';

/** Minutes between two rounds. What has expired is not there in between either; only its bytes are. */
const everyMinutes = 10;

/** Removes what has expired, at the start and from then on until the server closes. */
export async function keepHouse(
  context: Pick<ServerContext, 'files' | 'uploads' | 'vectorStores' | 'closing' | 'log'>,
): Promise<void> {
  const { files, uploads, vectorStores, closing, log } = context;
  while (!closing.aborted) {
    try {
      await files.deleteExpired();
      await uploads.deleteExpired();
      vectorStores.expire();
    } catch (error) {
      log(error);
    }
    await wait(everyMinutes * 60_000, undefined, { signal: closing, ref: false }).catch(() => {});
  }
}
