import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openMemoryCatalog } from '../catalog/sqlite-catalog.ts';
import type { Adapter } from '../core/types/adapter.ts';
import { compareGivenArms } from './compare-given-arms.fixture.ts';
import { type DeployParts, deployArm } from './deploy.ts';
import { findEvidence } from './evidence.ts';
import { writeReport } from './steps/write-report.ts';
import { type SyntheticOptions, syntheticOptions } from './synthetic-comparison.fixture.ts';

/** Deployments that rest on comparisons of arms that are dice. */

let directory: string;
let parts: DeployParts & { models: { names: { chat: string } } };
let catalog: Awaited<ReturnType<typeof openMemoryCatalog>>;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-deploy-'));
  catalog = await openMemoryCatalog();
  parts = {
    catalog,
    dataDirectory: directory,
    settings: { answer: { arm: 'base' } },
    models: { names: { chat: 'local:dice' }, connection: () => undefined },
    whileOpen: (work: (signal: AbortSignal) => Promise<unknown>) => work(new AbortController().signal),
  } as never;
});
afterEach(async () => {
  await catalog[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Writes a comparison as `compare` does. */
async function compared(
  chances: SyntheticOptions['chances'],
  { adapter, chat = 'local:dice', groups = 30 }: { adapter?: string; chat?: string; groups?: number } = {},
): Promise<string> {
  const result = await compareGivenArms(syntheticOptions({ chances, groups, latencyCases: 0 }));
  const run = await catalog.runs.start({
    kind: 'compare',
    config: { chat },
    inputs: { ...(adapter !== undefined && { adapter }) },
  });
  const files = await writeReport(result, { directory: join(directory, run.id) });
  await catalog.runs.finish(run.id, {
    status: 'done',
    artefacts: Object.values(files).map((file) => relative(directory, file)),
  });
  return run.id;
}

const always = (chance: number) => ({ '*': chance });

describe('an arm without an adapter', () => {
  test('is refused before it was compared with what is used', async () => {
    await compared({ rag: always(0.9), tuned: always(0.1) });
    await expect(deployArm(parts, { arm: 'rag' })).rejects.toMatchObject({
      code: 'invalid_input',
      where: 'evidence',
      message: 'rag has not been compared with base, which is used now.',
    });
    expect(await catalog.deployments.history()).toEqual([]);
  });

  test('is used where it was shown better, and refused where it was not', async () => {
    const runId = await compared({ base: always(0.2), rag: always(0.8) });
    expect(await deployArm(parts, { arm: 'rag' })).toMatchObject({
      arm: 'rag',
      forced: false,
      evidenceRunId: runId,
      insteadOf: { arm: 'base' },
      reason: expect.stringMatching(
        /^rag against base on Right answers: better by \d+ points \(95 % \d+ to \d+, p < 0\.001, 90 cases of 30 groups; run_/,
      ),
    });
    // What is used now is rag: base has to be better than that.
    await expect(deployArm(parts, { arm: 'base' })).rejects.toThrow(
      /^base is not shown to be better than rag, which is used now: base against rag on Right answers: worse by \d+ points/,
    );
  });

  test('is not used for a difference whose interval has 0', async () => {
    await compared({ base: always(0.5), rag: always(0.55) }, { groups: 6 });
    await expect(deployArm(parts, { arm: 'rag' })).rejects.toThrow(/is not shown to be better than base/);
  });

  test('forced: who, when and why are recorded', async () => {
    await compared({ base: always(0.5), rag: always(0.5) }, { groups: 6 });
    const forced = await deployArm(parts, { arm: 'rag', force: true, by: 'ann', why: 'it cites' });
    expect(forced).toMatchObject({
      forced: true,
      by: 'ann',
      why: 'it cites',
      at: expect.stringMatching(/^\d{4}-/),
      insteadOf: { arm: 'base' },
      evidenceRunId: expect.stringMatching(/^run_/),
    });
    expect(await catalog.deployments.history()).toMatchObject([{ kind: 'push', deployment: forced }]);
  });

  test('force is not recorded as forced where there is evidence', async () => {
    await compared({ base: always(0.2), rag: always(0.8) });
    expect(await deployArm(parts, { arm: 'rag', force: true })).toMatchObject({ forced: false });
  });

  test('that answers already stays as it was decided', async () => {
    const first = await deployArm(parts, { arm: 'rag', force: true, by: 'ann' });
    expect(await deployArm(parts, { arm: 'rag', by: 'ben' })).toEqual(first);
    expect(await catalog.deployments.history()).toHaveLength(1);
  });

  test('a comparison with another chat model is no evidence', async () => {
    await compared({ base: always(0.2), rag: always(0.8) }, { chat: 'local:other' });
    await expect(deployArm(parts, { arm: 'rag' })).rejects.toThrow('has not been compared');
  });
});

describe('an arm with an adapter', () => {
  const used = { arm: 'hybrid', adapterId: 'old' } as const;
  const candidate = { arm: 'hybrid', adapterId: 'new' } as const;
  const find = () => findEvidence(parts, candidate, used);

  test('is compared with the adapter that is used across two comparisons, on the cases that both have', async () => {
    const before = await compared({ rag: always(0.3), hybrid: always(0.4) }, { adapter: 'old' });
    const after = await compared({ rag: always(0.3), hybrid: always(0.95) }, { adapter: 'new', groups: 40 });
    expect(await find()).toMatchObject({
      runId: after,
      passed: true,
      sentence: expect.stringMatching(
        new RegExp(
          `^hybrid against hybrid as it is used on Right answers: better by \\d+ points .*, 90 cases of 30 groups; ${after} and ${before}\\)\\.$`,
        ),
      ),
    });
    // The other way round it is worse, and no comparison says better.
    expect(await findEvidence(parts, used, candidate)).toMatchObject({ passed: false });
  });

  test('is not shown to be better by another adapter’s figures', async () => {
    await compared({ rag: always(0.3), hybrid: always(0.95) }, { adapter: 'third' });
    expect(await find()).toBeUndefined();
    expect(await findEvidence(parts, { arm: 'hybrid', adapterId: 'third' }, { arm: 'rag' })).toMatchObject({
      passed: true,
    });
  });

  test('that does not fit is refused even by force', async () => {
    const adapter = {
      id: 'a',
      createdAt: '2026-01-01T00:00:00Z',
      hosted: { provider: 'p', model: 'm' },
      lineage: { baseHash: 'x', baseModel: 'b' },
    };
    await catalog.adapters.put(adapter as Adapter);
    await expect(deployArm(parts, { arm: 'tuned', force: true })).rejects.toThrow(
      'was made from b at the provider',
    );
  });
});
