/** A typed question about a text: which of a few answers is right. A yes-or-no question has two. */
export interface JudgementRequest {
  /** What is to be judged, as it would be put to a person: "Does the evidence say that the claim is true?" */
  question: string;
  /** What it is about. */
  text: string;
  /** At least two, none the beginning of another. */
  choices: readonly string[];
}

/** How likely each answer is to be right, as the judge has it; they add up to 1. */
export interface Judgement {
  /** In the order of the choices. */
  probabilities: number[];
}

/** What answers typed questions: a language model, a classifier, a service. Its probabilities are its own until somebody brings them to scale. */
export interface Judge {
  /** Stands beside what it judged. */
  readonly name: string;
  /** One judgement for each request, in the order given. */
  judge(
    requests: readonly JudgementRequest[],
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Judgement[]>;
}
