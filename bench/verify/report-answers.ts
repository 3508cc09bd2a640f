/** The answers of one arm in a committed report of `tandem compare`, with the passages that they were written from. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseDocument } from '../../packages/tandem/src/index.ts';
import type { CollectedAnswer, Evidence } from './collect-sentences.ts';

/**
 * Refusals and cases that failed are left out. In the order of the cases' ids: the report has the worst first.
 * @param folder of `report.html` and `comparison.json`
 * @param project the folder that the passages' uris are relative to: their headings are read there
 */
export async function readReport(
  folder: string,
  project: string,
  name: string,
  arm: string,
): Promise<CollectedAnswer[]> {
  const { provenance, subject } = JSON.parse(readFileSync(join(folder, 'comparison.json'), 'utf8'));
  const model = basename(subject.model)
    .replace(/^local:/, '')
    .toLowerCase();
  const [, ...cases] = readFileSync(join(folder, 'report.html'), 'utf8').split('<details class="case"');
  const answers: CollectedAnswer[] = [];
  for (const item of cases) {
    const card = item
      .split('<article class="answer')
      .find((each) => each.includes(`<h4><span>${arm}</span>`));
    const said = card && textOf(/<p class="said">(.*?)<\/p>/s.exec(card)![1]!);
    const marks = card && /<h4>.*?<\/h4>/s.exec(card)![0];
    if (!said || /abstained|failed/.test(marks!)) continue;
    answers.push({
      id: [name, arm, model, /<small>case (\S+)/.exec(item)![1]!].join('/'),
      project: name,
      arm,
      model,
      question: textOf(/<span class="q">(.*?)<small>/s.exec(item)![1]!),
      answer: said,
      passages: await passagesOf(item, project, arm),
      commit: provenance.commit.slice(0, 7),
    });
  }
  return answers.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

async function passagesOf(item: string, project: string, arm: string): Promise<Evidence[]> {
  const list = /<ul class="passages">(.*?)<\/ul>/s.exec(item)?.[1] ?? '';
  const seen: { rank: number; evidence: Evidence }[] = [];
  for (const passage of list.split('<li ').slice(1)) {
    const tags = [...passage.matchAll(/<span class="tag">(.*?) \[(\d+)\]<\/span>/g)];
    const rank = tags.find(([, label]) => label === arm)?.[2];
    if (rank === undefined) continue;
    const [, start, uri] = /<small>.*?, (\d+)–\d+ · (.*?)<\/small>/s.exec(passage)!;
    seen.push({
      rank: Number(rank),
      evidence: {
        title: textOf(/<strong>(.*?)<\/strong>/s.exec(passage)![1]!),
        heading: await headingAt(join(project, textOf(uri!)), Number(start)),
        uri: textOf(uri!),
        text: textOf(/<div class="said">(.*?)<\/div>/s.exec(passage)![1]!).trim(),
      },
    });
  }
  return seen.toSorted((a, b) => a.rank - b.rank).map(({ evidence }) => evidence);
}

/** The headings above a place, but for the document's title. */
async function headingAt(file: string, start: number): Promise<string> {
  const { text, blocks } = await parseDocument({ uri: file, bytes: readFileSync(file) });
  const path: { level: number; title: string }[] = [];
  for (const { kind, level = 1, start: from, end } of blocks) {
    if (kind !== 'heading' || from > start || level === 1) continue;
    while (path.length > 0 && path.at(-1)!.level >= level) path.pop();
    path.push({ level, title: text.slice(from, end).replace(/^#+\s*/, '') });
  }
  return path.map(({ title }) => title).join(' › ');
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

const textOf = (html: string) =>
  html.replace(/<[^>]+>/g, '').replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name]!);
