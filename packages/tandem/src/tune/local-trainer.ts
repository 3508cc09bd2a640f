import {
  decoderLogits,
  importPeft,
  type LoraTarget,
  loraTargets,
  planMemory,
  readDecoderConfig,
  readStoredSize,
  type TrainingProgress,
  trainLora,
  trainPreferences,
} from '@tandem/nn';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ProbedSequence } from './parity.ts';
import { outcomeOf, writeAdapter } from './trained-adapter.ts';
import type { Hyperparameters, TokenisedExample, Trainer } from './trainer.ts';

/** Trains in this process's worker thread with `@tandem/nn`: no Python, no GPU. */
export function localTrainer(): Trainer {
  return {
    name: 'local',
    async estimate({ train, validation, hyperparameters, baseFile }) {
      // A base that cannot be trained is refused here, before anything is made ready for it.
      const config = await readDecoderConfig(baseFile);
      const { batchSize, accumulate } = hyperparameters;
      const steps = Math.ceil(train.length / (batchSize * accumulate)) * hyperparameters.epochs;
      const tokens = train.reduce((sum, example) => sum + example.tokens.length, 0) * hyperparameters.epochs;
      const all = [...train, ...validation];
      const plan = planMemory(
        config,
        {
          ...nnHyperparameters(hyperparameters),
          longest: all.reduce((longest, example) => Math.max(longest, example.tokens.length), 0),
          stored: await readStoredSize(baseFile),
        },
        bytesOf(hyperparameters.memory),
      );
      return {
        steps: Math.ceil(steps),
        tokens: Math.round(tokens),
        memoryBytes: plan.bytes,
        money: 0,
        basis: [
          `${plan.tokensPerPass} tokens in a pass`,
          ...(plan.recompute === 'layers' ? ['layers computed again to save memory'] : []),
          ...(plan.weights === 'blocks' ? ['weights kept as the file has them'] : []),
        ].join(', '),
      };
    },
    async train(job, { outputDirectory, onProgress, onEvent, signal, checkpointEverySeconds }) {
      const memoryBytes = bytesOf(job.hyperparameters.memory);
      const settings = {
        model: job.baseFile,
        ...(job.initialAdapter !== undefined && { initialAdapter: await importPeft(job.initialAdapter) }),
        hyperparameters: nnHyperparameters(job.hyperparameters),
        ...(job.lineage && { lineage: job.lineage }),
        checkpointDirectory: job.checkpointDirectory,
        resume: true,
        ...(checkpointEverySeconds !== undefined && { checkpointEverySeconds }),
        ...(memoryBytes !== undefined && { memoryBytes }),
        ...(signal && { signal }),
        onProgress: (progress: TrainingProgress) => {
          const { stage, done, total, unit, detail, secondsLeft, savedEpochs } = progress;
          if (savedEpochs !== undefined) {
            onEvent?.('epoch', { step: done, epoch: savedEpochs });
            return;
          }
          onProgress?.({
            stage,
            done,
            total,
            unit,
            ...(detail !== undefined && { detail }),
            ...(secondsLeft !== undefined && { secondsLeft }),
          });
          const { loss, learningRate = 0, gradientNorm = 0, validationLoss, validationAccuracy } = progress;
          if (loss !== undefined) onEvent?.('step', { step: done, loss, learningRate, gradientNorm });
          if (validationLoss !== undefined) {
            onEvent?.('validation', {
              step: done,
              loss: validationLoss,
              ...(validationAccuracy !== undefined && { accuracy: validationAccuracy }),
            });
          }
        },
      } satisfies Omit<Parameters<typeof trainLora>[0], 'examples'>;
      const { adapter, metrics } = job.preferences
        ? await trainPreferences({
            ...settings,
            preferences: job.preferences.train,
            validation: job.preferences.validation,
          })
        : await trainLora({
            ...settings,
            examples: job.train.map(forTrainer),
            validation: job.validation.map(forTrainer),
          });
      const files = await writeAdapter(adapter, outputDirectory, job);
      return { files, ...outcomeOf(metrics) };
    },
  };
}

/** The trainer's own logits, with an exported adapter or without: what `checkParity` compares llama.cpp with. */
export async function localLogits(baseFile: string, peftDirectory?: string) {
  const adapter = peftDirectory === undefined ? undefined : await importPeft(peftDirectory);
  return async (sequences: readonly ProbedSequence[]): Promise<Float32Array[][]> => {
    const all = await decoderLogits({
      model: baseFile,
      sequences: sequences.map(({ tokens }) => tokens),
      positions: sequences.map(({ positions }) => positions),
      adapter,
    });
    return all.map((logits, index) => {
      const rows = sequences[index]!.positions.length;
      const vocabulary = logits.length / rows;
      return Array.from({ length: rows }, (_, row) =>
        logits.subarray(row * vocabulary, (row + 1) * vocabulary),
      );
    });
  };
}

const forTrainer = ({ tokens, labelSpans }: TokenisedExample) => ({
  tokens: Int32Array.from(tokens),
  labelSpans,
});

/** `1.5GB` in bytes. */
function bytesOf(size: string | undefined): number | undefined {
  if (size === undefined) return undefined;
  return Number.parseFloat(size) * (/g/i.test(size) ? 1e9 : 1e6);
}

/** The settings under the trainer's own names. @throws InvalidInputError for a module that cannot be adapted. */
export function nnHyperparameters(settings: Hyperparameters) {
  const unknown = settings.targetModules.filter((name) => !(loraTargets as readonly string[]).includes(name));
  if (unknown.length > 0) {
    throw new InvalidInputError({
      domain: 'tune',
      where: 'tune.targetModules',
      message: `tune.targetModules names ${unknown.join(', ')}, which cannot be adapted.`,
      hint: `Choose from ${loraTargets.join(', ')}.`,
    });
  }
  // All but what is ours (the limits of length and memory) is the trainer's own, under the same names.
  const { maxLength: _maxLength, memory: _memory, maxMinutes, ...rest } = settings;
  return {
    ...rest,
    targetModules: settings.targetModules as LoraTarget[],
    ...(maxMinutes !== undefined && { maxMinutes }),
  };
}
