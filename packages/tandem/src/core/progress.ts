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
  /** Until the stage's end, where whoever does the work knows better than by `done` and `total`: they may not be alike. */
  secondsLeft?: number;
}

/** Is told how far a long task is; called often, so it should return at once. */
export type ProgressListener = (event: ProgressEvent) => void;
