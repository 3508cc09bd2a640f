import { NnError } from '@tandem/nn';
import { TandemError } from '../../core/errors/tandem-error.ts';
import { faultIn } from './check-training-file.ts';
import type { JobError } from './job.ts';
import type { TrainingSpec } from './training-messages.ts';

/** What a client is told of a training that failed: Tandem's own sentences, with files as their uploader knows them. */
export function jobErrorOf(
  error: unknown,
  { training, validation, folder }: Pick<TrainingSpec, 'training' | 'validation' | 'folder'>,
): JobError {
  if (!TandemError.isInstance(error) && !NnError.isInstance(error)) {
    console.error(error);
    return {
      code: 'server_error',
      param: null,
      message: 'The server had an error while it trained. Its log says more.',
    };
  }
  const { message, code } = error;
  if (message.includes(training.path)) return faultIn({ ...training, param: 'training_file' }, message);
  if (validation && message.includes(validation.path))
    return faultIn({ ...validation, param: 'validation_file' }, message);
  return { code, param: null, message: message.replaceAll(`${folder}/`, '') };
}
