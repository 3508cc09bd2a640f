/** Thrown inside a job that was asked to stop. The caller gets the signal's own reason instead. */
export class TrainingStopped extends Error {}

/** Lets the event loop run once, so that messages arrive. @throws TrainingStopped if the job was asked to stop. */
export async function yieldOrStop(stopRequested: (() => boolean) | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (stopRequested?.()) throw new TrainingStopped('The training was asked to stop.');
}
