/** Value types of GGUF metadata, by their number in the file (ggml-org/ggml docs/gguf.md). */
export const ggufValueTypes = [
  'UINT8',
  'INT8',
  'UINT16',
  'INT16',
  'UINT32',
  'INT32',
  'FLOAT32',
  'BOOL',
  'STRING',
  'ARRAY',
  'UINT64',
  'INT64',
  'FLOAT64',
] as const;
/** The type of a metadata value. */
export type GgufValueType = (typeof ggufValueTypes)[number];

/**
 * One metadata value with its type. Numbers are numbers; 64-bit integers beyond 2^53 are bigints. `itemType` is the
 * type of an array's items; items of an array of arrays are entries themselves.
 */
export type GgufValue =
  | { type: Exclude<GgufValueType, 'ARRAY'>; value: string | number | bigint | boolean }
  | { type: 'ARRAY'; itemType: GgufValueType; value: (string | number | bigint | boolean | GgufValue)[] };

/** A metadata value without its type, as in `GgufFile.metadata`; arrays of arrays likewise. */
export type GgufPlainValue = string | number | bigint | boolean | GgufPlainValue[];

/** Tensor types by their number in the file, with elements per block and bytes per block (ggml.h, ggml-common.h). */
export const ggmlTypes = {
  F32: { id: 0, blockSize: 1, blockBytes: 4 },
  F16: { id: 1, blockSize: 1, blockBytes: 2 },
  Q4_0: { id: 2, blockSize: 32, blockBytes: 18 },
  Q4_1: { id: 3, blockSize: 32, blockBytes: 20 },
  Q5_0: { id: 6, blockSize: 32, blockBytes: 22 },
  Q5_1: { id: 7, blockSize: 32, blockBytes: 24 },
  Q8_0: { id: 8, blockSize: 32, blockBytes: 34 },
  Q8_1: { id: 9, blockSize: 32, blockBytes: 36 },
  Q2_K: { id: 10, blockSize: 256, blockBytes: 84 },
  Q3_K: { id: 11, blockSize: 256, blockBytes: 110 },
  Q4_K: { id: 12, blockSize: 256, blockBytes: 144 },
  Q5_K: { id: 13, blockSize: 256, blockBytes: 176 },
  Q6_K: { id: 14, blockSize: 256, blockBytes: 210 },
  Q8_K: { id: 15, blockSize: 256, blockBytes: 292 },
  IQ2_XXS: { id: 16, blockSize: 256, blockBytes: 66 },
  IQ2_XS: { id: 17, blockSize: 256, blockBytes: 74 },
  IQ3_XXS: { id: 18, blockSize: 256, blockBytes: 98 },
  IQ1_S: { id: 19, blockSize: 256, blockBytes: 50 },
  IQ4_NL: { id: 20, blockSize: 32, blockBytes: 18 },
  IQ3_S: { id: 21, blockSize: 256, blockBytes: 110 },
  IQ2_S: { id: 22, blockSize: 256, blockBytes: 82 },
  IQ4_XS: { id: 23, blockSize: 256, blockBytes: 136 },
  I8: { id: 24, blockSize: 1, blockBytes: 1 },
  I16: { id: 25, blockSize: 1, blockBytes: 2 },
  I32: { id: 26, blockSize: 1, blockBytes: 4 },
  I64: { id: 27, blockSize: 1, blockBytes: 8 },
  F64: { id: 28, blockSize: 1, blockBytes: 8 },
  IQ1_M: { id: 29, blockSize: 256, blockBytes: 56 },
  BF16: { id: 30, blockSize: 1, blockBytes: 2 },
  TQ1_0: { id: 34, blockSize: 256, blockBytes: 54 },
  TQ2_0: { id: 35, blockSize: 256, blockBytes: 66 },
  MXFP4: { id: 39, blockSize: 32, blockBytes: 17 },
} as const;
/** The type in which a tensor is stored. */
export type GgmlType = keyof typeof ggmlTypes;

/** Tensor types by their number in the file. */
export const ggmlTypeById: ReadonlyMap<number, GgmlType> = new Map(
  (Object.keys(ggmlTypes) as GgmlType[]).map((name) => [ggmlTypes[name].id, name]),
);

/** The specification's default for `general.alignment`. */
export const defaultGgufAlignment = 32;
