import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fetchModel } from '../../models/fetch/fetch-model.ts';
import { openLocalChat } from '../../models/local-chat.ts';
import { localToolsOf } from '../../models/local-tools.ts';
import { writeRandomAdapter } from '../../models/write-random-adapter.ts';
import { studyForgetting } from './forgetting.ts';
import { generalTasks } from './general-tasks.ts';

const signal = new AbortController().signal;

test('a model of 135 million parameters can do some of the tasks, and less of them under a large random adapter', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tandem-forgetting-'));
  const path = join(folder.path, 'random.gguf');
  await writeRandomAdapter(path, { seed: 1, size: 3 });
  const model = await fetchModel('local:smollm2-135m-instruct');
  await using chat = await openLocalChat({ path: model.path });
  const tools = localToolsOf(chat)!;
  const families = generalTasks.filter(({ id }) => ['facts', 'grammar'].includes(id));

  const { overall, families: studied } = await studyForgetting({ id: 'random', path }, tools, {
    families,
    signal,
  });
  expect(studied.every(({ counts }) => counts)).toBe(true);
  expect(overall!.before.low).toBeGreaterThan(0.5);
  expect(overall!.difference.high).toBeLessThan(0);

  const same = await studyForgetting({ id: 'none', path, scale: 0 }, tools, { families, signal });
  expect(same.overall!.difference.value).toBe(0);
});
