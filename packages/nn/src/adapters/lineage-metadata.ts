/** An adapter's lineage as strings in the header of a file: the same keys in safetensors and in GGUF. */
import type { AdapterLineage } from '../models/lora-adapter.ts';

const keys: Record<keyof AdapterLineage, string> = {
  architecture: 'tandem.base.architecture',
  baseSha256: 'tandem.base.sha256',
  templateSha256: 'tandem.template.sha256',
};

/** The parts of a lineage that are known, by their keys in a file. */
export function formatLineage(lineage: AdapterLineage = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(keys).flatMap(([part, key]) => {
      const value = lineage[part as keyof AdapterLineage];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

/**
 * The lineage in a file; undefined where it has none, as in adapters that other programs wrote.
 * @param read the value of a key in the file's header.
 */
export function readLineage(read: (key: string) => unknown): AdapterLineage | undefined {
  const found = Object.entries(keys).flatMap(([part, key]) => {
    const value = read(key);
    return typeof value === 'string' ? [[part, value]] : [];
  });
  return found.length > 0 ? (Object.fromEntries(found) as AdapterLineage) : undefined;
}
