import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Forgetting } from '../catalog/catalog.ts';
import type { ComparisonResult } from '../evaluate/comparison-result.ts';
import { renderReport } from '../evaluate/report.ts';
import type { StoredAnswer } from '../evaluate/result-store.ts';
import { writeAtomically } from '../parts/write-atomically.ts';
import { listFilesBelow, mentions } from './file-search.ts';
import type { ForgetParts } from './forget-parts.ts';
import { type ForgottenText, removedMark } from './forgotten-text.ts';
import type { ForgetReport } from './report.ts';
import { hasSeen, withoutContent } from './seen-answers.ts';

/** The stored answers of comparisons: those that saw the document are deleted, and asked for again by the next comparison. */
export async function forgetInAnswers(
  parts: ForgetParts,
  document: Forgetting,
  text: ForgottenText,
  report: ForgetReport,
): Promise<void> {
  const file = join(parts.dataDirectory, 'comparison-answers.jsonl');
  if (!existsSync(file)) return;
  const kept: string[] = [];
  for (const line of (await readFile(file, 'utf8')).split('\n').filter(Boolean)) {
    const { row } = parsedLine(line) ?? {};
    if (row?.answer && hasSeen(row.answer, document, text)) report.answers++;
    else if (text.isIn(line)) report.answers++;
    else kept.push(line);
  }
  if (report.answers > 0 && !report.dryRun)
    await writeAtomically(file, kept.map((line) => `${line}\n`).join(''));
}

/** Reports, and every other text file in the data folder. */
export async function forgetInFiles(
  parts: ForgetParts,
  document: Forgetting,
  text: ForgottenText,
  report: ForgetReport,
): Promise<void> {
  const { dataDirectory } = parts;
  for (const path of await listFilesBelow(dataDirectory)) {
    if (
      /^(index|models|datasets|training|sources|chunkers|embedded|rankings)[/\\]|^catalog\.|^comparison-answers/.test(
        path,
      )
    )
      continue;
    const file = join(dataDirectory, path);
    if (/[/\\]comparison\.json$/.test(path)) {
      const result = JSON.parse(await readFile(file, 'utf8')) as ComparisonResult;
      const without = comparisonWithout(result, document, text);
      if (without === result) continue;
      const rendered = file.replace(/comparison\.json$/, 'report.html');
      report.files.push(path);
      if (existsSync(rendered)) report.files.push(relative(dataDirectory, rendered));
      if (report.dryRun) continue;
      if (existsSync(rendered)) await writeAtomically(rendered, renderReport(without));
      await writeAtomically(file, `${JSON.stringify(without)}\n`);
    } else if (/\.(jsonl?|html|md|txt|csv|log)$/.test(path) && !/report\.html$/.test(path)) {
      const content = await readFile(file, 'utf8');
      const without = path.endsWith('.json') ? jsonWithout(content, text) : linesWithout(content, path, text);
      if (without === content) continue;
      report.files.push(path);
      if (!report.dryRun) await writeAtomically(file, without);
    }
  }
  for (const name of rebuiltWhenNeeded) {
    const folder = join(dataDirectory, name);
    if (!existsSync(folder)) continue;
    report.files.push(name);
    if (!report.dryRun) await rm(folder, { recursive: true });
  }
}

/** Files outside the data folder that have words of it (questions, training files, the document itself): named, never changed. */
export async function findFilesOfYours(
  parts: ForgetParts,
  document: Forgetting,
  text: ForgottenText,
): Promise<string[]> {
  const { material, directory } = parts;
  const { questions, qa, examples, cases, glossary } = material;
  const named = [questions, qa, examples?.train, examples?.validation, cases, glossary];
  const candidates = [resolve(directory, document.uri), ...named.flatMap((lines) => lines?.file ?? [])];
  const found: string[] = [];
  for (const file of new Set(candidates))
    if (await mentions(file, document, text)) found.push(relative(directory, file));
  return found;
}

/**
 * Folders that are deleted whole, because they only save time: what sources keep between two ingests, and the indices of `evalChunkers` and `evalLearnt`.
 * These have catalogues of their own, which do not know that the document is forgotten.
 */
const rebuiltWhenNeeded = ['sources', 'chunkers', 'embedded'];

function parsedLine(line: string): { row?: StoredAnswer } | undefined {
  try {
    return JSON.parse(line) as { row?: StoredAnswer };
  } catch {
    return undefined; // Cut off by a crash; `openResultStore` drops such a line.
  }
}

function jsonWithout(content: string, text: ForgottenText): string {
  try {
    const value: unknown = JSON.parse(content);
    const without = text.redacted(value);
    return without === value ? content : `${JSON.stringify(without, null, 2)}\n`;
  } catch {
    return text.without(content);
  }
}

function linesWithout(content: string, path: string, text: ForgottenText): string {
  if (!path.endsWith('.jsonl')) return text.without(content);
  return content
    .split('\n')
    .map((line) => {
      try {
        const value: unknown = JSON.parse(line);
        const without = text.redacted(value);
        return without === value ? line : JSON.stringify(without);
      } catch {
        return text.without(line);
      }
    })
    .join('\n');
}

function comparisonWithout(
  result: ComparisonResult,
  document: Forgetting,
  text: ForgottenText,
): ComparisonResult {
  const cases = result.cases.map((record) => {
    const about = record.case.source?.documentId === document.id;
    const arms = Object.fromEntries(
      Object.entries(record.arms).map(([name, arm]) => {
        const { answer } = arm;
        if (!answer || !hasSeen(answer, document, text)) return [name, arm];
        return [name, { ...arm, answer: withoutContent(answer) }];
      }),
    );
    const changed = about || Object.keys(arms).some((name) => arms[name] !== record.arms[name]);
    if (!changed) return record;
    return {
      ...record,
      arms,
      ...(about && { case: { ...record.case, expected: removedMark } }),
    };
  });
  const changed = cases.some((record, i) => record !== result.cases[i]);
  return text.redacted(changed ? { ...result, cases } : result);
}
