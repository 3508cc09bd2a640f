import path from 'node:path';
import type * as ort from 'onnxruntime-node';
import { GraphError } from '../errors/graph-error.ts';
import type { Graph, TypedArray } from './graph.ts';

/** How ONNX Runtime runs a graph. */
export interface SessionOptions {
  /** Threads within one operator. Default 2. */
  threads?: number;
  /**
   * `embedded` (default) makes the weights part of the session: ONNX Runtime packs them for its matrix kernels, which
   * is best for inference with small batches. `fed` passes them at each run from the caller's own memory, without a
   * copy: best for training, where changed weights must be seen and memory is short. `integers embedded` embeds int8
   * weights, since packing them at each run costs a fifth of their products' time, and feeds the others. Weights in
   * files are always embedded.
   */
  weights?: 'embedded' | 'fed' | 'integers embedded';
  /**
   * ONNX Runtime's graph rewriting. Default `all`. `none` keeps the nodes as written, and with them what is computed
   * again to save memory.
   */
  optimize?: 'none' | 'basic' | 'all';
  /**
   * Whether threads wait actively between operators. Default true. Use `false` where other work shares the machine:
   * threads then sleep.
   */
  spin?: boolean;
  /**
   * Whether the session keeps the memory of a run for the next one. Default true. With `false` it is given back to the
   * system: for graphs that run rarely beside others that need the memory.
   */
  keepMemory?: boolean;
  /** Writes ONNX Runtime's per-operator timings (a Chrome trace) to files with this prefix. */
  profilePrefix?: string;
}

/** A tensor outside the graph: values, row-major, and their shape. */
export interface TensorData {
  data: TypedArray;
  shape: readonly number[];
}

/** A graph that can be run. Only one run at a time; `run` occupies the calling thread until it is done. */
export interface Session extends AsyncDisposable {
  /**
   * Runs the graph and returns the outputs asked for (default: all) by name.
   *
   * @param into tensors that outputs are written to, by name: their memory can be used again from run to run.
   */
  run(
    inputs: Record<string, TensorData>,
    outputs?: readonly string[],
    into?: Record<string, TensorData>,
  ): Promise<Record<string, TensorData>>;
}

/**
 * ONNX Runtime is loaded at the first session and not when this package is imported: reading files or refusing a job
 * needs no native library, and a worker thread that never loaded it ends without bringing down the process.
 */
let runtime: Promise<typeof ort> | undefined;

/**
 * Makes a graph runnable.
 * @throws GraphError `graph_rejected` where ONNX Runtime refuses the graph (its reason is the cause);
 *   `weights_in_two_folders`.
 */
export async function openSession(graph: Graph, options: SessionOptions = {}): Promise<Session> {
  runtime ??= import('onnxruntime-node');
  const { InferenceSession, Tensor } = await runtime;
  const toTensor = ({ data, shape }: TensorData, type: string): ort.Tensor => {
    if (type !== 'float16') return new Tensor(type as 'float32', data as Float32Array, shape);
    // The JavaScript side would turn the bits into a Float16Array, which the native side (1.30) does not know.
    return Object.assign(new Tensor('uint16', data as Uint16Array, shape), { type });
  };
  const isFed = (type: string) =>
    options.weights === 'fed' || (options.weights === 'integers embedded' && type !== 'int8');
  const feeds: Record<string, ort.Tensor> = {};
  const fed = new Set<string>();
  const inMemory: { path: string; data: Uint8Array }[] = [];
  let folder: string | undefined;
  for (const [name, { data, shape, type }] of graph.weights) {
    if ('file' in data) {
      const here = path.dirname(path.resolve(data.file));
      if (folder !== undefined && folder !== here) {
        throw new GraphError({
          fault: 'weights_in_two_folders',
          message: `The weights of "${graph.name}" lie in ${folder} and in ${here}; one session reads one folder.`,
          hint: 'Put the weight files side by side.',
        });
      }
      folder = here;
    } else if (isFed(type)) {
      fed.add(name);
      feeds[name] = toTensor({ data, shape }, type);
    } else {
      inMemory.push({ path: name, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
    }
  }

  const model = graph.toOnnx({
    fed,
    place: (name, { data }) =>
      'file' in data
        ? { location: path.basename(data.file), offset: data.offset, length: data.byteLength }
        : { location: name, offset: 0, length: data.byteLength },
  });

  let session: ort.InferenceSession;
  try {
    session = await InferenceSession.create(model, {
      intraOpNumThreads: options.threads ?? 2,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: options.optimize === 'none' ? 'disabled' : (options.optimize ?? 'all'),
      // A memory pattern would keep the largest layout of every shape; without it training takes a third less.
      enableMemPattern: false,
      enableCpuMemArena: options.keepMemory !== false,
      logSeverityLevel: 3,
      ...(inMemory.length > 0 && { externalData: inMemory }),
      ...(options.profilePrefix !== undefined && {
        enableProfiling: true,
        profileFilePrefix: options.profilePrefix,
      }),
      extra: {
        session: {
          intra_op: { allow_spinning: options.spin === false ? '0' : '1' },
          // Between two runs threads sleep, so that the cores are free for other work: after a question is embedded,
          // the search for it runs.
          force_spinning_stop: '1',
          ...(folder !== undefined && { model_external_initializers_file_folder_path: folder }),
        },
      },
    });
  } catch (cause) {
    throw new GraphError({
      fault: 'graph_rejected',
      message: `ONNX Runtime refused the graph "${graph.name}": ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  }

  const types = new Map(graph.inputs.map((input) => [input.name, input.type]));
  const outputTypes = new Map(graph.outputs.map((output) => [output.name, output.type]));
  const outputNames = graph.outputs.map((output) => output.name);
  // Nothing below refers to the graph itself, so that embedded weights are not held in memory twice.
  const { name: title } = graph;
  return {
    async run(inputs, outputs = outputNames, into = {}) {
      const all = { ...feeds };
      for (const [name, type] of types) {
        const given = inputs[name];
        if (!given) {
          throw new GraphError({
            fault: 'missing_input',
            message: `The graph "${title}" was run without its input "${name}".`,
          });
        }
        all[name] = toTensor(given, type);
      }
      const fetches = Object.fromEntries(
        outputs.map((name) => [name, into[name] ? toTensor(into[name], outputTypes.get(name)!) : null]),
      );
      const results = await session.run(all, fetches);
      return Object.fromEntries(
        outputs.map((name) => {
          if (into[name]) return [name, into[name]];
          const { data, dims } = results[name]!;
          return [name, { data: data as TypedArray, shape: dims }];
        }),
      );
    },
    async [Symbol.asyncDispose]() {
      if (options.profilePrefix !== undefined) session.endProfiling();
      await session.release();
    },
  };
}
