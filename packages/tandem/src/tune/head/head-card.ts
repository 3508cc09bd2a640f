import { join } from 'node:path';
import type { Head } from '../../decide/head.ts';
import { writeAtomically } from '../../parts/write-atomically.ts';

/** What a head's card is written from. */
export interface HeadCard {
  project: string;
  id: string;
  head: Head;
  embedder: string;
  lineage: Record<string, string | undefined>;
}

/** Writes README.md into a head's folder: what it was made from, how well it does, how it is used. It has no text of any question. */
export async function writeHeadCard(directory: string, { project, id, head, embedder, lineage }: HeadCard) {
  const share = (value: number) => value.toFixed(3);
  const rows = head.figures.map(({ path, questions, groups, l2, temperature, folds, validation }) =>
    [
      path,
      `${questions} in ${groups} groups`,
      l2,
      temperature.toFixed(2),
      `${share(folds.accuracy)} (${folds.questions})`,
      share(folds.eceAfter),
      validation ? `${share(validation.accuracy)} (${validation.questions})` : '',
      validation ? share(validation.ece) : '',
    ].join(' | '),
  );
  const unseen = head.figures.flatMap(({ path, unseenChoices }) =>
    unseenChoices.length > 0 ? [`Of ${path} no question taught: ${unseenChoices.join(', ')}.`, ''] : [],
  );
  const card = [
    `# ${project}: ${id}`,
    '',
    `Multinomial logistic regression (L2) over the vectors of ${embedder}, one for each field of the reply that is a choice. Trained in ${head.seconds.toFixed(1)} s.`,
    '',
    '| field | wordings | l2 | temperature | right, folds left out | ECE | right, validation | ECE |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    '',
    ...unseen,
    '| from | |',
    '|---|---|',
    ...Object.entries(lineage).flatMap(([name, value]) =>
      value === undefined ? [] : [`| ${name} | ${value} |`],
    ),
    '',
    'In its project: `tandem compare --arms rag,head`, `tandem ask "…" --arm head`. It answers with these fields alone.',
    '',
  ];
  await writeAtomically(join(directory, 'README.md'), card.join('\n'));
}
