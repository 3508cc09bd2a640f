import type { Command } from 'commander';
import { counted } from '../core/counted.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Trace } from '../core/types/answer.ts';
import type { Feedback } from '../core/types/feedback.ts';
import { type Outcome, outcomes } from '../core/types/outcome.ts';
import { listTraces, trace } from '../runtime/search.ts';
import { exportTraces } from '../runtime/telemetry/export-traces.ts';
import { positiveInteger } from './arguments.ts';
import { withProject } from './command-context.ts';

export function addTrace(program: Command, signal: AbortSignal): void {
  program
    .command('trace')
    .argument('[id]', 'a trace id, as `ask` prints it; without one, the latest are listed')
    .description('Show everything that went into one answer; list, search and export traces.')
    .option('--search <words>', 'list those whose question or answer has all of these words')
    .option('--since <date>', 'list or export those from then on, such as 2026-12-01')
    .option('--outcome <outcome>', `list those with this one: ${outcomes.join(', ')}`)
    .option('--limit <n>', 'list so many, the latest (default 20)', positiveInteger)
    .option('--otlp <url>', 'send them to an OpenTelemetry collector: http://127.0.0.1:4318/v1/traces')
    .option('--contents', 'with --otlp: send questions, prompts, passages and answers, too')
    .action(async (id: string | undefined, options: TraceOptions, command: Command) => {
      const since = sinceOf(options.since);
      const outcome = outcomeOf(options.outcome);
      const { otlp, contents, search: words, limit } = options;
      const url = collectorOf(otlp, { id, ...options });
      const reach = url === undefined ? {} : { addresses: async () => [url] };
      await withProject(
        command,
        signal,
        async ({ project, print }) => {
          if (url !== undefined) {
            const sent = await exportTraces(project, {
              url,
              ...(since && { since }),
              ...(contents && { contents }),
              signal,
            });
            print(
              sent,
              ({ traces, spans }) => `${counted(traces, 'trace')} sent, ${counted(spans, 'span')}.`,
            );
            return;
          }
          if (id === undefined) {
            const traces = await listTraces(project, {
              ...(words !== undefined && { search: words }),
              ...(since && { since }),
              ...(outcome && { outcome }),
              ...(limit !== undefined && { limit }),
            });
            const isChosen = words !== undefined || since !== undefined || outcome !== undefined;
            print(traces, (list) =>
              list.length === 0
                ? isChosen
                  ? 'There is no such trace.'
                  : 'No question has been asked yet.'
                : list
                    .map(
                      ({ id: traceId, at, arm, question, answer }) =>
                        `${traceId}  ${at}  ${arm.padEnd(6)}  ${(answer.outcome ?? '').padEnd(18)}  ${question}`,
                    )
                    .join('\n'),
            );
            return;
          }
          const found = await trace(project, id);
          const feedback = await project.catalog.feedback.get(id);
          print({ ...found, ...(feedback && { feedback }) }, describeTrace);
        },
        reach,
      );
    });
}

/** All that are chosen by --since are sent: what else chooses is refused rather than passed over, since more would leave the machine than was meant. */
function collectorOf(
  otlp: string | undefined,
  { id, search, outcome, limit }: TraceOptions & { id: string | undefined },
): string | undefined {
  if (otlp === undefined) return undefined;
  const chosen = [
    ...(id === undefined ? [] : ['an id']),
    ...(search === undefined ? [] : ['--search']),
    ...(outcome === undefined ? [] : ['--outcome']),
    ...(limit === undefined ? [] : ['--limit']),
  ];
  if (chosen.length > 0)
    throw new InvalidInputError({
      domain: 'cli',
      where: '--otlp',
      message: `--otlp sends all traces, or those since a day, and goes with ${chosen.join(' and ')} not at all.`,
      hint: 'Leave that out, or choose by --since.',
    });
  const address = URL.parse(otlp);
  if (address && /^https?:$/.test(address.protocol) && address.username === '' && address.password === '')
    return otlp;
  throw new InvalidInputError({
    domain: 'cli',
    where: '--otlp',
    message: '--otlp is no address of a collector.',
    hint: 'Write http://127.0.0.1:4318/v1/traces; keys go in OTEL_EXPORTER_OTLP_HEADERS.',
  });
}

interface TraceOptions {
  search?: string;
  since?: string;
  outcome?: string;
  limit?: number;
  otlp?: string;
  contents?: boolean;
}

function outcomeOf(name: string | undefined): Outcome | undefined {
  const outcome = outcomes.find((each) => each === name);
  if (outcome !== undefined || name === undefined) return outcome;
  throw new InvalidInputError({
    domain: 'cli',
    where: '--outcome',
    message: `There is no outcome called "${name}".`,
    hint: `Use one of ${outcomes.join(', ')}.`,
  });
}

/** A day, or a moment. */
function sinceOf(date: string | undefined): string | undefined {
  if (date === undefined) return undefined;
  const at = new Date(date);
  if (/^\d{4}-\d{2}-\d{2}/.test(date) && !Number.isNaN(at.getTime())) return at.toISOString();
  throw new InvalidInputError({
    domain: 'cli',
    where: '--since',
    message: `"${date}" is no date.`,
    hint: 'Write it as 2026-12-01, or 2026-12-01T10:00:00Z.',
  });
}

function outcomeText({ outcome, sufficiency, unanswered, choices, conflicting }: Trace['answer']): string {
  return [
    outcome,
    ...(sufficiency
      ? [
          `passages answer it with ${sufficiency.probability.toFixed(2)}${sufficiency.isCalibrated ? '' : ', not brought to scale'}`,
        ]
      : []),
    ...(unanswered ? [`not found: ${unanswered.join(', ')}`] : []),
    ...(choices ? [`may be about: ${choices.join('; ')}`] : []),
    ...(conflicting ?? []).map(({ uri, start, end, quote }) => `${uri}:${start}–${end} “${quote}”`),
  ].join('\n');
}

function describeTrace(trace: Trace & { feedback?: Feedback }): string {
  const { answer, feedback } = trace;
  const section = (title: string, text: string) =>
    `── ${title} ${'─'.repeat(Math.max(0, 90 - title.length))}\n${text}`;
  const timings = Object.entries(answer.timings).map(([stage, ms]) => `${stage} ${Math.round(ms)} ms`);
  return [
    `${trace.id} · ${trace.at} · ${trace.arm} · ${trace.model}${trace.adapterId ? ` · ${trace.adapterId}` : ''}`,
    section('question', trace.question),
    ...(trace.rewritePrompt ? [section('rewriting prompt', trace.rewritePrompt)] : []),
    ...(trace.searchQuery ? [section('search query', trace.searchQuery)] : []),
    ...(trace.passages.length > 0
      ? [
          section(
            'passages',
            trace.passages
              .map(({ rank, uri, start, end, headingPath, scores, text, freshness }) => {
                const numbers = Object.entries(scores).map(([name, value]) => `${name} ${value.toFixed(4)}`);
                return `[${rank}] ${headingPath.join(' › ')} — ${uri}:${start}–${end} (${numbers.join(', ')})${freshness ? `\nseen in its source ${freshness.seenAt}, its content since ${freshness.changedAt}` : ''}\n${text}`;
              })
              .join('\n\n'),
          ),
        ]
      : []),
    section('prompt, as the model saw it', trace.prompt || '(no model was asked)'),
    ...(answer.outcome ? [section('outcome', outcomeText(answer))] : []),
    section('raw output', trace.rawOutput),
    section(
      'citations',
      answer.citations
        .map(
          ({ marker, uri, start, end, sentence, verdict }) =>
            `[${marker}] ${uri}:${start}–${end}${verdict ? ` (${verdict.label}, ${verdict.score.toFixed(2)})` : ''} ← ${sentence}`,
        )
        .join('\n') || '(none)',
    ),
    ...(answer.claims
      ? [
          section(
            `claims, checked by ${answer.claims[0]?.verifier ?? 'nothing'}`,
            answer.claims
              .map(
                ({ text, verdict, probability, spans }) =>
                  `${verdict}${probability === undefined ? '' : ` (${probability.toFixed(2)})`} ← ${text}${spans.map(({ uri, start, end, quote }) => `\n    ${uri}:${start}–${end} “${quote.slice(0, 120)}${quote.length > 120 ? '…' : ''}”`).join('')}`,
              )
              .join('\n'),
          ),
        ]
      : []),
    ...(answer.revision
      ? [section(`${answer.revision.action}: what the model had written first`, answer.revision.draft)]
      : []),
    ...(feedback
      ? [
          section(
            'feedback',
            `rated ${feedback.rating} on ${feedback.at}${feedback.better === undefined ? '' : `; better:\n${feedback.better}`}`,
          ),
        ]
      : []),
    ...(trace.steps
      ? [
          section(
            'steps',
            trace.steps.map(({ name, milliseconds }) => `${name} ${Math.round(milliseconds)} ms`).join(' → '),
          ),
        ]
      : []),
    ...(answer.notes ? [section('notes of further steps', JSON.stringify(answer.notes, null, 2))] : []),
    section(
      'cost',
      `${answer.usage.promptTokens} prompt tokens, ${answer.usage.completionTokens} answer tokens; ${timings.join(', ')}`,
    ),
  ].join('\n');
}
