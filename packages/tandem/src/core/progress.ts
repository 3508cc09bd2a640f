/** One step forward in something that takes longer than a second. Plain data, so that it can cross a process or a socket. */
export interface ProgressEvent {
  /** What is being done, in the present participle: "embedding chunks". */
  stage: string;
  done: number;
  /** Absent while it is not known yet. */
  total?: number;
  /** Unit of `done` and `total`: "bytes", "chunks", "tokens", "cases". */
  unit: string;
  /** A short extra, such as the file being read or the current loss. */
  detail?: string;
  /** Until the stage's end. Set where the work can estimate it better than `done` and `total` do, since its units differ in length. */
  secondsLeft?: number;
}

/** Called with how far a long task is. Called often, so it should return at once. */
export type ProgressListener = (event: ProgressEvent) => void;
