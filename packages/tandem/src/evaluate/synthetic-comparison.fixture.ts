import type { Answer } from '../core/types/answer.ts';
import type { Passage } from '../core/types/document.ts';
import type { Case } from '../core/types/example.ts';
import { createRandom } from '../statistics/index.ts';
import type { ArmUnderTest } from './arm.ts';
import { compareGivenArms, type GivenComparison } from './compare-given-arms.fixture.ts';
import type { ComparisonResult } from './comparison-result.ts';
import { createMetrics, defaultPrimary, type MetricSettings } from './metrics/index.ts';
import { memoryResultStore } from './result-store.ts';

/**
 * Material for tests of the comparison, the verdict and the report: a small help desk whose arms are dice with known
 * chances instead of models. Nothing here reaches a user.
 */
export interface SyntheticOptions {
  groups?: number;
  kinds?: readonly string[];
  /** By arm, then by kind (`*` for any other): the chance that an answer is right in all respects. */
  chances: Record<string, Record<string, number>>;
  references?: readonly string[];
  seed?: number;
  resamples?: number;
  latencyCases?: number;
}

export const syntheticSettings: MetricSettings = {
  output: {
    schema: { type: 'object' },
    textField: 'response',
    compareFields: [
      { path: 'intent', name: 'intent', match: 'exact' },
      { path: 'entities.condition', name: 'condition', match: 'normalized' },
    ],
    confidence: { field: 'confidence', of: 'intent' },
  },
  notInSources: 'Our sources do not say.',
  styleRules: [
    { id: 'no-exclamation', description: 'No exclamation marks.', check: (text) => !text.includes('!') },
    {
      id: 'plain-numbers',
      description: 'No percent signs: "3 in 10" instead of "30 %".',
      check: (text) => !text.includes('%'),
    },
    {
      id: 'short',
      description: 'At most 70 words.',
      check: (text) => (text.match(/\S+/gu)?.length ?? 0) <= 70,
    },
  ],
};

export async function syntheticComparison(options: SyntheticOptions): Promise<ComparisonResult> {
  return compareGivenArms(syntheticOptions(options));
}

export function syntheticOptions(options: SyntheticOptions): GivenComparison {
  const cases = syntheticCases(options);
  return {
    project: 'Synthetic help desk',
    cases,
    arms: Object.keys(options.chances).map((name) => syntheticArm(name, options)),
    metrics: createMetrics(syntheticSettings),
    primary: defaultPrimary(syntheticSettings),
    subject: { model: 'Dice-135M (synthetic)', parameters: '135 M', embedder: 'No embedder' },
    store: memoryResultStore(),
    seed: options.seed ?? 1,
    resamples: options.resamples ?? 250,
    latencyCases: options.latencyCases ?? 6,
  };
}

const conditions = [
  ['Abetalipoproteinemia', 'ABL'],
  ['Cystic fibrosis', 'CF'],
  ['Duchenne muscular dystrophy', 'DMD'],
  ['Gaucher disease', 'GD'],
  ['Huntington disease', 'HD'],
  ['Marfan syndrome', 'MFS'],
  ['Phenylketonuria', 'PKU'],
  ['Tuberous sclerosis complex', 'TSC'],
  ['Wilson disease', 'WD'],
] as const;

const intents = [
  [
    'symptoms',
    'What are the symptoms of',
    'often begins in childhood with tiredness, slow growth and trouble walking',
  ],
  [
    'treatment',
    'What are the treatments for',
    'is treated with a special diet, regular check-ups and medicine for pain',
  ],
  [
    'inheritance',
    'Is it inherited:',
    'is inherited in an autosomal recessive pattern, so both copies are changed',
  ],
] as const;

export function syntheticCases(options: Pick<SyntheticOptions, 'groups' | 'kinds'>): Case[] {
  const groups = options.groups ?? 24;
  const kinds = options.kinds ?? ['plain name', 'abbreviation', 'jargon'];
  return Array.from({ length: groups }, (_, group) => {
    const [full, short] = conditions[group % conditions.length]!;
    // Each condition has a name of its own, short too: equal questions would be one group.
    const type = group < conditions.length ? '' : ` type ${Math.floor(group / conditions.length) + 1}`;
    const name = `${full}${type}`;
    return kinds.map((kind, k): Case => {
      const [intent, question, fact] = intents[(group + k) % intents.length]!;
      return {
        id: `${kind}-${group}`.replaceAll(' ', '-'),
        kind,
        group: `group-${group}`,
        question: `${question} ${kind === 'plain name' ? name : `${short}${type}`}?`,
        expected: {
          intent,
          entities: { condition: name },
          response: `${name} ${fact} [1]. People with ${name} should be seen by a specialist once a year [1].`,
        },
        source: { documentId: `doc-${group}`, start: 400, end: 900 },
      };
    });
  }).flat();
}

function syntheticArm(name: string, options: SyntheticOptions): ArmUnderTest {
  const retrieves = /rag|hybrid|extract/u.test(name);
  const trained = /tuned|hybrid/u.test(name);
  return {
    name,
    label: name,
    description: `Dice for ${name}.`,
    reference: options.references?.includes(name) ?? false,
    retrieves,
    trained,
    fingerprint: `dice ${name} ${JSON.stringify(options.chances[name])} ${options.seed ?? 1}`,
    async answer(testCase) {
      const chances = options.chances[name]!;
      const chance = chances[testCase.kind ?? ''] ?? chances['*'] ?? 0;
      const random = createRandom(seedOf(`${name} ${testCase.id} ${options.seed ?? 1}`));
      return syntheticAnswer({ name, testCase, retrieves, trained, right: random.next() < chance, random });
    },
  };
}

function syntheticAnswer(given: {
  name: string;
  testCase: Case;
  retrieves: boolean;
  trained: boolean;
  right: boolean;
  random: ReturnType<typeof createRandom>;
}): Answer {
  const { name, testCase, retrieves, trained, right, random } = given;
  const expected = testCase.expected as {
    intent: string;
    entities: { condition: string };
    response: string;
  };
  const found = retrieves && (right || random.next() < 0.5);
  const passages = retrieves ? syntheticPassages(testCase, found) : [];
  const abstained = !right && !found && retrieves && random.next() < 0.4;
  const valid = right || random.next() < (trained ? 0.95 : 0.6);
  const body = right
    ? expected.response
    : abstained
      ? syntheticSettings.notInSources
      : `This condition is rare! About 30 % of ${random.integer(90) + 10} patients are affected, and a doctor can say more [1].`;
  const text = retrieves ? body : body.replace(/\s\[\d\]/gu, '');
  const output = {
    intent: right || random.next() < 0.5 ? expected.intent : 'prevention',
    entities: { condition: right || random.next() < 0.4 ? expected.entities.condition : 'Unknown disease' },
    response: text,
  };
  const cited = text.includes('[1]') ? passages[0] : undefined;
  const promptTokens = (trained ? 60 : 240) + passages.length * 190 + random.integer(20);
  const generate = 700 + promptTokens * 2 + random.integer(600);
  return {
    question: testCase.question,
    arm: trained ? (retrieves ? 'hybrid' : 'tuned') : retrieves ? 'rag' : 'base',
    text,
    ...(valid && { output }),
    raw: valid ? JSON.stringify(output) : `Sure! ${text}`,
    abstained,
    citations: cited
      ? [
          {
            marker: 1,
            documentId: cited.documentId,
            uri: cited.uri,
            start: cited.start,
            end: cited.end,
            quote: cited.text,
            sentence: text.split(' [')[0]!,
          },
        ]
      : [],
    danglingMarkers: cited && random.next() < 0.1 ? [7] : [],
    passages,
    ...(name === 'hybrid' && {
      searchQuery: testCase.question.replace(/\b[A-Z]{2,4}\b/u, expected.entities.condition),
    }),
    confidence: right ? 0.6 + 0.4 * random.next() : random.next(),
    usage: { promptTokens, completionTokens: 40 + random.integer(40) },
    timings: { generate, total: generate + (retrieves ? 35 : 0), ...(retrieves && { retrieve: 35 }) },
    traceId: `trace_${name}_${testCase.id}`,
  };
}

function syntheticPassages(testCase: Case, found: boolean): Passage[] {
  return [0, 1, 2].map((rank) => {
    const documentId = found && rank === 0 ? testCase.source!.documentId : `doc-other-${rank}`;
    return {
      id: `${documentId}#${rank}`,
      documentId,
      ordinal: rank,
      start: 380,
      end: 860,
      uri: `documents/${documentId}.md`,
      title:
        rank === 0
          ? (testCase.expected as { entities: { condition: string } }).entities.condition
          : 'Another document',
      headingPath: ['Title', 'Symptoms'],
      text: `Passage ${rank + 1} of ${documentId}. The condition affects several organs, and people who have it are seen by more than one specialist. Most are diagnosed before the age of ten.`,
      rank: rank + 1,
      score: 0.8 - rank / 10,
      scores: { fused: 0.8 - rank / 10 },
    };
  });
}

/** FNV-1a, so that an answer depends on arm and case alone and not on the order of asking. */
function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  return hash >>> 0;
}
