import { FileFormatError } from '../errors/file-format-error.ts';
import type { SafetensorsFile } from '../formats/safetensors.ts';
import type { Graph, Value, WeightData } from '../graph/index.ts';
import { addLowRankDifference, type LowRankDifference } from './low-rank-difference.ts';

/** Gives a graph the weights of a file, by their names in it. */
export interface WeightReader {
  /** `rows.from`: only the rows of the file's tensor from this one on, as many as `shape` says. */
  weight(name: string, shape: readonly number[], rows?: { from: number; of: number }): Value;
  /** The values themselves. */
  read(name: string, shape: readonly number[]): Promise<Float32Array>;
}

/**
 * Weights by their name in the file. Float32 weights are not read here: ONNX Runtime gets their place in the file.
 * Other number formats are converted in memory. A session takes all of its weights either from files or from memory; so
 * where some are made here (`inMemory`), all are read.
 *
 * @param options.first a tensor that every such model has. Some files hold the encoder inside a larger model: what stands before this
 *   name there ("bert.", "roberta.", "model.") stands before all of its tensors.
 * @param options.heads beginnings of tensors that stand outside of the encoder.
 * @param options.difference what the weights are changed by; then all are in memory, too.
 */
export async function createWeightReader(
  file: SafetensorsFile,
  graph: Graph,
  options: {
    first: string;
    heads?: readonly string[];
    inMemory: boolean;
    difference?: LowRankDifference | undefined;
  },
): Promise<WeightReader> {
  const { heads = [], difference } = options;
  const isHead = (name: string) => heads.some((head) => name.startsWith(head));
  const prefixed = [...file.tensors.keys()].find(
    (name) => name === options.first || name.endsWith(`.${options.first}`),
  );
  const prefix = prefixed?.slice(0, -options.first.length) ?? '';
  const used = [...file.tensors.values()].filter(
    ({ name, dtype }) => (name.startsWith(prefix) || isHead(name)) && !/^[IUB]\d|^BOOL/.test(dtype),
  );
  const widened = new Map<string, Float32Array>();
  if (options.inMemory || difference || used.some(({ dtype }) => dtype !== 'F32')) {
    for (const { name } of used) widened.set(name, await file.read(name));
  }
  if (difference) return changedWeights(file, graph, { prefix, widened, difference });
  const tensorOf = (name: string, shape: readonly number[]) => {
    const tensor = file.tensors.get(isHead(name) ? name : prefix + name);
    if (!tensor || tensor.shape.join() !== shape.join()) {
      throw new FileFormatError({
        path: file.path,
        message: tensor
          ? `Tensor "${tensor.name}" in ${file.path} has the shape [${tensor.shape}] where config.json asks for [${shape}].`
          : `${file.path} has no tensor "${prefix + name}", which config.json asks for.`,
        hint: 'The folder mixes files of different models; fetch the model again.',
      });
    }
    return tensor;
  };
  return {
    weight(name, shape, rows) {
      const tensor = tensorOf(name, rows ? [rows.of, ...shape.slice(1)] : shape);
      const skipped = (rows?.from ?? 0) * shape.slice(1).reduce((product, size) => product * size, 1);
      const length = shape.reduce((product, size) => product * size, 1);
      const known = widened.get(tensor.name);
      const data: WeightData = known
        ? known.subarray(skipped, skipped + length)
        : { file: file.path, offset: tensor.offset + 4 * skipped, byteLength: 4 * length };
      return graph.weight(name, data, shape);
    },
    async read(name, shape) {
      const tensor = tensorOf(name, shape);
      return widened.get(tensor.name) ?? (await file.read(tensor.name));
    },
  };
}

/** The weights of a file after a difference was added to them. */
function changedWeights(
  { path }: SafetensorsFile,
  graph: Graph,
  {
    prefix,
    widened,
    difference,
  }: { prefix: string; widened: ReadonlyMap<string, Float32Array>; difference: LowRankDifference },
): WeightReader {
  const plain = (name: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : name);
  const weights = new Map([...widened].map(([name, values]) => [plain(name), values.slice()]));
  addLowRankDifference(weights, difference);
  const find = (name: string, shape: readonly number[]) => {
    const found = weights.get(name);
    const length = shape.reduce((product, size) => product * size, 1);
    if (found?.length === length) return found;
    throw new FileFormatError({
      path: found ? path : difference.path,
      message: `${path} with ${difference.path} has no tensor "${name}" of the shape [${shape}].`,
      hint: 'The difference belongs to another base.',
    });
  };
  return {
    weight(name, shape, rows) {
      const all = find(name, rows ? [rows.of, ...shape.slice(1)] : shape);
      const width = shape.slice(1).reduce((product, size) => product * size, 1);
      const from = (rows?.from ?? 0) * width;
      return graph.weight(name, all.subarray(from, from + shape[0]! * width), shape);
    },
    read: async (name, shape) => find(name, shape),
  };
}
