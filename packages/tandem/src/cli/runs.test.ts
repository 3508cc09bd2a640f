import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareGivenArms } from '../evaluate/compare-given-arms.fixture.ts';
import { writeReport } from '../evaluate/steps/write-report.ts';
import { syntheticOptions } from '../evaluate/synthetic-comparison.fixture.ts';
import { openProject } from '../project/open-project.ts';
import { startTandem } from './tandem-process.fixture.ts';

/** Three comparisons of arms that are dice: good, worse on the same cases, and good on a few of them. */
let directory: string;
const ids: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-runs-'));
  await writeFile(join(directory, 'tandem.config.ts'), "export default { name: 'dice' };\n");
  await using project = await openProject({ directory });
  for (const [rag, groups] of [
    [0.9, 24],
    [0.2, 24],
    [0.9, 6],
  ] as const) {
    const { runs } = project.catalog;
    const run = await runs.start({ kind: 'compare', config: {} });
    const chances = { base: { '*': 0.1 }, rag: { '*': rag } };
    const result = await compareGivenArms(syntheticOptions({ chances, groups, latencyCases: 0 }));
    const files = await writeReport(result, { directory: join(project.dataDirectory, 'reports', run.id) });
    await runs.finish(run.id, {
      status: 'done',
      artefacts: Object.values(files).map((file) => relative(project.dataDirectory, file)),
    });
    ids.push(run.id);
  }
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const tandem = (...args: string[]) => startTandem(args, { cwd: directory }).done;

test('comparisons are listed, accepted, and held against one another', async () => {
  const [good, worse, few] = ids as [string, string, string];
  expect(await tandem('runs', 'accept', good, '--reason', 'good')).toMatchObject({
    code: 0,
    out: expect.stringContaining(`${good} is the accepted comparison now`),
  });
  const list = await tandem('runs');
  expect(list.out.match(/run_\w+/g)).toEqual([few, worse, good]);
  expect(list.out).toMatch(
    new RegExp(
      `${good} {2}.+Dice-135M \\(synthetic\\) {2}accepted\n {4}Right answers: base \\d+ %, rag \\d+ % \\(72 cases, 24 groups\\)\n {4}use rag \\(better\\)`,
    ),
  );
  const listed = JSON.parse((await tandem('runs', '--json', '--limit', '1')).out);
  expect(listed).toMatchObject([{ runId: few, isAccepted: false, result: { cases: 18 } }]);

  const diff = await tandem('runs', 'diff', good, worse);
  expect(diff.out).toMatch(/^The same 72 cases about 24 groups\.\n {2}base .+ no difference shown \(95 %/);
  expect(diff.out).toMatch(
    / {2}rag \d+ % → \d+ % on Right answers: worse by \d+ points \(95 % −\d+ to −\d+, p < 0\.001 after Holm/,
  );
  expect((await tandem('runs', 'diff', good, few)).out).toMatch(
    /^They are not all the same cases: 18 cases about 6 groups/,
  );
}, 60_000);

test('a run that is not there, and flags without --gate, are one clear sentence', async () => {
  const diff = await tandem('runs', 'diff', ids[0]!, 'run_none');
  expect(diff).toMatchObject({ code: 1 });
  expect(diff.err).toMatch(/^Error: There is no run run_none in this project\.\n.+`tandem runs` lists them/);
  const against = await tandem('compare', '--against', ids[0]!);
  expect(against).toMatchObject({ code: 1 });
  expect(against.err).toMatch(/^Error: --against is for --gate, which is not given\./);
}, 60_000);
