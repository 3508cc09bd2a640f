import type { ProgressEvent, ProgressListener } from '../core/progress.ts';

/**
 * Shows progress on stderr: on a terminal one line that is rewritten, elsewhere a line at the start of a stage and every
 * quarter of it. The estimate comes from the stage's own pace so far.
 */
export function progressBar(): ProgressListener & { end(): void } {
  const stream = process.stderr;
  let stage: { name: string; since: number; from: number; quarter: number; shown: number } | undefined;
  let open = false;

  const listener = (event: ProgressEvent) => {
    const now = Date.now();
    if (stage?.name !== event.stage) {
      listener.end();
      stage = { name: event.stage, since: now, from: event.done, quarter: -1, shown: 0 };
    }
    const share = event.total ? event.done / event.total : undefined;
    const finished = event.total !== undefined && event.done >= event.total;
    if (stream.isTTY) {
      if (!finished && now - stage.shown < 100) return;
      stage.shown = now;
      const line = describe(event, stage, now);
      stream.write(`\r\u001b[K${line.slice(0, (stream.columns || 100) - 1)}`);
      open = true;
    } else {
      const quarter = share === undefined ? Math.floor((now - stage.since) / 15_000) : Math.floor(share * 4);
      if (quarter === stage.quarter) return;
      stage.quarter = quarter;
      stream.write(`${describe(event, stage, now)}\n`);
    }
  };
  listener.end = () => {
    if (open) stream.write('\n');
    open = false;
    stage = undefined;
  };
  return listener;
}

function describe(event: ProgressEvent, stage: { since: number; from: number }, now: number): string {
  const { done, total, unit } = event;
  const elapsed = (now - stage.since) / 1000;
  const moved = done - stage.from;
  const amount =
    unit === 'bytes'
      ? `${megabytes(done)}${total ? ` of ${megabytes(total)}` : ''} MB`
      : `${done}${total ? ` of ${total}` : ''} ${unit}`;
  const seconds =
    event.secondsLeft ??
    (total && moved > 0 && done < total && elapsed > 0.5 ? ((total - done) * elapsed) / moved : 0);
  const left = seconds > 0 ? `, about ${duration(seconds)} left` : '';
  const bar = total ? `${'█'.repeat(Math.round((done / total) * 20)).padEnd(20, '·')} ` : '';
  return `${bar}${event.stage}: ${amount}${event.detail ? ` (${event.detail})` : ''}${left}`;
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

/** "8 s", "3 min 20 s", "1 h 5 min". */
export function duration(seconds: number): string {
  const rounded = Math.max(0, Math.round(seconds));
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min${rounded % 60 ? ` ${rounded % 60} s` : ''}`;
  return `${Math.floor(rounded / 3600)} h ${Math.round((rounded % 3600) / 60)} min`;
}
