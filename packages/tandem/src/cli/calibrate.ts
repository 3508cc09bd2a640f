import { type Command, Option } from 'commander';
import { leftOutChoices, type SufficiencyCalibration } from '../answer/sufficiency/calibration.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import {
  calibrateSufficiency,
  resetSufficiency,
  type SufficiencyReport,
} from '../evaluate/calibrate-sufficiency.ts';
import { withProject } from './command-context.ts';

interface CalibrateFlags {
  falseAnswers: string;
  leftOut?: (typeof leftOutChoices)[number];
  reset?: boolean;
}

export function addCalibrate(program: Command, signal: AbortSignal): void {
  program
    .command('calibrate')
    .description('Choose below which probability questions are refused, on the project’s own questions.')
    .option(
      '--false-answers <share>',
      'of questions without an answer, the share that may be answered',
      '0.1',
    )
    .addOption(
      new Option(
        '--left-out <what>',
        'what is taken out of the search to make questions without an answer (default: both, each for half of them)',
      ).choices(leftOutChoices),
    )
    .addOption(new Option('--reset', 'go by the general model again').conflicts('leftOut'))
    .action(async (options: CalibrateFlags, command: Command) => {
      const falseAnswers = Number(options.falseAnswers);
      if (options.falseAnswers.trim() === '' || Number.isNaN(falseAnswers))
        throw new InvalidInputError({
          domain: 'cli',
          where: '--false-answers',
          message: `"${options.falseAnswers}" is no number.`,
          hint: 'Give a share such as 0.1.',
        });
      await withProject(command, signal, async ({ project, print, onProgress }) => {
        if (options.reset) {
          await resetSufficiency(project);
          print({ reset: true }, () => 'What was calibrated is forgotten: the general model is gone by.');
          return;
        }
        const { leftOut } = options;
        print(
          await calibrateSufficiency(project, {
            falseAnswers,
            ...(leftOut && { leftOut }),
            signal,
            onProgress,
          }),
          describeReport,
        );
      });
    });
}

const absent: Record<NonNullable<SufficiencyCalibration['leftOut']>, string> = {
  documents: 'the documents that answer them',
  passages: 'only the passages that answer them',
  both: 'the documents, or only the passages, that answer them',
};

/** What is told of a calibration that was made. */
export function describeReport({ calibration, questions, curve }: SufficiencyReport): string {
  const { achieved, falseAnswers, threshold, eceBefore, eceAfter, fittedOn, leftOut = 'both' } = calibration;
  const percent = (value: number) => `${Math.round(value * 100)} %`;
  const share = ({ value, low, high, n }: typeof achieved.answered) =>
    `${percent(value)} (${Math.round(low * 100)}–${Math.round(high * 100)}, n = ${n})`;
  return [
    `Fitted on ${questions.answerable} questions with an answer and ${questions.withoutAnswer} with ${absent[leftOut]} left out of the search (${fittedOn === 'questions' ? 'the project’s own' : 'made of the documents’ headings'}).`,
    ...(questions.notFound > 0
      ? [`Left out: ${questions.notFound} whose answer the search did not bring.`]
      : []),
    ...(questions.answeredElsewhere > 0
      ? [`Left out: ${questions.answeredElsewhere} that another passage answers, too.`]
      : []),
    '',
    'On questions that it was not fitted on:',
    `  answered, of those with an answer      ${share(achieved.answered)}`,
    `  answered, of those without             ${share(achieved.falseAnswers)}; at most ${percent(falseAnswers)} was asked for`,
    `  error of the probability (ECE)         ${eceBefore.toFixed(2)} before, ${eceAfter.toFixed(2)} after`,
    '',
    `Other rates of false answers would let through: ${curve.map((each) => `${percent(each.falseAnswers)} → ${percent(each.answered)}`).join(', ')}.`,
    `From now on a question is refused where its passages answer it with less than ${threshold.toFixed(2)}. It holds until documents are cut, embedded or searched otherwise.`,
  ].join('\n');
}
