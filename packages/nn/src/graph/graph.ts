import { GraphError } from '../errors/graph-error.ts';
import {
  type Attribute,
  type DataType,
  type Dimension,
  encodeModel,
  type NodeProto,
  type TensorProto,
  type ValueInfo,
} from './protobuf.ts';

/**
 * A computation that is being written: inputs, weights, ONNX nodes and outputs. ONNX Runtime runs it.
 *
 *     const graph = new Graph('scale');
 *     const x = graph.input('x', 'float32', ['rows', 4]);
 *     const w = graph.weight('w', new Float32Array(12), [3, 4]);      // [out, in], as in safetensors
 *     const y = silu(linear(x, w));                                   // operators: functions from Values to Values
 *     const [dw] = gradients(sumAll(y), [w]);                         // reverse mode: more nodes in the same graph
 *     graph.output('y', y);
 *     graph.output('dw', dw);
 *     await using session = await openSession(graph, { threads: 2 });
 *     const { y: result } = await session.run({ x: { data, shape: [5, 4] } });   // result.data, result.shape
 *
 * Operators are in `operators/`, one file for each family, with the backward of each beside its forward.
 */
export class Graph {
  readonly name: string;
  private readonly outputsAre: 'copied' | 'where computed';
  readonly inputs: ValueInfo[] = [];
  readonly outputs: ValueInfo[] = [];
  readonly weights = new Map<string, Weight>();
  private readonly nodes: NodeProto[] = [];
  private readonly constants: TensorProto[] = [];
  private readonly constantNames = new Map<string, Value>();
  private readonly computed = new Map<string, ValueInfo>();
  private readonly names = new Set<string>();
  private tape: TapeEntry[] = [];
  private counter = 0;

  /**
   * @param options.outputs with `where computed`, the last node writes its result under the output's name, which saves
   *   a copy. With `copied` (default), a node that copies is added. ONNX Runtime orders the nodes by walking back from
   *   those whose result no other node reads: with copied outputs the gradients of a long chain are computed in the
   *   order of its layers. Without them a decoder's training takes twice the memory (2.8 instead of 1.4 GB for
   *   SmolLM2-135M).
   */
  constructor(name: string, { outputs = 'copied' }: { outputs?: 'copied' | 'where computed' } = {}) {
    this.name = name;
    this.outputsAre = outputs;
  }

  /** A tensor given at each run. */
  input(name: string, type: DataType, shape: readonly Dimension[]): Value {
    this.claimName(name);
    this.inputs.push({ name, type, shape });
    return { graph: this, name, type, shape };
  }

  /**
   * A tensor that stays the same from run to run. `data` may be a typed array, or a place in a file (raw little-endian
   * values, as safetensors holds them). Float32 unless `type` says otherwise.
   */
  weight(name: string, data: WeightData, shape: readonly number[], type: DataType = 'float32'): Value {
    this.claimName(name);
    if ('length' in data && !('file' in data)) {
      const size = shape.reduce((product, dimension) => product * dimension, 1);
      if (data.length !== size && type !== 'uint4' && type !== 'int4') {
        throw new GraphError({
          fault: 'shape_mismatch',
          message: `The weight "${name}" has ${data.length} values where the shape [${shape.join(', ')}] needs ${size}.`,
          hint: "Check the model's configuration against its weight file.",
        });
      }
    }
    this.weights.set(name, { type, shape, data });
    return { graph: this, name, type, shape };
  }

  /** A small tensor written into the model itself; equal constants are stored once. */
  constant(
    type: 'float32' | 'float64' | 'int64' | 'int32' | 'int8',
    values: readonly number[],
    shape?: readonly number[],
  ): Value {
    const dimensions = shape ?? (values.length === 1 ? [] : [values.length]);
    const key = `${type}[${dimensions.join(',')}]:${values.join(',')}`;
    const known = this.constantNames.get(key);
    if (known) return known;
    const name = this.freshName('constant');
    const typed =
      type === 'float32'
        ? Float32Array.from(values)
        : type === 'float64'
          ? Float64Array.from(values)
          : type === 'int32'
            ? Int32Array.from(values)
            : type === 'int8'
              ? Int8Array.from(values)
              : BigInt64Array.from(values, BigInt);
    this.constants.push({ name, type, shape: dimensions, content: new Uint8Array(typed.buffer) });
    const value: Value = { graph: this, name, type, shape: dimensions };
    this.constantNames.set(key, value);
    return value;
  }

  /**
   * Adds one ONNX node; meant for files of operators. The node has no gradient unless {@link differentiable} or
   * {@link Graph.record} adds one. An optional input that is left out is `undefined`.
   */
  node(
    operator: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly { type: DataType; shape: readonly Dimension[] }[],
    options: { attributes?: Record<string, Attribute>; domain?: '' | 'com.microsoft' } = {},
  ): Value[] {
    const results = outputs.map(({ type, shape }) => ({
      graph: this,
      name: this.freshName(operator),
      type,
      shape,
    }));
    for (const { name, type, shape } of results) this.computed.set(name, { name, type, shape });
    this.nodes.push({
      operator,
      domain: options.domain ?? '',
      name: results[0]!.name,
      inputs: inputs.map((input) => input?.name ?? ''),
      outputs: results.map((result) => result.name),
      attributes: options.attributes ?? {},
    });
    return results;
  }

  /** Gives a value the name under which a run returns it. */
  output(name: string, value: Value): void {
    this.claimName(name);
    this.nodes.push({
      operator: 'Identity',
      domain: '',
      name,
      inputs: [value.name],
      outputs: [name],
      attributes: {},
    });
    this.outputs.push({ name, type: value.type, shape: value.shape });
  }

  /** Adds an operation to the tape: the list that {@link gradients} reads backwards. */
  record(entry: TapeEntry): void {
    this.tape.push(entry);
  }

  /** The operations recorded so far, in order. */
  get tapeEntries(): readonly TapeEntry[] {
    return this.tape;
  }

  /** Runs `build` with an empty tape and returns what it recorded there; the graph's own tape stays as it was. */
  capture<T>(build: () => T): { result: T; entries: readonly TapeEntry[] } {
    const outer = this.tape;
    this.tape = [];
    try {
      const result = build();
      return { result, entries: this.tape };
    } finally {
      this.tape = outer;
    }
  }

  /** The number of nodes so far, for {@link Graph.split}. */
  get size(): number {
    return this.nodes.length;
  }

  /**
   * Splits the graph in two: the first `at` nodes and the others. Values of the first half that the second half needs
   * (`between`) are outputs of the first and inputs of the second. This allows running a forward for many small
   * batches, or for many layers of the same form, and the backward later. Nothing can be added to the two graphs.
   *
   * @param options.halve which float32 values of `between` are handed over as float16, in half of the memory. What is
   *   too large for float16 becomes its largest number.
   */
  split(
    at: number,
    { halve = () => false }: { halve?: (value: ValueInfo) => boolean } = {},
  ): { before: Graph; after: Graph; between: readonly ValueInfo[] } {
    const options = { outputs: this.outputsAre };
    const before = new Graph(`${this.name} (forward)`, options);
    const after = new Graph(`${this.name} (backward)`, options);
    before.nodes.push(...this.nodes.slice(0, at));
    after.nodes.push(...this.nodes.slice(at));
    const early = new Set(before.nodes.flatMap(({ outputs }) => outputs));
    for (const output of this.outputs) (early.has(output.name) ? before : after).outputs.push(output);
    const between = [...after.live().used].flatMap((name) => {
      if (!early.has(name)) return [];
      const value = this.computed.get(name)!;
      if (value.type !== 'float32' || !halve(value)) return [value];
      const half: ValueInfo = { ...value, name: `${name}.half`, type: 'float16' };
      const limits = [-largestHalf, largestHalf].map((limit) => this.constant('float32', [limit]).name);
      before.nodes.push(
        plainNode('Clip', [name, ...limits], `${name}.limited`),
        plainNode('Cast', [`${name}.limited`], half.name, { to: 10 }),
      );
      after.nodes.unshift(plainNode('Cast', [half.name], name, { to: 1 }));
      return [half];
    });
    before.outputs.push(...between);
    after.inputs.push(...between);
    for (const part of [before, after]) {
      const { used } = part.live();
      part.inputs.push(...this.inputs.filter(({ name }) => used.has(name)));
      part.constants.push(...this.constants);
      for (const [name, weight] of this.weights) if (used.has(name)) part.weights.set(name, weight);
    }
    return { before, after, between };
  }

  /**
   * The graph as the bytes of an ONNX model.
   *
   * @param options.fed weights that become graph inputs: their memory is shared with the caller and not copied into the
   *   session.
   * @param options.place where the data of every other weight is; it becomes an initializer with external data.
   */
  toOnnx(options: {
    fed: ReadonlySet<string>;
    place: (name: string, weight: Weight) => TensorProto['content'];
  }): Uint8Array {
    const { nodes: findUsedNodes, used } = this.live();
    const nodes = this.outputsAre === 'copied' ? findUsedNodes : this.nameOutputsWhereComputed(findUsedNodes);
    const fed: ValueInfo[] = [];
    const initializers = this.constants.filter(({ name }) => used.has(name));
    for (const [name, weight] of this.weights) {
      if (!used.has(name)) continue;
      if (options.fed.has(name)) fed.push({ name, type: weight.type, shape: weight.shape });
      else
        initializers.push({
          name,
          type: weight.type,
          shape: weight.shape,
          content: options.place(name, weight),
        });
    }
    return encodeModel({
      name: this.name,
      opset: 21,
      nodes,
      initializers,
      inputs: [...this.inputs, ...fed],
      outputs: this.outputs,
    });
  }

  /** Drops the nodes that only give an output its name, and gives that name to the node that computes it instead. */
  private nameOutputsWhereComputed(nodes: readonly NodeProto[]): NodeProto[] {
    const outputs = new Set(this.outputs.map(({ name }) => name));
    const computed = new Set(nodes.flatMap((node) => node.outputs));
    const renamed = new Map<string, string>();
    const rest = nodes.filter(({ operator, inputs: [from], outputs: [to] }) => {
      if (operator !== 'Identity' || !outputs.has(to!) || !computed.has(from!)) return true;
      if (outputs.has(from!) || renamed.has(from!)) return true;
      renamed.set(from!, to!);
      return false;
    });
    const rename = (name: string) => renamed.get(name) ?? name;
    return rest.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    }));
  }

  /**
   * The nodes that some output depends on, and the names of all values that they read. Backward functions may add nodes
   * that nothing uses: a stretch that is computed again is written to its end, though its last values are needed only
   * in the forward.
   */
  private live(): { nodes: NodeProto[]; used: Set<string> } {
    const used = new Set(this.outputs.map(({ name }) => name));
    const nodes = this.nodes
      .toReversed()
      .filter(({ inputs, outputs }) => {
        if (!outputs.some((output) => used.has(output))) return false;
        for (const input of inputs) used.add(input);
        return true;
      })
      .toReversed();
    return { nodes, used };
  }

  private freshName(stem: string): string {
    let name: string;
    do name = `${stem}_${this.counter++}`;
    while (this.names.has(name));
    this.names.add(name);
    return name;
  }

  private claimName(name: string): void {
    if (this.names.has(name)) {
      throw new GraphError({
        fault: 'duplicate_name',
        message: `Two values of the graph "${this.name}" are called "${name}".`,
      });
    }
    this.names.add(name);
  }
}

/** The largest finite number of float16. */
const largestHalf = 65504;

function plainNode(
  operator: string,
  inputs: string[],
  output: string,
  attributes: Record<string, Attribute> = {},
): NodeProto {
  return { operator, domain: '', name: output, inputs, outputs: [output], attributes };
}

/** A tensor of a graph that is being written: its type and shape. Its data exists only while the graph runs. */
export interface Value {
  readonly graph: Graph;
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly Dimension[];
}

/** Arrays that tensors can hold. Float16 values are passed as their bits. */
export type TypedArray = Float32Array | Int32Array | Uint8Array | Int8Array | Uint16Array | BigInt64Array;
/** A weight's values: an array, or a place in a file (little-endian, row-major). */
export type WeightData = TypedArray | { file: string; offset: number; byteLength: number };

/** A tensor that stays the same from run to run. */
export interface Weight {
  type: DataType;
  shape: readonly number[];
  data: WeightData;
}

/**
 * One differentiable operation. `backward` gets the gradient of each output (undefined where none arrives) and returns
 * the gradient of each input. It may leave out the gradients of inputs that are not `wanted`.
 */
export interface TapeEntry {
  inputs: readonly Value[];
  outputs: readonly Value[];
  backward: (
    outputGradients: readonly (Value | undefined)[],
    wanted: readonly boolean[],
  ) => readonly (Value | undefined)[];
}

/** Records an operation with one output on the tape and returns that output. */
export function differentiable(
  output: Value,
  inputs: readonly Value[],
  backward: (gradient: Value, wanted: readonly boolean[]) => readonly (Value | undefined)[],
): Value {
  output.graph.record({
    inputs,
    outputs: [output],
    backward: ([gradient], wanted) => backward(gradient!, wanted),
  });
  return output;
}

/**
 * Reverse-mode differentiation: appends to the graph the nodes that compute d`scalar`/d`target` for each target and
 * returns those values. Only paths that lead to a target are differentiated, so frozen weights cost nothing.
 * `seed` multiplies everything (a scalar value), for a mean over more rows than this run sees.
 */
export function gradients(scalar: Value, targets: readonly Value[], seed?: Value): Value[] {
  const { graph } = scalar;
  const one = seed ?? graph.constant('float32', [1]);
  const found = backpropagate(graph.tapeEntries, new Map([[scalar.name, one]]), targets);
  return targets.map((target, index) => {
    const gradient = found[index];
    if (gradient) return gradient;
    throw new GraphError({
      fault: 'no_gradient',
      message: `In the graph "${graph.name}" no differentiable path leads from "${target.name}" to "${scalar.name}".`,
    });
  });
}

/**
 * The chain rule over a part of the tape.
 *
 * @param known gradients of some values, by the values' names.
 * @returns the gradient of each target, undefined where no path leads to it.
 */
export function backpropagate(
  entries: readonly TapeEntry[],
  known: ReadonlyMap<string, Value>,
  targets: readonly Value[],
): (Value | undefined)[] {
  const leadsToTarget = new Set(targets.map((target) => target.name));
  for (const { inputs, outputs } of entries) {
    if (inputs.some((input) => leadsToTarget.has(input.name))) {
      for (const output of outputs) leadsToTarget.add(output.name);
    }
  }

  const pending = new Map<string, Value[]>();
  for (const [name, gradient] of known) pending.set(name, [gradient]);
  const total = (value: Value): Value | undefined => {
    const parts = pending.get(value.name);
    if (parts && parts.length > 1) {
      pending.set(value.name, value.graph.node('Sum', parts, [{ type: value.type, shape: value.shape }]));
    }
    return pending.get(value.name)?.[0];
  };

  for (const entry of entries.toReversed()) {
    const wanted = entry.inputs.map((input) => leadsToTarget.has(input.name));
    if (!wanted.includes(true)) continue;
    const outputGradients = entry.outputs.map(total);
    if (outputGradients.every((gradient) => gradient === undefined)) continue;
    const inputGradients = entry.backward(outputGradients, wanted);
    entry.inputs.forEach((input, index) => {
      const gradient = inputGradients[index];
      if (!wanted[index] || !gradient) return;
      const parts = pending.get(input.name);
      if (parts) parts.push(gradient);
      else pending.set(input.name, [gradient]);
    });
  }
  return targets.map(total);
}
