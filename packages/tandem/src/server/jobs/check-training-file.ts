import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { exampleSchema } from '../../core/types/example.ts';
import { preferenceSchema } from '../../core/types/preference.ts';
import { readConversation } from '../../dataset/conversation.ts';
import { checkLine, emptyFile, jsonlRecords } from '../../dataset/jsonl.ts';
import { valueIn } from '../../dataset/records/record.ts';
import type { JobError } from './job.ts';

/** An uploaded file as a job reads it. */
export interface CheckedFile {
  path: string;
  /** What it was called where it was uploaded, for messages. */
  filename: string;
  param: 'training_file' | 'validation_file';
}

/**
 * Reads a file once, line by line, as the training will: chat conversations for `supervised`, pairs of replies for `dpo`.
 * @returns how many lines it has, or what is wrong with the first that cannot be learnt
 */
export async function checkTrainingFile(
  file: CheckedFile,
  method: 'supervised' | 'dpo',
): Promise<{ examples: number } | { error: JobError }> {
  let examples = 0;
  try {
    for await (const record of jsonlRecords(file.path)) {
      const value = valueIn(record);
      if (method === 'dpo') checkLine(value, record.where, preferenceSchema);
      else readConversation(checkLine(value, record.where, exampleSchema), record.where);
      examples += 1;
    }
    if (examples === 0) throw emptyFile(file.path);
    return { examples };
  } catch (error) {
    if (!InvalidInputError.isInstance(error)) throw error;
    return { error: faultIn(file, error.message) };
  }
}

/** What is wrong with a file, with its place as the uploader knows it. */
export function faultIn({ path, filename, param }: CheckedFile, message: string): JobError {
  return {
    code: `invalid_${param}`,
    param,
    message: `The ${param.replace('_', ' ')} cannot be used. ${message.replaceAll(path, filename)}`,
  };
}
