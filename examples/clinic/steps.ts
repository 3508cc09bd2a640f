/** What the demo and the full run share: Ctrl-C, progress, and the two long steps with their estimates. */
import { describeEstimate } from '../../packages/tandem/src/cli/compare.ts';
import { progressBar } from '../../packages/tandem/src/cli/progress-bar.ts';
import { reportError } from '../../packages/tandem/src/cli/report-error.ts';
import { describeTuneEstimate } from '../../packages/tandem/src/cli/tune.ts';
import { type CompareOptions, compare, type TuneOptions, tune } from '../../packages/tandem/src/index.ts';
import { enforceNetworkPolicy, networkPolicy } from '../../packages/tandem/src/models/network-policy.ts';
import { openProject, type Project } from '../../packages/tandem/src/project/index.ts';

const interrupt = new AbortController();
export const { signal } = interrupt;
export const onProgress = progressBar();

/** Opens this folder's project, held to its network policy, and runs `main`; an error is told in one sentence. */
export async function run(main: (project: Project) => Promise<void>): Promise<void> {
  process.on('SIGINT', () => (interrupt.signal.aborted ? process.exit(130) : interrupt.abort()));
  try {
    await using project = await openProject({ directory: import.meta.dirname, onProgress, signal });
    using _network = enforceNetworkPolicy(networkPolicy(project.config));
    await main(project);
  } catch (error) {
    onProgress.end();
    process.exitCode = reportError(error, { interrupted: signal.aborted });
  }
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
    onEstimate: (estimate) => tell(describeEstimate(estimate)),
  });
  onProgress.end();
  return outcome;
}

function tell(line: string): void {
  onProgress.end();
  console.log(line);
}
