/** What a person said of an answer. One for each trace; rating it again replaces it. */
export interface Feedback {
  traceId: string;
  rating: 'up' | 'down';
  /** The whole reply that should have come instead; only where the rating is down. */
  better?: string;
  at: string;
}
