import { dirname, resolve } from 'node:path';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { sha256 } from '../core/hash.ts';
import type { FormatName, GivenFile } from '../core/types/dataset-file.ts';
import { type Around, type Converted, type DatasetFormat, type Fields, Unfit } from './formats/format.ts';
import { formatNamed, recogniseFormat } from './formats/formats.ts';
import { type Container, readRecords } from './records/read-records.ts';
import { type FileRecord, valueIn } from './records/record.ts';

/** What a file is read as: questions with answers (also cases), or training examples. */
export type Form = 'question' | 'example';

/** An entry in Tandem's own form, not checked against its schema yet; or why it has none. */
export type FileEntry = { where: string } & (Converted | { fault: InvalidInputError });

/** A file's entries, and what it is. */
export interface FileEntries {
  entries: FileEntry[];
  container: Container;
  form: Form;
  /** Of a file in which not even one entry can be read, undefined. */
  format?: DatasetFormat;
}

/**
 * Reads a file of any known format, as `form`, or where that is not given as what it holds; entries that cannot be read are among the others, each with its fault. A question without an id gets one that is made of
 * its words, so that it stays the same when lines come and go.
 * @throws InvalidInputError where there is no such file, it cannot be read as a whole, its format is not known, or has nothing of this form
 */
export async function readEntries(given: GivenFile, form?: Form): Promise<FileEntries> {
  const path = resolve(given.file);
  const { container, records } = await readRecords(path);
  const columns = given.columns ?? {};
  let format = given.format && formatNamed(given.format);
  const entries: FileEntry[] = [];
  for await (const record of followed(path, records)) {
    if ('fault' in record) {
      entries.push(record);
      continue;
    }
    const around: Around = { columns, file: record.around ?? {} };
    format ??= recogniseFormat(record.value, around, record.where);
    form ??= format.toExample ? 'example' : 'question';
    entries.push(...convert(record, { format, form, around, path }));
  }
  form ??= 'example';
  return {
    entries: form === 'question' ? withIds(entries) : entries,
    container,
    form,
    ...(format && { format }),
  };
}

/** Whether a file is JSON Lines in Tandem's own form, which can be read again without this. */
export async function isOwnForm(given: GivenFile, form: Form): Promise<boolean> {
  const { container, records } = await readRecords(resolve(given.file));
  if (container !== 'JSON Lines' || given.columns) return false;
  const own: FormatName = form === 'question' ? 'question-answer' : 'openai-chat';
  if (given.format) return given.format === own;
  for await (const record of records)
    if (!('fault' in record))
      return recogniseFormat(record.value, { columns: {}, file: {} }, record.where).name === own;
  return true;
}

/** Where a config names files with its tests, their entries stand in its place. */
async function* followed(
  path: string,
  records: AsyncIterable<FileRecord> | Iterable<FileRecord>,
): AsyncGenerator<FileRecord> {
  for await (const record of records) {
    if ('fault' in record || record.around === undefined || typeof record.value !== 'string') {
      yield record;
      continue;
    }
    const named = resolve(dirname(path), record.value.replace(/^file:\/\//, ''));
    if (named === path) throw unreadable(record.where, 'names its own file as its tests', undefined);
    for await (const entry of (await readRecords(named)).records)
      yield 'fault' in entry ? entry : { ...entry, around: { ...record.around, ...entry.around } };
  }
}

function convert(
  record: FileRecord,
  { format, form, around, path }: { format: DatasetFormat; form: Form; around: Around; path: string },
): FileEntry[] {
  const { where } = record;
  const value = valueIn(record);
  if (form === 'question' ? !format.toQuestions : !format.toExample)
    throw new InvalidInputError({
      domain: 'dataset',
      where: path,
      message: `${path} holds questions with answers (${format.name}), and no conversations to train on as they are.`,
      hint: 'Name it under dataset.questions: training examples are then composed of it as the model will be asked.',
    });
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [{ where, fault: unreadable(where, 'is not an object', undefined) }];
  try {
    const converted =
      form === 'question'
        ? format.toQuestions!(value as Fields, around)
        : [format.toExample!(value as Fields, around)];
    return converted.map((each) => ({ where, ...each }));
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    return [
      { where, fault: unreadable(where, `is not ${format.title} that can be used: ${error.message}`, error) },
    ];
  }
}

function unreadable(where: string, problem: string, cause: Unfit | undefined): InvalidInputError {
  return new InvalidInputError({
    domain: 'dataset',
    where,
    ...(cause && { cause }),
    message: `${where} ${problem}.`,
    hint: cause?.hint ?? 'Fix or remove that entry.',
  });
}

function withIds(entries: readonly FileEntry[]): FileEntry[] {
  const times = new Map<string, number>();
  return entries.map((entry) => {
    if ('fault' in entry || entry.line.id !== undefined || typeof entry.line.question !== 'string')
      return entry;
    const id = `q-${sha256(entry.line.question).slice(0, 10)}`;
    const time = (times.get(id) ?? 0) + 1;
    times.set(id, time);
    return { ...entry, line: { ...entry.line, id: time === 1 ? id : `${id}-${time}` } };
  });
}
