/**
 * Sentences that arms wrote, with the passages that they are to be read against: what `labelling.md` is for.
 *
 *     node bench/verify/collect-sentences.ts PROJECT --name NAME --questions FILE [--count 35] [--chat MODEL] [--arm rag] --answers FILE
 *     node bench/verify/collect-sentences.ts PROJECT --name NAME --report FOLDER [--arm hybrid] [--count 35] --answers FILE
 *     node bench/verify/collect-sentences.ts --answers FILE --out FILE
 *
 * First answers are gathered: by asking a project (an ingested folder) so many questions of a file, evenly from all of it, or from the committed report of
 * a comparison, which has the answers and the passages of its arms; PROJECT then has the documents, whose headings the report leaves out. They are appended to
 * `--answers`, and what is there already is not asked again. Then all sentences of these that state something, in four words or more, are written to `--out`,
 * each with the passages that it cites, else with the two that have most of its words; equal ones with the same passages once.
 *
 * No verifier is run: nothing that one says of a sentence may decide whether it is here.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { statementsOf } from '../../packages/tandem/src/answer/citations.ts';
import { passageText } from '../../packages/tandem/src/answer/prompt.ts';
import { type ArmName, createAnswerer } from '../../packages/tandem/src/index.ts';
import { openProject } from '../../packages/tandem/src/project/index.ts';
import { termsOf } from '../../packages/tandem/src/text/terms.ts';
import { isStatement, withoutListMark } from '../../packages/tandem/src/verify/split-claims.ts';
import { linesOf } from '../data/json-lines.ts';
import { readReport } from './report-answers.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string' },
    questions: { type: 'string' },
    report: { type: 'string' },
    count: { type: 'string', default: '35' },
    chat: { type: 'string', default: 'local:qwen2.5-coder-0.5b' },
    arm: { type: 'string', default: 'rag' },
    answers: { type: 'string' },
    out: { type: 'string' },
  },
});

/** A passage as the model was given it. */
export interface Evidence {
  title: string;
  /** The headings above it, the title left out. */
  heading: string;
  uri: string;
  /** Of a PDF, from 1. */
  page?: number;
  text: string;
}

/** An answer with all passages that it was written from, in the order of their markers. */
export interface CollectedAnswer {
  id: string;
  project: string;
  arm: string;
  model: string;
  question: string;
  answer: string;
  passages: Evidence[];
  /** The last one that changed the packages before it was asked. */
  commit: string;
}

/** A line of `sentences.jsonl`. */
export interface CollectedSentence extends Omit<CollectedAnswer, 'passages'> {
  sentence: string;
  /** Whether the evidence is what the sentence cites; else it is what has most of its words. */
  isCited: boolean;
  evidence: Evidence[];
}

const { answers: answersFile } = flags;
if (!answersFile) throw new Error('Name the file for the answers: --answers FILE');
const [project] = positionals;
if (project && flags.report) appendAnswers(await readReport(flags.report, project, nameOf(), flags.arm));
else if (project) await askProject(project);
if (flags.out) writeSentences(flags.out);

function nameOf(): string {
  if (!flags.name) throw new Error('Name the project: --name NAME');
  return flags.name;
}

function made(): CollectedAnswer[] {
  return existsSync(answersFile!) ? linesOf<CollectedAnswer>(answersFile!) : [];
}

function appendAnswers(answers: readonly CollectedAnswer[]): void {
  const known = new Set(made().map(({ id }) => id));
  for (const answer of evenly(answers))
    if (!known.has(answer.id)) appendFileSync(answersFile!, `${JSON.stringify(answer)}\n`);
}

/** So many as `--count` says, at equal distances. */
function evenly<Item>(all: readonly Item[]): Item[] {
  const step = Math.max(1, all.length / Number(flags.count));
  return Array.from(
    { length: Math.min(Number(flags.count), all.length) },
    (_, at) => all[Math.floor(at * step)]!,
  );
}

async function askProject(directory: string): Promise<void> {
  if (!flags.questions) throw new Error('Name the questions: --questions FILE');
  const asked = evenly(linesOf<{ id: string; question: string }>(flags.questions));
  const commit = execFileSync(
    'git',
    ['log', '-1', '--format=%h', '--abbrev=7', '--', join('..', '..', 'packages')],
    {
      cwd: import.meta.dirname,
    },
  )
    .toString()
    .trim();
  const known = new Set(made().map(({ id }) => id));
  const model = flags.chat.replace(/^local:/, '');
  await using opened = await openProject({ directory, chat: flags.chat });
  const answer = { ...opened.settings.answer, verifier: 'none' as const, onUnsupported: 'mark' as const };
  const parts = { ...opened, settings: { ...opened.settings, answer } };
  const answerer = await createAnswerer(parts, { arm: flags.arm as ArmName });
  for (const { id: question, question: text } of asked) {
    const id = [nameOf(), flags.arm, model, question].join('/');
    if (known.has(id)) continue;
    const given = await answerer.answer(text);
    if (given.abstained) {
      console.log(`${id}: refused`);
      continue;
    }
    const collected: CollectedAnswer = {
      id,
      project: nameOf(),
      arm: flags.arm,
      model,
      question: text,
      answer: given.text,
      passages: given.passages.map((passage) => {
        const {
          headingPath: [first, ...sections],
          title,
          uri,
          page,
        } = passage;
        return {
          title: first ?? title,
          heading: sections.join(' › '),
          uri,
          ...(page !== undefined && { page }),
          text: passageText(passage),
        };
      }),
      commit,
    };
    appendFileSync(answersFile!, `${JSON.stringify(collected)}\n`);
    console.log(`${id}: ${given.text.length} characters in ${Math.round(given.timings.total / 1000)} s`);
  }
}

function writeSentences(file: string): void {
  const seen = new Set<string>();
  const lines = made()
    .flatMap(sentencesOf)
    .filter(({ sentence, evidence }) => {
      const key = JSON.stringify([sentence, evidence.map(({ uri, text }) => [uri, text]).sort()]);
      return !seen.has(key) && seen.add(key);
    });
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const counts = new Map<string, number>();
  for (const { project: name, arm, model } of lines) {
    const key = `${name} ${arm} ${model}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, count] of counts) console.log(`${key}: ${count}`);
  console.log(
    `${lines.length} sentences, ${lines.filter(({ isCited }) => !isCited).length} without a citation`,
  );
}

function sentencesOf({ id, passages, ...of }: CollectedAnswer): CollectedSentence[] {
  return statementsOf(of.answer)
    .filter(({ sentence, markers }) => isStatement(sentence, markers.length > 0) && hasEnoughWords(sentence))
    .map(({ sentence, markers }, at) => {
      const numbers = [...new Set(markers.flatMap((marker) => marker.numbers))];
      const cited = numbers.flatMap((number) => passages[number - 1] ?? []);
      return {
        id: `${id}/${at + 1}`,
        project: of.project,
        arm: of.arm,
        model: of.model,
        question: of.question,
        answer: of.answer,
        sentence: withoutListMark(sentence),
        isCited: cited.length > 0,
        evidence: cited.length > 0 ? cited : nearest(sentence, passages),
        commit: of.commit,
      };
    });
}

/** "Genetic changes" and "303,000" say nothing that could be read without the question. */
function hasEnoughWords(sentence: string): boolean {
  return (withoutListMark(sentence).match(/[\p{L}\p{N}]+/gu)?.length ?? 0) >= 4;
}

/** By the share of the sentence's words that they have: no verifier's own reading. */
function nearest(sentence: string, passages: readonly Evidence[]): Evidence[] {
  const words = [...new Set(termsOf(sentence))];
  const shareOf = ({ title, heading, text }: Evidence) => {
    const own = new Set(termsOf(`${title}. ${heading}. ${text}`));
    return words.filter((word) => own.has(word)).length;
  };
  return passages
    .map((passage) => ({ passage, share: shareOf(passage) }))
    .toSorted((a, b) => b.share - a.share)
    .slice(0, 2)
    .map(({ passage }) => passage);
}
