import { join } from 'node:path';
import {
  decoderLayerSizes,
  exportGgufLora,
  loraModulePath,
  loraTargets,
  openGguf,
  readDecoderConfig,
} from '@tandem/nn';

/** An adapter over all linear layers that changes nothing (B is 0) and costs what any of its rank does. Returns its path. */
export async function writeZeroAdapter(model: string, folder: string, rank = 16): Promise<string> {
  await using base = await openGguf(model);
  const config = await readDecoderConfig(base);
  const sizes = decoderLayerSizes(config);
  const tensors = Array.from({ length: config.layers }, (_, layer) =>
    loraTargets.map((target) => {
      const { out, in: into } = sizes[target];
      return [
        loraModulePath(layer, target),
        { a: new Float32Array(rank * into).fill(0.01), b: new Float32Array(out * rank) },
      ] as const;
    }),
  ).flat();
  const path = join(folder, 'zero.gguf');
  await exportGgufLora(
    { rank, alpha: rank, targetModules: [...loraTargets], tensors: new Map(tensors) },
    path,
    { base },
  );
  return path;
}
