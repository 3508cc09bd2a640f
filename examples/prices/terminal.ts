/** What the runs of this example print. */
import {
  type Answer,
  type CompareEstimate,
  type IngestResult,
  type ProgressEvent,
  TandemError,
  type TuneEstimate,
} from 'tandem';

/** "8 s", "3 min 20 s", "1 h 5 min". */
export function duration(seconds: number): string {
  const rounded = Math.max(0, Math.round(seconds));
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min${rounded % 60 ? ` ${rounded % 60} s` : ''}`;
  return `${Math.floor(rounded / 3600)} h ${Math.round((rounded % 3600) / 60)} min`;
}

/** On a terminal one line that is rewritten, elsewhere a line at the start of a stage and for each quarter of it. */
export function progressLine() {
  const { stderr } = process;
  let shown = { stage: '', quarter: 0, at: 0 };
  let open = false;
  const listener = ({ stage, done, total, unit, detail, secondsLeft }: ProgressEvent) => {
    const quarter = total ? Math.floor((4 * done) / total) : 0;
    const isNew = stage !== shown.stage || done === total;
    if (!isNew && (stderr.isTTY ? Date.now() - shown.at < 100 : quarter === shown.quarter)) return;
    if (stage !== shown.stage) listener.end();
    shown = { stage, quarter, at: Date.now() };
    const amount = (count: number) => (unit === 'bytes' ? (count / 1e6).toFixed(0) : count);
    const of = total ? ` of ${amount(total)}` : '';
    const left = secondsLeft ? `, about ${duration(secondsLeft)} left` : '';
    const line = `${stage}: ${amount(done)}${of} ${unit === 'bytes' ? 'MB' : unit}${detail ? ` (${detail})` : ''}${left}`;
    open = stderr.isTTY;
    stderr.write(open ? `\r\u001b[K${line.slice(0, (stderr.columns || 100) - 1)}` : `${line}\n`);
  };
  /** Leaves the line as it is: what is printed next begins below it. */
  listener.end = () => {
    if (open) stderr.write('\n');
    open = false;
  };
  return listener;
}

export function describeIngest({
  index,
  added,
  changed,
  removed,
  embedded,
  seconds,
  problems,
}: IngestResult) {
  return [
    `${index.documents} documents in ${index.chunks} chunks: ${added} added, ${changed} changed, ${removed} removed.`,
    `${embedded} chunks embedded in ${duration(seconds)}.`,
    ...problems.map(({ uri, message }) => `${uri}: ${message}`),
  ].join('\n');
}

/** The answer, then each citation with the words it rests on. */
export function describeAnswer({ output, raw, citations, timings, arm, traceId }: Answer): string {
  const cited = citations.map(
    ({ marker, uri, start, end, quote }) =>
      `  [${marker}] ${uri}:${start}–${end}  “${quote.replace(/\s+/g, ' ').slice(0, 160)}${quote.length > 160 ? '…' : ''}”`,
  );
  return [
    output ? JSON.stringify(output, null, 2) : raw.trim(),
    ...(cited.length > 0 ? ['', 'Sources', ...cited] : []),
    '',
    `${arm} · ${(timings.total / 1000).toFixed(1)} s · ${traceId}`,
  ].join('\n');
}

/** Before a training: what is known of its time is for a machine of one's own. */
export function describeTuneEstimate({ examples, tokens, steps, minutes, memoryBytes, basis }: TuneEstimate) {
  return `${examples} examples, ${tokens} tokens, ${steps} steps: ${costOf(minutes, memoryBytes)}. (${basis})`;
}

/** Before a comparison. */
export function describeCompareEstimate({ answers, stored, minutes, memoryBytes, basis }: CompareEstimate) {
  return `${answers} answers, ${stored} of them stored from before: ${costOf(minutes, memoryBytes)}. (${basis})`;
}

const costOf = (minutes: number | undefined, memoryBytes: number) =>
  minutes === undefined
    ? 'a time that is not known here'
    : `about ${duration(minutes * 60)}, ${(memoryBytes / 1e9).toFixed(1)} GB of memory`;

/** One clear sentence and what to do. Returns the exit code. */
export function reportError(error: unknown, isInterrupted: boolean): number {
  if (isInterrupted) {
    console.error('\nInterrupted. Nothing is lost: run the same command again to go on from here.');
    return 130;
  }
  if (TandemError.isInstance(error)) console.error(`Error: ${error.message}\n${error.hint ?? ''}`.trim());
  else console.error(error);
  return 1;
}
