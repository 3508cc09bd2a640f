export { backpropagate, Graph, gradients, type TypedArray, type Value, type WeightData } from './graph.ts';
export { hasIntegerProducts } from './integer-products.ts';
export * from './operators/index.ts';
export type { DataType, Dimension } from './protobuf.ts';
export { recomputed, recomputedByRows } from './recompute.ts';
export { openSession, type Session, type SessionOptions, type TensorData } from './session.ts';
