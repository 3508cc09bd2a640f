/** Something in a text that is true today and may be another tomorrow. */
export interface ChangingFact {
  kind: 'price' | 'date' | 'version' | 'office-holder' | 'present';
  /** `[start, end)` in the text. */
  start: number;
  end: number;
}

/** For messages. */
export const factKinds: Readonly<Record<ChangingFact['kind'], string>> = {
  price: 'a price',
  date: 'a date',
  version: 'a version',
  'office-holder': 'somebody in office',
  present: 'a word for now',
};
