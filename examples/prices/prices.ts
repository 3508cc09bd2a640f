/**
 * `npm run prices`: a price goes from $49 to $59 in the shop's database, and the same question is put to each arm before and after. The model is
 * trained first, once: a second run takes seconds.
 */
import { ingest, tune } from 'tandem';
import { enforceProjectNetwork, openProject } from 'tandem/project';
import { type AroundChange, askAroundChange, asked, saysPrice } from './measure.ts';
import { openShop } from './shop.ts';
import { table } from './table.ts';
import { describeIngest, describeTuneEstimate, duration, progressLine, reportError } from './terminal.ts';

const product = 'Harbour lamp';
const question = `What does the ${product} cost?`;
const [from, to] = [49, 59];

const interrupt = new AbortController();
const { signal } = interrupt;
process.on('SIGINT', () => (signal.aborted ? process.exit(130) : interrupt.abort()));
const onProgress = progressLine();
const tell = (line: string) => {
  onProgress.end();
  console.log(line);
};

try {
  using shop = openShop(import.meta.dirname);
  await using project = await openProject({ directory: import.meta.dirname, onProgress, signal });
  using _network = enforceProjectNetwork(project);
  tell(describeIngest(await ingest(project, { signal, onProgress })));
  const { adapter, reused } = await tune(project, {
    signal,
    onProgress,
    onEstimate: (estimate) => tell(describeTuneEstimate(estimate)),
  });
  const { steps, seconds } = adapter.metrics;
  tell(
    `${reused ? 'Trained before, reused' : 'Trained'}: ${steps} steps in ${duration(seconds)}, on the price of then, $${from}.`,
  );

  tell(
    `\n“${question}” is asked, the price in the database goes from $${from} to $${to}, and it is asked again.`,
  );
  const rows: AroundChange[] = [];
  for (const arm of asked)
    rows.push(await askAroundChange(project, shop, { arm, question, product, from, to, signal }));
  tell(`\n${describe(rows)}`);
} catch (error) {
  onProgress.end();
  process.exitCode = reportError(error, signal.aborted);
}

function describe(rows: readonly AroundChange[]): string {
  const seconds = (value: number) => `${value.toFixed(2)} s`;
  const head = ['', `at $${from}`, `after the change to $${to}`, 'row read', 'answered'];
  const cells = rows.map(({ arm, before, after, secondsToRow, secondsToAnswer }) => [
    arm,
    before.text,
    after.text,
    secondsToRow === undefined ? 'never' : seconds(secondsToRow),
    seconds(secondsToAnswer),
  ]);
  const sources = rows.map(({ arm, citation }) =>
    citation
      ? `  ${arm.padEnd(8)} ${citation.uri}, read at ${citation.readAt}\n           “${citation.quote}”`
      : `  ${arm.padEnd(8)} no live fact`,
  );
  const old = rows.filter(({ after }) => saysPrice(after, from)).map(({ arm }) => arm);
  const current = rows.filter(({ after }) => saysPrice(after, to)).map(({ arm }) => arm);
  return [
    table([head, ...cells], 34),
    '',
    'row read: from the change to the new row among the passages that the answer is written from.',
    'answered: from the change to the whole answer; what the model takes to write is in it.',
    '',
    'Cited after the change:',
    ...sources,
    '',
    `Says the new price: ${current.join(', ') || 'none'}. Says the old one: ${old.join(', ') || 'none'}.`,
  ].join('\n');
}
