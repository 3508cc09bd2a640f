/** An adapter's lineage as strings in a file's header: the same names in safetensors and in GGUF. */
import type { AdapterLineage } from '../models/lora-adapter.ts';

const keys: Record<keyof AdapterLineage, string> = {
  architecture: 'tandem.base.architecture',
  baseSha256: 'tandem.base.sha256',
  templateSha256: 'tandem.template.sha256',
};

export function lineageEntries(lineage: AdapterLineage = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(keys).flatMap(([part, key]) => {
      const value = lineage[part as keyof AdapterLineage];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

/** Undefined where the file says nothing: other programs' adapters. */
export function lineageFrom(read: (key: string) => unknown): AdapterLineage | undefined {
  const found = Object.entries(keys).flatMap(([part, key]) => {
    const value = read(key);
    return typeof value === 'string' ? [[part, value]] : [];
  });
  return found.length > 0 ? (Object.fromEntries(found) as AdapterLineage) : undefined;
}
