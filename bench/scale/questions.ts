export interface Question {
  question: string;
  /** Unit length. */
  vector: number[];
  /** Ids of the nearest chunks by comparing all of them, best first. */
  nearest: string[];
}
