import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * The GGUF file that tests of the real model use: from the folder `TANDEM_TEST_MODELS`, or from Tandem's model cache,
 * where `tandem models fetch` puts it.
 */
export function smolLm2Path(): string {
  const name = 'SmolLM2-135M-Instruct.Q4_1.gguf';
  return find(name, 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53');
}

/** The folder of all-MiniLM-L6-v2, found in the same way (`TANDEM_TEST_MODELS` may hold its files directly). */
export function miniLmDirectory(): string {
  return path.dirname(
    find('model.safetensors', '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db'),
  );
}

function find(name: string, digest: string): string {
  const cache =
    process.env.TANDEM_CACHE ??
    path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'tandem');
  const places = [path.join(cache, 'models', digest, name)];
  if (process.env.TANDEM_TEST_MODELS) places.unshift(path.join(process.env.TANDEM_TEST_MODELS, name));
  const found = places.find((place) => existsSync(place));
  if (found) return found;
  throw new Error(`${name} is not at ${places.join(' nor at ')}. Run \`npx tandem models fetch\` first.`);
}
