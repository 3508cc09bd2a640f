import {
  type Data,
  type DataType,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { chunkFromJson, chunkToJson } from '../chunk-json.ts';
import { type ChunkRow, notRemoved, type ScoredChunk } from '../chunk-table.ts';
import { metadataPairs } from '../filter.ts';

/** What a search brings back of a row, beside its score. */
export const rowColumns = ['chunk', 'added_seq'];

export function rowSchema(dimensions: number): Schema {
  const utf8 = (name: string) => new Field(name, new Utf8(), false);
  const int = (name: string) => new Field(name, new Int32(), false);
  return new Schema([
    utf8('key'),
    // What is searched or filtered by has a column; what only comes back is one string: a row is read in one piece then.
    utf8('chunk'),
    utf8('document_id'),
    int('ordinal'),
    utf8('access'),
    new Field('metadata_pairs', new List(new Field('item', new Utf8(), true)), false),
    // Joined by spaces.
    utf8('terms'),
    int('added_seq'),
    int('removed_seq'),
    new Field('vector', new FixedSizeList(dimensions, new Field('item', new Float32(), true)), false),
  ]);
}

/** Column by column: LanceDB's own way from records makes an object of each number of each vector. */
export function toTable(rows: readonly ChunkRow[], seq: number, dimensions: number): Table {
  const schema = rowSchema(dimensions);
  const { length } = rows;
  const typeOf = (name: string) => schema.fields.find((field) => field.name === name)!.type;
  const made = (name: string, values: readonly unknown[]): Data =>
    vectorFromArray(values, typeOf(name) as DataType).data[0]!;
  const constant = (value: number): Data =>
    makeData({ type: new Int32(), length, nullCount: 0, data: new Int32Array(length).fill(value) });
  const numbers = new Float32Array(length * dimensions);
  for (const [i, { vector }] of rows.entries()) numbers.set(vector, i * dimensions);
  const columns: Record<string, Data> = {
    key: made(
      'key',
      rows.map(({ id }) => `${seq} ${id}`),
    ),
    chunk: made('chunk', rows.map(chunkToJson)),
    document_id: made(
      'document_id',
      rows.map(({ documentId }) => documentId),
    ),
    ordinal: makeData({
      type: new Int32(),
      length,
      nullCount: 0,
      data: Int32Array.from(rows, ({ ordinal }) => ordinal),
    }),
    access: made(
      'access',
      rows.map(({ access }) => access),
    ),
    metadata_pairs: made(
      'metadata_pairs',
      rows.map(({ metadata }) => metadataPairs(metadata)),
    ),
    terms: made(
      'terms',
      rows.map(({ terms }) => terms.join(' ')),
    ),
    added_seq: constant(seq),
    removed_seq: constant(notRemoved),
    vector: makeData({
      type: typeOf('vector') as FixedSizeList,
      length,
      nullCount: 0,
      child: makeData({ type: new Float32(), length: numbers.length, nullCount: 0, data: numbers }),
    }),
  };
  const children = schema.fields.map(({ name }) => columns[name]!);
  const type = new Struct(schema.fields);
  return new Table(schema, [new RecordBatch(schema, makeData({ type, length, nullCount: 0, children }))]);
}

/** @param score The column that has it; absent: 0. */
export function fromTable(found: Table, score?: '_distance' | '_score'): ScoredChunk[] {
  const [chunks, seqs] = [found.getChild('chunk')!, found.getChild('added_seq')!];
  const scores = score && found.getChild(score)!;
  const vectors = found.getChild('vector');
  return Array.from({ length: found.numRows }, (_, i) => ({
    chunk: chunkFromJson(chunks.get(i), seqs.get(i)),
    score: scores ? scores.get(i) : 0,
    // Copied in one piece, so that the whole answer need not stay in memory for it.
    ...(vectors && { vector: (vectors.get(i).toArray() as Float32Array).slice() }),
  }));
}
