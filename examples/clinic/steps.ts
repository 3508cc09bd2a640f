/** What the demo and the full run share: Ctrl-C, progress, and the two long steps with their estimates. */
import { type CompareOptions, compare, type TuneOptions, tune } from 'tandem';
import { enforceProjectNetwork, openProject, type Project } from 'tandem/project';
import { describeCompareEstimate, describeTuneEstimate, progressLine, reportError } from './terminal.ts';

const interrupt = new AbortController();
export const { signal } = interrupt;
export const onProgress = progressLine();

/**
 * Runs `main`, with `open` for this folder's project; an error is told in one sentence.
 */
export async function run(main: () => Promise<void>): Promise<void> {
  process.on('SIGINT', () => (interrupt.signal.aborted ? process.exit(130) : interrupt.abort()));
  try {
    await main();
  } catch (error) {
    onProgress.end();
    process.exitCode = reportError(error, signal.aborted);
  }
}

/**
 * Opens this folder's project, held to its network policy, and uses it.
 * @param chosen the model, and a ranking that was learnt, where they are not the config's
 */
export async function withProject<Result>(
  chosen: { chat?: string | undefined; ranking?: string | undefined },
  use: (project: Project) => Promise<Result>,
): Promise<Result> {
  const { chat, ranking } = chosen;
  await using project = await openProject({
    directory: import.meta.dirname,
    ...(chat !== undefined && { chat }),
    ...(ranking !== undefined && { ranking }),
    onProgress,
    signal,
  });
  using _network = enforceProjectNetwork(project);
  return await use(project);
}

export async function tuneHere(project: Project, options: Omit<TuneOptions, 'estimateOnly'> = {}) {
  const outcome = await tune(project, {
    ...options,
    signal,
    onProgress,
    onEstimate: (estimate) => tell(describeTuneEstimate(estimate)),
  });
  onProgress.end();
  return outcome;
}

export async function compareHere(project: Project, options: Omit<CompareOptions, 'estimateOnly'>) {
  const outcome = await compare(project, {
    ...options,
    signal,
    onProgress,
    onEstimate: (estimate) => tell(describeCompareEstimate(estimate)),
  });
  onProgress.end();
  return outcome;
}

function tell(line: string): void {
  onProgress.end();
  console.log(line);
}
