import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A project of a dozen manuals with the same headings, of a team that has its own way of asking for them. */
export interface ManualProject {
  directory: string;
  /** Writes the config again, with these settings in addition. */
  configure(config: Record<string, unknown>): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const devices = [
  'Alder kettle',
  'Birch toaster',
  'Cedar grinder',
  'Dogwood mixer',
  'Elm juicer',
  'Fir steamer',
  'Ginkgo freezer',
  'Hazel heater',
  'Ivy fan',
  'Juniper lamp',
  'Larch scale',
  'Maple oven',
];

/** For each kind of question the heading that answers it, and ways to ask: of each device the first two are trained on. */
const asked = [
  {
    heading: 'Guarantee',
    wordings: [
      'How long does the {} last?',
      'For how many months will the {} last?',
      'How long will my {} last?',
    ],
  },
  {
    heading: 'Care',
    wordings: ['What does the {} need?', 'What will a {} need every week?', 'What does my {} need from me?'],
  },
  {
    heading: 'Disposal',
    wordings: ['Where does the {} go?', 'Where should an old {} go?', 'Where will my {} go?'],
  },
];

const manual = (device: string, at: number) => `# ${device}

## Setting up

The ${device} goes on a level surface. Where the ${device} goes, it needs ${10 + at} cm of space on each side.

## Running time

The ${device} lasts ${20 + 3 * at} minutes. How long the ${device} lasts depends on the room.

## Power

The ${device} needs 230 volts, and what it needs at most is ${800 + 50 * at} watts.

## Guarantee

The manufacturer repairs or replaces it free of charge within ${12 + at} months of the purchase, against the receipt.

## Care

Wipe the housing with a damp cloth and empty the tray, ${2 + (at % 3)} times.

## Disposal

The collection point in yard ${at + 1} takes back old appliances on Mondays.
`;

/**
 * Devices 1–6 are trained on, 7 and 8 are for validation, 9–12 are held-out cases. Each question has the words of one section
 * and is answered in another.
 */
export async function makeManualProject(): Promise<ManualProject> {
  const directory = await mkdtemp(join(tmpdir(), 'tandem-manuals-'));
  await mkdir(join(directory, 'documents'));
  const jsonl = (file: string, lines: object[]) =>
    writeFile(join(directory, file), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const about = (from: number, to: number, ways: readonly number[]) =>
    devices.slice(from, to).flatMap((device, index) =>
      asked.flatMap(({ heading, wordings }) =>
        ways.map((way) => ({
          id: `${device} ${heading} ${way}`,
          group: `${device} ${heading}`,
          question: wordings[way]!.replace('{}', device),
          source: { documentId: `m${from + index}`, section: heading },
        })),
      ),
    );
  for (const [at, device] of devices.entries())
    await writeFile(
      join(directory, 'documents', `m${at}.md`),
      `---\nid: m${at}\n---\n\n${manual(device, at)}`,
    );
  await jsonl('questions.jsonl', [
    ...about(0, 6, [0, 1]).map((line) => ({ ...line, split: 'train', expected: 'x' })),
    ...about(6, 8, [0, 1]).map((line) => ({ ...line, split: 'validation', expected: 'x' })),
  ]);
  await jsonl('cases.jsonl', about(8, 12, [2]));
  const configure = (config: Record<string, unknown>) =>
    writeFile(
      join(directory, 'tandem.config.ts'),
      `export default ${JSON.stringify({
        name: 'manuals',
        sources: [{ type: 'files', path: 'documents', include: ['**/*.md'] }],
        dataset: { questions: 'questions.jsonl', cases: 'cases.jsonl' },
        ...config,
      })};\n`,
    );
  await configure({});
  return {
    directory,
    configure,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
