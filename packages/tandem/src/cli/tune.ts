import { type Command, Option } from 'commander';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { type TunedEmbedder, tuneEmbedder } from '../tune/encoders/tune-embedder.ts';
import { type TunedReranker, tuneReranker } from '../tune/encoders/tune-reranker.ts';
import { type TunedHead, tuneHead } from '../tune/head/tune-head.ts';
import { cancelHosted } from '../tune/hosted/cancel-hosted.ts';
import { tuneRanking } from '../tune/ranking/tune-ranking.ts';
import type { TunedRanking } from '../tune/ranking/tuned-ranking.ts';
import { cancelTraining } from '../tune/training-run.ts';
import { tune } from '../tune/tune.ts';
import type { TuneEstimate } from '../tune/tune-options.ts';
import { positiveNumber } from './arguments.ts';
import { withProject } from './command-context.ts';
import { duration } from './progress-bar.ts';

interface TuneFlags {
  glossary?: string;
  maxMinutes?: number;
  memory?: string;
  estimate?: boolean;
  method?: 'sft' | 'dpo';
  preferences?: string;
  from?: string;
  fresh?: boolean;
  resume?: boolean;
  cancel?: boolean;
  embedder?: boolean;
  reranker?: boolean;
  ranking?: boolean;
  head?: boolean;
}

/** Flags that only an adapter's training has, and that an encoder's would ignore. */
const ofAdapters = ['maxMinutes', 'memory', 'method', 'preferences', 'from', 'estimate', 'cancel'];

export function addTune(program: Command, signal: AbortSignal): void {
  program
    .command('tune')
    .description('Train a LoRA adapter, here or where the config says; continues where it was interrupted.')
    .option('--glossary <file>', 'a CSV with the columns abbreviation and long_form')
    .option('--max-minutes <n>', 'train no longer than this; the schedule is fitted to it', positiveNumber)
    .option('--memory <size>', 'memory that training should stay within, such as 1.5GB')
    .addOption(
      new Option('--method <method>', 'sft: from examples; dpo: from preferences').choices(['sft', 'dpo']),
    )
    .option(
      '--preferences <file>',
      "pairs of replies of which one was preferred, in OpenAI's JSONL form; the word feedback: those of `tandem feedback`",
    )
    .option('--from <adapter>', 'train this adapter further instead of a new one')
    .option('--estimate', 'estimate time and cost, and stop')
    .addOption(new Option('--resume', 'continue an interrupted training (the default)').conflicts('fresh'))
    .option('--fresh', 'train from the start, even if nothing has changed or a run was interrupted')
    .option('--cancel', 'drop an interrupted training, and end a job that is under way at a provider')
    .addOption(
      new Option('--embedder', 'train the embedding model from the same questions and glossary').conflicts(
        ofAdapters,
      ),
    )
    .addOption(
      new Option(
        '--reranker',
        'train a cross-encoder that compares the best passages with the question once more',
      ).conflicts(['embedder', 'glossary', ...ofAdapters]),
    )
    .addOption(
      new Option(
        '--ranking',
        'learn from the same questions how much meaning, words, names and headings count in a search',
      ).conflicts(['embedder', 'reranker', 'glossary', 'fresh', ...ofAdapters]),
    )
    .addOption(
      new Option(
        '--head',
        'train a classifier on the embedder for each field of the reply that is a choice, in seconds',
      ).conflicts(['embedder', 'reranker', 'ranking', 'glossary', ...ofAdapters]),
    )
    .action(async (flags: TuneFlags, command: Command) => {
      await withProject(command, signal, async ({ project, json, print, onProgress }) => {
        if (flags.head) {
          const trained = await tuneHead(project, {
            ...(flags.fresh && { fresh: true }),
            signal,
            onProgress,
          });
          onProgress.end();
          print(trained, describeHead);
          return;
        }
        if (flags.ranking) {
          const learned = await tuneRanking(project, { signal, onProgress });
          onProgress.end();
          print(learned, describeRanking);
          return;
        }
        if (flags.reranker) {
          const trained = await tuneReranker(project, {
            ...(flags.fresh && { fresh: true }),
            signal,
            onProgress,
          });
          onProgress.end();
          print(trained, describeReranker);
          return;
        }
        if (flags.embedder) {
          const trained = await tuneEmbedder(project, {
            ...(flags.glossary !== undefined && { glossary: flags.glossary }),
            ...(flags.fresh && { fresh: true }),
            signal,
            onProgress,
          });
          onProgress.end();
          print(trained, describeEmbedder);
          return;
        }
        if (flags.cancel) {
          const hosted = await cancelHosted(project);
          const here = await cancelTraining(project, { signal });
          print({ cancelled: [...hosted, ...here] }, ({ cancelled }) =>
            cancelled.length > 0
              ? `Cancelled: ${cancelled.join(', ')}.`
              : 'No training of this project was interrupted here or is under way at a provider.',
          );
          return;
        }
        if (flags.method !== undefined && (flags.method === 'dpo') !== (flags.preferences !== undefined)) {
          throw new InvalidInputError({
            domain: 'cli',
            where: '--method',
            message:
              flags.method === 'dpo'
                ? 'Training by dpo needs preferences.'
                : 'Preferences are trained on by dpo, not by sft.',
            hint:
              flags.method === 'dpo'
                ? 'Give --preferences FILE.jsonl, or --preferences feedback.'
                : 'Leave --method out, or say dpo.',
          });
        }
        const outcome = await tune(project, {
          ...(flags.preferences !== undefined && { preferences: flags.preferences }),
          ...(flags.from !== undefined && { from: flags.from }),
          ...(flags.glossary !== undefined && { glossary: flags.glossary }),
          ...(flags.maxMinutes !== undefined && { maxMinutes: flags.maxMinutes }),
          ...(flags.memory !== undefined && { memory: flags.memory }),
          ...(flags.estimate && { estimateOnly: true }),
          ...(flags.fresh && { fresh: true }),
          signal,
          onProgress,
          onEstimate: (estimate) => {
            onProgress.breakLine();
            if (!json) console.error(describeTuneEstimate(estimate));
          },
        });
        if (!('adapter' in outcome)) {
          if (json) console.log(JSON.stringify(outcome.estimate));
          return;
        }
        print({ ...outcome.adapter, parity: outcome.parity, reused: outcome.reused }, ({ id, metrics }) =>
          [
            ...(outcome.reused ? ['Nothing has changed since the last training; --fresh trains again.'] : []),
            `${id}: ${metrics.examples} examples, ${metrics.steps} steps, ${duration(metrics.seconds)} (${[`${metrics.tokensPerSecond.toFixed(0)} tokens a second`, ...(metrics.peakMemoryBytes > 0 ? [`${(metrics.peakMemoryBytes / 1e9).toFixed(1)} GB at most`] : [])].join(', ')}).`,
            metrics.validationLossBefore !== undefined && metrics.validationLossAfter !== undefined
              ? `Loss on validation examples: ${metrics.validationLossBefore.toFixed(3)} before, ${metrics.validationLossAfter.toFixed(3)} after.`
              : metrics.trainLoss !== undefined
                ? `Training loss at the end: ${metrics.trainLoss.toFixed(3)}.`
                : 'The trainer reported no loss.',
            ...(outcome.adapter.hosted
              ? [`It answers as ${outcome.adapter.hosted.model} at ${outcome.adapter.hosted.provider}.`]
              : []),
            ...(outcome.parity
              ? [
                  `Served by llama.cpp it agrees with the trainer: mean KL ${outcome.parity.meanKl.toExponential(1)}, same top token ${(outcome.parity.sameTopToken * 100).toFixed(1)} % of ${outcome.parity.tokens} tokens.`,
                ]
              : []),
            'Next: tandem compare, then tandem use.',
          ].join('\n'),
        );
      });
    });
}

export function describeTuneEstimate(estimate: TuneEstimate): string {
  const { examples, tokens, steps, minutes, memoryBytes, money, basis } = estimate;
  return `${examples} examples, ${tokens} tokens, ${steps} steps: ${minutes === undefined ? "a time that is the provider's to say" : `about ${duration(minutes * 60)}, ${(memoryBytes / 1e9).toFixed(1)} GB of memory`}, ${moneyWords(money)}. (${basis})`;
}

function describeEmbedder({
  id,
  directory,
  pairs,
  withNegatives,
  metrics,
  glossary,
  settings,
}: TunedEmbedder): string {
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  const kept = metrics.validation.find(({ step }) => step === metrics.bestStep);
  const first = metrics.validation[0];
  return [
    `${id}: ${pairs} pairs of question and passage, ${withNegatives} with a hard negative; ${metrics.steps} steps, ${duration(metrics.seconds)} (${metrics.pairsPerSecond.toFixed(0)} pairs a second, ${(metrics.peakMemoryBytes / 1e9).toFixed(1)} GB at most).`,
    settingsWords(settings),
    ...(first && kept
      ? [
          `On held-out questions the right passage is nearest for ${percent(first.recallAt1)} before, ${percent(kept.recallAt1)} after (loss ${first.loss.toFixed(3)}, ${kept.loss.toFixed(3)}).`,
        ]
      : []),
    ...(glossary
      ? [
          `The glossary's long form is nearest for ${percent(glossary.trained.before)} before, ${percent(glossary.trained.after)} after; worded as never trained on, ${percent(glossary.untrained.before)} before, ${percent(glossary.untrained.after)} after (${glossary.untrained.queries} queries).`,
        ]
      : []),
    `It lies in ${directory}. To use it, set models.embedder to that path and run tandem ingest; tandem eval retrieval --learnt tells what it buys.`,
  ].join('\n');
}

function describeRanking(learned: TunedRanking): string {
  const { id, ranking, general, questions, validation, reranked, reference, reused } = learned;
  const { before, after, difference } = validation;
  const changed = (['meaning', 'phrases', 'names', 'codes', 'headings', 'sections'] as const)
    .filter((name) => Math.abs(ranking[name] - general[name]) >= 0.005)
    .map((name) => `${name} ${general[name].toFixed(2)} → ${ranking[name].toFixed(2)}`);
  return [
    ...(reused ? ['Nothing has changed since this ranking was learnt.'] : []),
    `${id}: learnt from ${questions.train} questions. ${changed.length > 0 ? `Weights: ${changed.join(', ')}.` : 'The general weights fit them.'}`,
    `On ${questions.validation} others nDCG@10 is ${after.toFixed(3)}; ${before.toFixed(3)} without it (difference ${difference.value.toFixed(3)}, 95 % interval ${difference.low.toFixed(3)} to ${difference.high.toFixed(3)}).`,
    ...(reranked
      ? [
          Math.abs(reranked.weight - general.reranked) < 0.005
            ? `The reranker's score counts ${general.reranked.toFixed(2)}, as in general: no other weight is better on its ${reranked.questions} validation questions.`
            : `The reranker's score counts ${reranked.weight.toFixed(2)} instead of ${general.reranked.toFixed(2)}: on the ${reranked.questions} validation questions that this was chosen on, nDCG@10 is ${reranked.after.toFixed(3)} instead of ${reranked.before.toFixed(3)}.`,
        ]
      : []),
    `To use it, set retrieve.ranking to "${reference}"; tandem eval retrieval --learnt tells what it buys. The index stays as it is.`,
  ].join('\n');
}

function describeHead({ id, directory, fields, seconds, reused }: TunedHead): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  return [
    ...(reused ? ['Nothing has changed since this head was trained; --fresh trains again.'] : []),
    `${id}: trained in ${duration(seconds)}.`,
    ...fields.map(
      ({ path, questions, groups, folds, validation, unseenChoices }) =>
        `${path}: ${questions} wordings in ${groups} groups; right in ${percent(folds.accuracy)} of folds left out, calibration error ${folds.eceAfter.toFixed(3)} (${folds.eceBefore.toFixed(3)} before its temperature)${validation ? `; on ${validation.questions} validation questions ${percent(validation.accuracy)}, calibration error ${validation.ece.toFixed(3)}` : ''}.${unseenChoices.length > 0 ? ` No question taught: ${unseenChoices.join(', ')}.` : ''}`,
    ),
    `It lies in ${directory}. Next: tandem compare --arms rag,head, or tandem ask "…" --arm head.`,
  ].join('\n');
}

function describeReranker({ id, pairs, withNegatives, metrics, reference, settings }: TunedReranker): string {
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  const kept = metrics.validation.find(({ step }) => step === metrics.bestStep);
  const first = metrics.validation[0];
  return [
    `${id}: ${pairs} pairs of question and passage, ${withNegatives} with hard negatives; ${metrics.steps} steps, ${duration(metrics.seconds)} (${metrics.pairsPerSecond.toFixed(0)} pairs a second, ${(metrics.peakMemoryBytes / 1e9).toFixed(1)} GB at most).`,
    settingsWords(settings),
    ...(first && kept
      ? [
          `On held-out questions the right passage is above its own wrong ones for ${percent(first.recallAt1)} before, ${percent(kept.recallAt1)} after.`,
        ]
      : []),
    `To use it, set retrieve.reranker to "${reference}"; tandem eval retrieval --learnt tells what it buys. The index stays as it is.`,
  ].join('\n');
}

const settingsWords = ({
  method,
  products,
  rank,
  epochs,
  learningRate,
  batchSize,
}: TunedEmbedder['settings']) =>
  `${method === 'full' ? `All weights trained, products in ${products}` : `LoRA of rank ${rank}, folded in`}; ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}, learning rate ${learningRate}, ${batchSize} pairs a step.`;

const moneyWords = (money: number | undefined) =>
  money === undefined
    ? "a price that is not known here (look at the provider's)"
    : money === 0
      ? 'no money (all on this machine)'
      : `$${money.toFixed(2)}`;
