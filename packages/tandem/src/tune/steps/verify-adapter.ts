import { join } from 'node:path';
import { ParityError } from '../../core/errors/parity-error.ts';
import type { Parts } from '../../parts/parts.ts';
import { localLogits } from '../local-trainer.ts';
import { checkParity, parityBounds } from '../parity.ts';
import { baseToolsOf } from '../place-job.ts';
import { probeSequences } from '../probe-sequences.ts';
import type { TrainingContext, TrainingPlan, TrainingResult, Verification } from '../training-data.ts';

/**
 * The fourth step, on a few examples and at least 250 tokens: llama.cpp over the quantised base with the adapter, against the trainer's graph over the same blocks.
 * @throws ParityError where what is served is not what was trained.
 */
export async function verifyAdapter(
  { plan, trained }: { plan: TrainingPlan; trained: TrainingResult },
  { parts, signal, onProgress }: TrainingContext<Pick<Parts, 'models' | 'dataDirectory'>>,
): Promise<Verification> {
  if (plan.trainer === 'hosted' || 'model' in trained)
    return { notMeasured: 'The weights stay at the provider, which serves them itself.' };
  const progress = (done: number) =>
    onProgress?.({ stage: 'checking the adapter in llama.cpp', done, total: 1, unit: 'adapter' });
  progress(0);
  const tools = await baseToolsOf(plan, parts);
  const place = (file: string) => join(parts.dataDirectory, trained.directory, file);
  const { train, validation } = plan.job;
  const adapterFile = place(trained.files.gguf);
  const parity = await checkParity(tools, {
    sequences: probeSequences(validation.length > 0 ? validation : train, tools),
    adapterFile,
    reference: await localLogits(tools.path, place(trained.files.peft)),
    ...(signal && { signal }),
  });
  if (parity.meanKl > parityBounds.meanKl || parity.sameTopToken < parityBounds.sameTopToken)
    throw new ParityError({ file: adapterFile, ...parity });
  progress(1);
  return { parity };
}
