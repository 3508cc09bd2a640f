import type { StartTraining, TrainingEnd, TrainingReport, TrainingSpec } from './training-messages.ts';

/** A training that does what a test says. */
export interface ScriptedTraining {
  spec: TrainingSpec;
  report(report: TrainingReport): void;
  end(end: TrainingEnd): void;
  /** What it was asked. */
  asked: ('stop' | 'kill')[];
}

/** Trainings in the order in which they were started. One that is stopped or killed ends so at once. */
export class ScriptedTrainings {
  readonly started: ScriptedTraining[] = [];

  readonly start: StartTraining = (spec, report) => {
    const { promise: ended, resolve: end } = Promise.withResolvers<TrainingEnd>();
    const training: ScriptedTraining = { spec, report, end, asked: [] };
    this.started.push(training);
    return {
      stop() {
        training.asked.push('stop');
        end({ type: 'stopped' });
      },
      kill() {
        training.asked.push('kill');
        end({ type: 'died', how: 'by SIGKILL' });
      },
      ended,
    };
  };

  /** The training with this number, from 1, as soon as it has been started. */
  async number(count: number): Promise<ScriptedTraining> {
    while (this.started.length < count) await new Promise((resolve) => setTimeout(resolve, 2));
    return this.started[count - 1]!;
  }
}

/** How a training ends well. */
export const succeeded = (step = 2): TrainingEnd => ({
  type: 'succeeded',
  weights: {
    adapterId: 'adapter-1',
    file: 'adapters/adapter-1/adapter.gguf',
    baseHash: 'b',
    templateHash: 't',
  },
  step,
  tokens: 40,
});
