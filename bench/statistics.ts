/**
 * Whether the statistics keep their word, on comparisons whose truth is known.
 *
 *     npm run bench -- statistics [--tables 1000] [--resamples 1000]
 *
 * Simulated tables of right and wrong answers go through the product's own `summariseSlices` and `decideVerdict`. A/A: all arms are equally
 * good, and any winner is a false one. Each arm's answer is a coin that all arms share, turned over by the arm's own; the share of
 * cases on which two arms differ is the discordance. Clustered: cases come in groups of three, half of which share both coins throughout.
 * A/B: the second arm turns wrong answers into right ones more often, by a known difference.
 *
 * Printed: how often a winner is named, and how often the 95 % intervals (of an arm's value, of a difference) hold the truth. Exits with 1
 * where a winner of an A/A table is named in more than 5 % of the tables (by more than chance would have it in this many), or an interval
 * holds the truth in less than 93 % or more than 97 %. The upper bound is asked for only where at least twenty groups are expected to
 * differ: of fewer yes-or-no values no interval can hold 95 %, and a wider one is the honest one.
 */
import { parseArgs } from 'node:util';
import type { ArmInfo } from '../packages/tandem/src/evaluate/arm.ts';
import type { CaseRecord } from '../packages/tandem/src/evaluate/comparison-result.ts';
import type { MetricInfo } from '../packages/tandem/src/evaluate/metrics/metric.ts';
import { decideVerdict } from '../packages/tandem/src/evaluate/steps/decide-verdict.ts';
import type { MeasuredCases } from '../packages/tandem/src/evaluate/steps/step-data.ts';
import { summariseSlices } from '../packages/tandem/src/evaluate/steps/summarise-slices.ts';
import { createRandom, type Random } from '../packages/tandem/src/statistics/index.ts';

const { values: flags } = parseArgs({
  options: {
    tables: { type: 'string', default: '1000' },
    resamples: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});
const tables = Number(flags.tables);
const random = createRandom(Number(flags.seed));
const metric: MetricInfo = {
  id: 'right',
  name: 'Right answers',
  description: 'Simulated.',
  unit: 'share',
  direction: 'higher',
  summary: 'mean',
  pass: 'answers',
  family: 'The answer',
};
const names = ['base', 'rag', 'tuned', 'hybrid'];

interface Design {
  cases: number;
  /** Cases of a group. */
  groupSize: number;
  arms: number;
  /** Share of cases on which two equally good arms differ. */
  discordance: number;
  /** By how much the last arm is better. */
  difference: number;
}

let failed = false;
console.log(
  'cases  a group  arms  discordance  difference  winner named  difference held  value held  (share of %d tables)',
  tables,
);
for (const difference of [0, 0.1])
  for (const arms of difference === 0 ? [2, 4] : [2])
    for (const groupSize of [1, 3])
      for (const cases of [30, 100, 300])
        for (const discordance of [0.02, 0.05, 0.1, 0.2])
          judge({ cases, groupSize, arms, discordance, difference });
process.exitCode = failed ? 1 : 0;

function judge(design: Design): void {
  const { cases, groupSize, arms, discordance, difference } = design;
  let [winners, held, valueHeld, pairs, values] = [0, 0, 0, 0, 0];
  for (let table = 0; table < tables; table++) {
    const undecided = summariseSlices(simulate(design));
    const verdict = decideVerdict(undecided);
    winners += Number(verdict.outcome === 'better');
    const [slice] = undecided.slices;
    for (const pair of slice!.pairs) {
      const truth =
        (pair.a === names[arms - 1] ? difference : 0) - (pair.b === names[arms - 1] ? difference : 0);
      held += Number(pair.low <= truth + 1e-12 && truth - 1e-12 <= pair.high);
      pairs++;
    }
    for (const { arm, low, high } of slice!.arms) {
      const truth = arm === names[arms - 1] ? 0.5 + difference : 0.5;
      valueHeld += Number(low <= truth + 1e-12 && truth - 1e-12 <= high);
      values++;
    }
  }
  const groups = cases / groupSize;
  const differing = groups * (discordance + difference);
  const faults: string[] = [];
  // Two standard errors of a share of 5 % in so many tables.
  if (difference === 0 && winners / tables > 0.05 + 2 * Math.sqrt((0.05 * 0.95) / tables))
    faults.push('too many winners');
  for (const [share, isBounded] of [
    [held / pairs, differing >= 20],
    [valueHeld / values, true],
  ] as const) {
    if (share < 0.93) faults.push(`holds the truth in ${(100 * share).toFixed(1)} %`);
    if (isBounded && share > 0.97) faults.push(`too wide: ${(100 * share).toFixed(1)} %`);
  }
  failed ||= faults.length > 0;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  console.log(
    [
      String(cases).padStart(5),
      String(groupSize).padStart(7),
      String(arms).padStart(4),
      percent(discordance).padStart(11),
      difference.toFixed(2).padStart(10),
      percent(winners / tables).padStart(12),
      percent(held / pairs).padStart(15),
      percent(valueHeld / values).padStart(10),
      faults.length > 0 ? `FAILED: ${faults.join('; ')}` : '',
    ].join('  '),
  );
}

function simulate(design: Design): MeasuredCases {
  const { cases, groupSize, arms, difference } = design;
  const infos = names.slice(0, arms).map((name) => armInfo(name));
  // Two arms differ where one of the two coins is turned and the other is not: 2 q (1 − q).
  const turned = (1 - Math.sqrt(1 - 2 * design.discordance)) / 2;
  const records: CaseRecord[] = [];
  for (let group = 0; records.length < cases; group++) {
    const isAlike = groupSize > 1 && random.next() < 0.5;
    let coins = toss(random, arms, turned);
    for (let at = 0; at < groupSize && records.length < cases; at++) {
      if (at > 0 && !isAlike) coins = toss(random, arms, turned);
      const values = coins.map(({ shared, own, luck }, arm) => {
        const right = shared !== own;
        // Of the wrong half, so many that the arm is better by the difference.
        return Number(right || (arm === arms - 1 && luck < 2 * difference));
      });
      records.push({
        case: { id: `${records.length}`, question: `${records.length}`, expected: '' },
        group: `g${group}`,
        arms: Object.fromEntries(infos.map(({ name }, arm) => [name, { values: { right: values[arm]! } }])),
      });
    }
  }
  return {
    setup: {
      project: 'simulated',
      subject: { model: 'coins' },
      metrics: [metric],
      primary: { metric: 'right', why: '' },
      worthHaving: 0.05,
      options: {
        seed: 1,
        resamples: Number(flags.resamples),
        level: 0.95,
        latencyCases: 0,
        unanswerableWeight: 0.2,
      },
      provenance: {},
    },
    startedAt: '',
    arms: infos.map((info) => ({ ...info, fingerprint: info.name })),
    cases: records,
    passages: {},
    failures: [],
  };
}

/** What decides one case: the coin of all arms, and each arm's own. */
function toss(from: Random, arms: number, turned: number): { shared: boolean; own: boolean; luck: number }[] {
  const shared = from.next() < 0.5;
  const luck = from.next();
  return Array.from({ length: arms }, () => ({ shared, own: from.next() < turned, luck }));
}

function armInfo(name: string): ArmInfo {
  return { name, label: name, description: '', reference: false, retrieves: false, trained: false };
}
