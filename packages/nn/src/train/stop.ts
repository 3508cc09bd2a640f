/** Thrown inside a job when it was asked to stop; what the caller sees is the signal's own reason. */
export class TrainingStopped extends Error {}

/** Lets messages in, then stops if that was asked for. */
export async function breathe(stopRequested: (() => boolean) | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (stopRequested?.()) throw new TrainingStopped('The training was asked to stop.');
}
