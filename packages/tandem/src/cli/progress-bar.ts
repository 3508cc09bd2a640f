import type { ProgressEvent, ProgressListener } from '../core/progress.ts';

/** The part of a terminal or pipe that is written to. */
type Output = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>;

/** Milliseconds from the start in which nothing is shown: quick work needs no progress. */
const quickWork = { terminal: 1_000, elsewhere: 2_000 };
/** Milliseconds between two lines where there is no terminal. Five seconds of silence are promised at most. */
const betweenLines = 3_000;
/** Milliseconds between two looks at the clock, and between two lines of different stages. */
const tick = 1_000;
/** Milliseconds after which a stage's last line stays on the terminal; the line of a shorter one is written over. */
const worthKeeping = 2_000;

interface Stage {
  event: ProgressEvent;
  /** When it began, and what was done by then. */
  since: number;
  from: number;
}

export interface ProgressBar extends ProgressListener {
  /** Called before something else is printed in the middle of the work: the progress continues below it. */
  breakLine(): void;
  /** The work is done, or rests: nothing more is shown until the next event. */
  end(): void;
}

/**
 * Shows progress on stderr: on a terminal one line that is rewritten, elsewhere a plain line at least every five seconds, with
 * what is being done and for how long, also while no event comes (a model is being loaded, say). Quick work shows nothing. The estimate of
 * what is left comes from the stage's own pace so far.
 */
export function progressBar(
  /** What is shown before the first event: "tandem doctor". */
  activity = 'working',
  stream: Output = process.stderr,
): ProgressBar {
  /** By name, in the order of their last events: when a stage within another one is done, the outer one is shown again. */
  const unfinished = new Map<string, Stage>();
  let begun = Date.now();
  let shown: { stage: string; at: number; finished: boolean } | undefined;
  let open: { since: number } | undefined;
  let timer: NodeJS.Timeout | undefined = watch();

  const listener = (event: ProgressEvent) => {
    const now = Date.now();
    if (timer === undefined) {
      begun = now;
      timer = watch();
    }
    const stage = unfinished.get(event.stage) ?? { event, since: now, from: event.done };
    stage.event = event;
    unfinished.delete(event.stage);
    if (!isFinished(event)) unfinished.set(event.stage, stage);
    show(stage, now, shown?.stage === event.stage ? betweenLines : tick);
  };
  listener.breakLine = () => close(Date.now());
  listener.end = () => {
    clearInterval(timer);
    timer = undefined;
    close(Date.now());
    unfinished.clear();
    shown = undefined;
  };
  return listener;

  function watch(): NodeJS.Timeout {
    return setInterval(() => {
      const waiting = { stage: activity, done: 0, unit: '' };
      const stage = [...unfinished.values()].at(-1) ?? { event: waiting, since: begun, from: 0 };
      show(stage, Date.now(), betweenLines);
    }, tick).unref();
  }

  /** `pause`: milliseconds that must have passed since the last line, where there is no terminal. */
  function show(stage: Stage, now: number, pause: number): void {
    const { event } = stage;
    const finished = isFinished(event);
    const isOther = shown?.stage !== event.stage;
    const since = now - (shown?.at ?? begun);
    if (stream.isTTY) {
      if (now - begun < quickWork.terminal || (!isOther && !finished && since < 100)) return;
      if (isOther) close(now);
      open ??= { since: stage.since };
      const line = `${bar(event)}${describe(stage, now)}`;
      stream.write(`\r\u001b[K${line.slice(0, (stream.columns || 100) - 1)}`);
    } else {
      if (now - begun < quickWork.elsewhere) return;
      // The end of a stage is shown where the stage was.
      const closes = finished && !isOther && !shown?.finished;
      if (!closes && since < pause) return;
      stream.write(`${describe(stage, now)}\n`);
    }
    shown = { stage: event.stage, at: now, finished };
  }

  /** Ends the terminal's line, or clears it where its stage was short. */
  function close(now: number): void {
    if (open) stream.write(now - open.since < worthKeeping ? '\r\u001b[K' : '\n');
    open = undefined;
  }
}

const isFinished = ({ done, total }: ProgressEvent) => total !== undefined && done >= total;

function bar({ done, total }: ProgressEvent): string {
  return total ? `${'█'.repeat(Math.round((done / total) * 20)).padEnd(20, '·')} ` : '';
}

function describe({ event, since, from }: Stage, now: number): string {
  const { stage, done, total, unit, detail } = event;
  const elapsed = (now - since) / 1000;
  const moved = done - from;
  const amount =
    unit === 'bytes'
      ? `${megabytes(done)}${total ? ` of ${megabytes(total)}` : ''} MB`
      : total === undefined
        ? done > 0 && `${done} ${unit}`
        : // For a single thing the stage's name is enough.
          total !== 1 && `${done} of ${total} ${unit}`;
  const left =
    event.secondsLeft ??
    (total && moved > 0 && done < total && elapsed > 0.5 ? ((total - done) * elapsed) / moved : 0);
  const time =
    left > 0 ? `about ${duration(left)} left` : elapsed >= 2 ? `${duration(elapsed)} so far` : undefined;
  const told = [amount ? `${amount}${detail ? ` (${detail})` : ''}` : detail, time].filter(Boolean);
  return `${stage}${told.length > 0 ? ': ' : ''}${told.join(', ')}`;
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

/** "8 s", "3 min 20 s", "1 h 5 min". */
export function duration(seconds: number): string {
  const rounded = Math.max(0, Math.round(seconds));
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min${rounded % 60 ? ` ${rounded % 60} s` : ''}`;
  return `${Math.floor(rounded / 3600)} h ${Math.round((rounded % 3600) / 60)} min`;
}
