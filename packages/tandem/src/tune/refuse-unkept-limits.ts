import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Settings } from '../core/settings.ts';
import type { TrainingRequest } from './training-data.ts';

/**
 * Only the local trainer learns from preferences, trains an adapter further, multiplies its learning rate, and keeps to an amount of memory or a precision of the frozen
 * weights. Where another is set these are refused, rather than passed over.
 * @throws InvalidInputError
 */
export function refuseUnkeptLimits(request: TrainingRequest, tune: Settings['tune']): void {
  const { trainer } = tune;
  if (trainer === 'local') return;
  const refuse = (where: string, message: string, hint: string) =>
    new InvalidInputError({ domain: 'tune', where, message, hint });
  const ofWorker = (hint: string) => (trainer === 'worker' ? ` and set ${hint}` : '');
  if ((request.preferences ?? request.from) !== undefined)
    throw refuse(
      'tune.trainer',
      `The ${trainer} trainer learns from examples alone: no preferences, and no adapter to go on from.`,
      'Set tune.trainer to local.',
    );
  if (request.learningRateMultiplier !== undefined)
    throw refuse(
      'tune.trainer',
      `The ${trainer} trainer takes no learningRateMultiplier here.`,
      trainer === 'hosted' ? 'Set tune.hosted.learningRateMultiplier.' : 'Set tune.learningRate.',
    );
  if ((request.memory ?? tune.memory) !== undefined) {
    const where = request.memory === undefined ? 'tune.memory' : 'memory';
    throw refuse(
      where,
      `The ${trainer} trainer cannot be held to an amount of memory: only training on this machine can.`,
      `Leave ${where} out${ofWorker('tune.worker.microBatchSize or tune.worker.quantise')}, or set tune.trainer to local.`,
    );
  }
  if (tune.frozenPrecision !== 'float32')
    throw refuse(
      'tune.frozenPrecision',
      `The ${trainer} trainer has no frozenPrecision ${tune.frozenPrecision}: only training here with the local one has.`,
      `Leave tune.frozenPrecision out${ofWorker('tune.worker.precision or tune.worker.quantise')}, or set tune.trainer to local.`,
    );
}
