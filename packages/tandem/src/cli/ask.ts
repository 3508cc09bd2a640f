import type { Command } from 'commander';
import { ask, streamAnswer } from '../answer/ask.ts';
import type { AnswerStream } from '../answer/events.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { type Answer, type AnswerProblem, type ArmName, armNames, type Claim } from '../core/types/answer.ts';
import { readJsonl } from '../dataset/jsonl.ts';
import { positiveInteger } from './arguments.ts';
import { runBatch } from './batch.ts';
import { withProject } from './command-context.ts';
import { turnSchema } from './conversation-turns.ts';
import { type FilterFlags, filterOf, withFilterFlags } from './document-filter.ts';
import { notFound } from './explain-search.ts';
import { forTerminal } from './for-terminal.ts';
import type { ProgressBar } from './progress-bar.ts';
import { type ShowText, textShownOf } from './shown-text.ts';

interface AskOptions extends FilterFlags {
  conversation?: string;
  batch?: string;
  arm?: string;
  adapter?: string;
  k?: number;
  extract?: boolean;
}

export function addAsk(program: Command, signal: AbortSignal): void {
  const command = program
    .command('ask')
    .argument('[question]', 'the question')
    .description('Answer from the documents, with citations, or say that they do not have it.')
    .option('--batch <file>', 'a JSONL file of {id, question, turns?}; writes a JSON line for each')
    .option('--arm <arm>', `${armNames.join(', ')} (default: what \`tandem use\` chose, else the config's)`)
    .option('--adapter <id>', 'the adapter for tuned and hybrid (default: the one in use, else the latest)')
    .option('--k <n>', 'passages in the prompt', positiveInteger)
    .option('--extract', 'no language model: quote what the best passage says')
    .option(
      '--conversation <file>',
      'JSONL of {role, content}, oldest first: what was said before ("and is it hereditary?")',
    );
  withFilterFlags(command).action(
    async (question: string | undefined, options: AskOptions, command: Command) => {
      const chosen = parseArm(options.arm);
      await withProject(command, signal, async ({ project, json, print, onProgress }) => {
        const settings = {
          signal,
          ...(chosen && { arm: chosen }),
          ...(options.adapter !== undefined && { adapterId: options.adapter }),
          ...(options.k !== undefined && { k: options.k }),
          ...(options.extract && { extract: true }),
          ...(options.conversation !== undefined && {
            turns: await readJsonl(options.conversation, turnSchema),
          }),
          ...filterOf(options),
        };
        if (options.batch !== undefined) {
          await runBatch(options.batch, { signal, onProgress, stage: 'answering' }, async (line) => ({
            id: line.id,
            ...batchAnswer(
              await ask(project, line.question, { ...settings, ...(line.turns && { turns: line.turns }) }),
            ),
          }));
          return;
        }
        if (question === undefined) {
          throw new InvalidInputError({
            domain: 'cli',
            where: 'ask',
            message: 'There is no question.',
            hint: 'Write it in quotes after `ask`, or give --batch FILE.',
          });
        }
        // JSON is shown once it is whole, and so is what nobody writes; plain text as it is written.
        const streams = !json && !options.extract && !project.config.answer.output && process.stdout.isTTY;
        onProgress({ stage: 'answering', done: 0, total: 1, unit: 'questions' });
        const answer = streams
          ? await writeAnswer(streamAnswer(project, question, settings), onProgress)
          : await ask(project, question, settings);
        const show = await textShownOf(answer.citations, project.catalog.documents);
        const isExtract = options.extract === true;
        print(answer, (value) => describeAnswer(value, { show, isExtract, streamed: streams === true }));
      });
    },
  );
}

/** Shows the text as it comes. */
async function writeAnswer({ events, result }: AnswerStream, bar: ProgressBar): Promise<Answer> {
  for await (const event of events) {
    if (event.type !== 'text') continue;
    bar.end();
    process.stdout.write(forTerminal(event.text));
  }
  process.stdout.write('\n');
  return result;
}

export function parseArm(arm: string | undefined): ArmName | undefined {
  if (arm === undefined || (armNames as readonly string[]).includes(arm)) return arm as ArmName | undefined;
  throw new InvalidInputError({
    domain: 'cli',
    where: '--arm',
    message: `There is no arm called "${arm}".`,
    hint: `Use one of ${armNames.join(', ')}.`,
  });
}

/** A reply that is not as it should be is shown as it is, unless verification took something else's place. */
const readableText = ({ text, raw, revision }: Answer) => text || (revision ? '' : raw);

function batchAnswer(answer: Answer) {
  return {
    answer: readableText(answer),
    ...(answer.output && { output: answer.output }),
    abstained: answer.abstained,
    ...(answer.outcome && { outcome: answer.outcome }),
    ...(answer.sufficiency && { sufficiency: answer.sufficiency.probability }),
    citations: answer.citations.map(({ documentId, start, end, quote, sentence, verdict }) => ({
      documentId,
      start,
      end,
      quote,
      sentence,
      ...(verdict && { verdict }),
    })),
    ...(answer.claims && {
      claims: answer.claims.map(({ spans, ...claim }) => ({
        ...claim,
        spans: spans.map(({ documentId, start, end, quote }) => ({ documentId, start, end, quote })),
      })),
    }),
    ...(answer.revision && { revision: { action: answer.revision.action, draft: answer.revision.draft } }),
    traceId: answer.traceId,
  };
}

const problemSentences: Record<AnswerProblem, string> = {
  'not valid JSON': 'The model’s reply is not JSON of the form that was asked for: this is no answer.',
  'nothing said': 'The model wrote nothing but numbers of sources: this is no answer.',
  repeated: 'The model began to repeat itself and was stopped.',
  'question repeated':
    'The model only repeated the question: this is no answer. --extract quotes the sources instead.',
  'nothing cited': 'The model named no source: nothing here says that the documents say so.',
  'verifier failed': 'What should have checked this against the sources failed: nothing of it was checked.',
};

/** A reader must be able to tell what the model said of its sources from what was found afterwards. */
function describeMatched(citations: Answer['citations']): string {
  const isEach = citations.every(({ setBy }) => setBy !== undefined);
  return isEach
    ? '(The model named no source that says it: these were found for its sentences afterwards.)'
    : '(For some sentences the model named no source that says it: theirs were found afterwards.)';
}

/** What of the outcome the text does not say by itself. */
function describeOutcome({ outcome, choices = [], conflicting = [], unanswered, text }: Answer): string[] {
  if (outcome === 'conflict')
    return [
      '',
      'Two sources contradict each other here:',
      ...conflicting.map(({ uri, start, end, quote }) => `  ${uri}:${start}–${end}  “${quote}”`),
    ];
  // Where it was asked back the text names them.
  if (outcome === 'clarify' && !choices.every((choice) => text.includes(choice)))
    return [
      '',
      `The question may be about any of these; name one for a surer answer: ${choices.join('; ')}.`,
    ];
  // What is lacking is said above where it has a name.
  if (outcome === 'partial' && unanswered === undefined)
    return ['', 'The sources may hold only a part of what was asked.'];
  return [];
}

/** How much of it the sources bear out, and what was made of the rest. Of what is quoted nothing needs to be said. */
function describeClaims({ claims = [], revision }: Answer): string[] {
  const checked = claims.filter(({ verifier }) => verifier !== undefined && verifier !== 'quotation');
  const by = (checked[0] ?? revision?.unsupported[0])?.verifier;
  if (by === undefined) return [];
  const list = (some: readonly Claim[]) =>
    some.map(
      ({ text, verdict }) => `  “${text}”${verdict === 'contradicted' ? ' (a source says otherwise)' : ''}`,
    );
  if (revision)
    return [
      '',
      `Checked by ${by}. ${revisionSentences[revision.action]} What it had written and the sources do not bear out:`,
      ...list(revision.unsupported),
    ];
  const failing = checked.filter(({ verdict }) => verdict !== 'supported');
  if (failing.length > 0) return ['', `Checked by ${by}: not found in the sources:`, ...list(failing)];
  return ['', `Checked by ${by}: the sources say ${allOf(checked.length)}.`];
}

function allOf(statements: number): string {
  if (statements === 1) return 'this';
  return statements === 2 ? 'both statements' : `all ${statements} statements`;
}

const revisionSentences: Record<NonNullable<Answer['revision']>['action'], string> = {
  dropped: 'Sentences were left out of the model’s answer.',
  regenerated: 'The model was asked a second time.',
  refused: 'The model’s answer is not shown.',
  quoted: 'The sources are quoted in place of the model’s answer.',
};

/** What is asked and is nowhere, the answer, then each citation with the words that it quotes. */
function describeAnswer(
  answer: Answer,
  { show, isExtract, streamed }: { show: ShowText; isExtract: boolean; streamed: boolean },
): string {
  const lines: string[] = [];
  const lacking = notFound(answer);
  const isQuoted = isExtract && answer.citations.length > 0;
  if (!streamed) {
    if (lacking.length > 0) lines.push(...lacking, ...(isQuoted ? ['The nearest that they say:'] : []), '');
    lines.push(
      answer.output
        ? JSON.stringify(answer.output, null, 2)
        : isQuoted
          ? answer.citations.map((each) => `${show(each, each.sentence)} [${each.marker}]`).join(' ')
          : readableText(answer).trim(),
    );
  }
  if (answer.citations.length > 0) {
    lines.push('', 'Sources');
    for (const citation of answer.citations) {
      const { marker, uri, start, end } = citation;
      const quote = show(citation);
      lines.push(
        `  [${marker}] ${uri}:${start}–${end}  “${quote.slice(0, 160)}${quote.length > 160 ? '…' : ''}”`,
      );
    }
  }
  if (answer.citations.some(({ setBy }) => setBy !== undefined))
    lines.push(`  ${describeMatched(answer.citations)}`);
  // Of what was written as it came it was not known before.
  if (streamed && lacking.length > 0) lines.push('', ...lacking);
  if (answer.danglingMarkers.length > 0)
    lines.push(
      '',
      `The answer names sources that were not given to it: ${answer.danglingMarkers.map((marker) => `[${marker}]`).join(' ')}.`,
    );
  lines.push(...describeOutcome(answer), ...describeClaims(answer));
  for (const problem of answer.problems ?? []) lines.push('', problemSentences[problem]);
  const { timings, usage } = answer;
  lines.push(
    '',
    [
      ...(isExtract
        ? ['extract']
        : [answer.arm, `${usage.promptTokens} prompt and ${usage.completionTokens} answer tokens`]),
      `${(timings.total / 1000).toFixed(1)} s`,
      `tandem trace ${answer.traceId}`,
    ].join(' · '),
  );
  return lines.join('\n');
}
