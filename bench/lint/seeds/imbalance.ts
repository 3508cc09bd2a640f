import { chat, type SeededFile, type Seeder } from '../seeded.ts';

/** Whole files: labels in shares that leave some unlearnt, and in shares as people's questions have them. */
export const seedImbalance: Seeder = ({ draw, random }) => {
  const labels = [
    'refund',
    'delivery',
    'login',
    'invoice',
    'cancel',
    'address',
    'limit',
    'card',
    'rate',
    'other',
  ];
  const file = (counts: number[], is: 'defect' | 'look-alike', kind: string): SeededFile => {
    const real = draw(counts.reduce((a, b) => a + b, 0));
    let at = 0;
    return {
      isOne: { is, kind },
      entries: counts.flatMap((count, label) =>
        Array.from({ length: count }, () => ({
          line: chat(real[at++]!.question, labels[label]!),
          is: 'untouched' as const,
          kind,
        })),
      ),
    };
  };
  const texts = (
    count: number,
    more: (at: number) => { answer?: string; group?: string },
    is: 'defect' | 'look-alike',
    kind: string,
  ): SeededFile => ({
    isOne: { is, kind },
    entries: draw(count).map(({ question, answer }, at) => ({
      line: chat(
        question,
        more(at).answer ?? answer,
        more(at).group === undefined ? {} : { metadata: { group: more(at).group } },
      ),
      is: 'untouched' as const,
      kind,
    })),
  });
  const between = (low: number, high: number) => low + random.integer(high - low + 1);
  const refusal = 'The sources do not say.';
  return Array.from({ length: 4 }, () => [
    file([between(60, 90), between(20, 40), between(20, 40), between(1, 3)], 'defect', 'one rare label'),
    file(
      [between(80, 110), ...Array.from({ length: 5 }, () => between(10, 20)), between(1, 4), between(1, 4)],
      'defect',
      'two rare labels',
    ),
    file([between(90, 120), between(10, 14), between(10, 14)], 'defect', 'one label above all'),
    texts(60, (at) => (at < between(33, 45) ? { answer: refusal } : {}), 'defect', 'refusals'),
    texts(60, (at) => ({ group: at < between(24, 30) ? 'one' : `g${at}` }), 'defect', 'one group'),
    file(
      Array.from({ length: 6 }, () => between(12, 30)),
      'look-alike',
      'labels as they come',
    ),
    file(
      [between(30, 50), between(15, 25), between(8, 12), between(8, 12)],
      'look-alike',
      'labels of a natural slope',
    ),
    texts(60, (at) => (at % 5 === 0 ? { answer: refusal } : {}), 'look-alike', 'some refusals'),
    texts(60, (at) => ({ group: `g${Math.floor(at / 4)}` }), 'look-alike', 'groups of four'),
    texts(60, () => ({}), 'look-alike', 'texts'),
  ]).flat();
};
