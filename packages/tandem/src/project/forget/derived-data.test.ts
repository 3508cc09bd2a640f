import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { evalChunkers } from '../../evaluate/eval-retrieval.ts';
import { forget } from '../../forget/forget.ts';
import { ingest } from '../../runtime/ingest.ts';
import { tuneReranker } from '../../tune/encoders/tune-reranker.ts';
import { makeLetterProject } from '../letter-project.fixture.ts';
import { openProject } from '../open-project.ts';

test('indices that were made to compare chunkers go, and none of their files holds the words', async () => {
  await using letters = await makeLetterProject();
  const words = 'The reactor in hall seven is switched off with the quartz key.';
  await writeFile(
    join(letters.directory, 'documents', 'reactor.md'),
    `---\nid: reactor\n---\n\n# r\n\n${words}\n`,
  );
  await using project = await openProject(letters);
  await ingest(project);
  const fixed = { strategies: ['fixed'] } as const;
  const [before] = await evalChunkers(project, fixed);
  const filesWithWords = async () => {
    const entries = await readdir(project.dataDirectory, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const holding = await Promise.all(paths.map(async (path) => (await readFile(path)).includes(words)));
    return paths.filter((_, i) => holding[i]).map((path) => relative(project.dataDirectory, path));
  };
  expect((await filesWithWords()).join()).toContain('chunkers/fixed/catalog.sqlite');

  expect((await forget(project, 'reactor', { dryRun: true })).files).toEqual(['chunkers']);
  expect((await filesWithWords()).join()).toContain('chunkers/fixed/catalog.sqlite');
  expect(await forget(project, 'reactor')).toMatchObject({ files: ['chunkers'], leftovers: [] });
  expect(await filesWithWords()).toEqual([]);
  // Made again, they skip it as the project does.
  const [after] = await evalChunkers(project, fixed);
  expect(after!.chunks).toBeLessThan(before!.chunks);
  expect(await filesWithWords()).toEqual([]);
});

test('encoders that were trained on questions about it are named: embedders and rerankers', async () => {
  await using letters = await makeLetterProject();
  await using project = await openProject(letters);
  await ingest(project);
  const { id } = await tuneReranker(project, { epochs: 1 });
  await mkdir(join(project.dataDirectory, 'embedders', 'embedder_1'), { recursive: true });
  const named = { embedders: ['embedder_1'], rerankers: [id] };
  expect(await forget(project, 'd3', { dryRun: true })).toMatchObject(named);
  expect(await forget(project, 'd3')).toMatchObject(named);
  // No question is about this one.
  await rm(join(letters.directory, 'questions.jsonl'));
  expect(await forget(project, 'd5')).toMatchObject({ embedders: [], rerankers: [] });
});

test('what reports quote of a Chinese document goes, and a file that still quotes it is named', async () => {
  await using letters = await makeLetterProject();
  const quoted = '七号大厅的反应堆用阿玛拉保管的石英钥匙关闭';
  const shared = '在做这里描述的任何事情之前，请先询问一楼的安全办公室。';
  const manual = (id: string, text: string) =>
    writeFile(
      join(letters.directory, 'documents', `${id}.md`),
      `---\nid: ${id}\n---\n\n# ${id}\n\n${text}\n\n${shared}\n`,
    );
  await manual('reactor', `${quoted}。铅门旁的蓝灯要过十九分钟才会熄灭。`);
  await manual('pump', '冷却泵每年用第二个架子上的黄色油脂润滑两次。');
  await using project = await openProject(letters);
  await ingest(project);
  const file = join(project.dataDirectory, 'notes.md');
  await writeFile(file, `报告说：${quoted}，真的。${shared}\n`);
  await writeFile(join(project.dataDirectory, 'dump.bin'), `\0\0${quoted}\0`);
  expect(await forget(project, 'reactor')).toMatchObject({ files: ['notes.md'], leftovers: ['dump.bin'] });
  expect(await readFile(file, 'utf8')).toBe(`报告说：[removed: a document was forgotten]，真的。${shared}\n`);
});
