export { type AttentionSizes, causalAttention, slidingWindow } from './attention.ts';
export { binaryCrossEntropy, crossEntropy } from './classification-loss.ts';
export {
  add,
  divide,
  exponential,
  geglu,
  gelu,
  geluTanh,
  logarithm,
  multiply,
  negate,
  offset,
  scale,
  sigmoid,
  silu,
  squareRoot,
  subtract,
  swiglu,
  tanh,
} from './elementwise.ts';
export { hadamardBlock, hadamardRotated, hadamardRotatedColumns, hadamardRotatedRows } from './hadamard.ts';
export {
  emptyInt8Columns,
  type Int8Columns,
  type Int8Matrix,
  type Int8Rows,
  type Int8Weight,
  int8ColumnSums,
  int8Columns,
  int8ColumnsOf,
  int8Linear,
  int8ProbeGraph,
  int8Product,
  int8Rows,
  int8RowsAbove,
  int8RowsTransposed,
  int8Transposed,
} from './int8.ts';
export { gatherRows } from './lookup.ts';
export { type FrozenInt8, frozenInt8, type LoraLayer, loraLinear } from './lora.ts';
export {
  type Dropout,
  dropoutKeyRange,
  dropoutKeyWidth,
  loraLinearWithDropout,
  randomlyZeroed,
} from './lora-dropout.ts';
export { linearCrossEntropy } from './loss.ts';
export { gemm, linear, matMul } from './matrix.ts';
export { layerNorm, rmsNorm, unitLength } from './normalization.ts';
export { type PackedRows, packedAttention } from './packed-attention.ts';
export { linearLogProbabilities, type PreferenceInputs, preferenceLoss } from './preference-loss.ts';
export { mean, sum, sumAll } from './reduce.ts';
export { rotary, rotaryFrequencies, rotaryTables } from './rotary.ts';
export { concatenate, reshape, slice, split, transpose } from './shape.ts';
export { softmax } from './softmax.ts';
