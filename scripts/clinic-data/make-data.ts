/**
 * Makes the files of `examples/clinic` from MedQuAD (CC BY 4.0): `documents/`, `questions.jsonl`, `cases.jsonl`, `glossary.csv`.
 * They are committed, so a user never runs this; it is here so that anybody can see how they were made.
 *
 *     node scripts/clinic-data/make-data.ts ../shared/data
 *
 * Cases and training questions are apart by group: documents that share a title or an "Also called" name.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Intent, intents } from '../../examples/clinic/intents.ts';
import { createRandom, shuffled as shuffledArray } from '../../packages/tandem/src/statistics/random.ts';
import { sentences as splitSentences } from '../../packages/tandem/src/text/sentences.ts';
import { phrasings } from './phrasings.ts';

const data = process.argv[2];
if (!data) throw new Error('Say where the data lies: node scripts/clinic-data/make-data.ts DIR');
const here = join(import.meta.dirname, '../../examples/clinic');

const chosen = { plainDocuments: 44, abbreviationDocuments: 46, trainDocuments: 226, validationShare: 0.15 };
const perDocument = { plain: 2, abbreviation: 2, train: 4 };
const perJargonDisease = 5;
const spellingsPerGeneralWord = 5;
const maxDocumentBytes = 6500;
/** Rare intents are worth a longer document. */
const maxRareDocumentBytes = 16_000;
/** Half of MedQuAD asks "What is X?"; a model that has seen little else answers little else. */
const maxInformationQuestions = 110;
const maxResponseWords = 46; // about 60 of the chat model's tokens

interface MedquadQuestion {
  qid: string;
  doc: string;
  focus: string;
  abbr?: string;
  qtype: string;
  question: string;
}

const readJsonl = (name: string): MedquadQuestion[] =>
  readFileSync(join(data, 'medquad', name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const questions = { train: readJsonl('questions.train.jsonl'), dev: readJsonl('questions.dev.jsonl') };
const abbreviated = {
  train: readJsonl('questions.jargon.train.jsonl'),
  dev: readJsonl('questions.jargon.dev.jsonl'),
};
const groups: Record<string, string> = JSON.parse(readFileSync(join(data, 'medquad/groups.json'), 'utf8'));
const jargon = readFileSync(join(data, 'clinic/jargon.csv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [abbreviation, longForm, role, , documents] = line.split(',') as [
      string,
      string,
      'case' | 'train',
      string,
      string,
    ];
    return { abbreviation, longForm, role, documents: documents.split(';') };
  });

// --- Sections and the sentences that answer for them -----------------------------------------------------------------

const documentPath = (id: string) => join(data, 'medquad/corpus', id.split('-')[0]!, `${id}.md`);
const documents = new Map<string, { title: string; sections: Map<string, string>; bytes: number }>();
function readDocument(id: string) {
  let document = documents.get(id);
  if (!document) {
    const text = readFileSync(documentPath(id), 'utf8');
    const sections = new Map<string, string>();
    const repeated = new Set<string>();
    for (const part of text.split(/^## /m).slice(1)) {
      const [heading, ...body] = part.split('\n');
      if (sections.has(heading!)) repeated.add(heading!);
      sections.set(heading!, body.join('\n').trim());
    }
    // A section that a document has twice has no one right passage.
    for (const heading of repeated) sections.delete(heading);
    document = { title: /^# (.+)$/m.exec(text)?.[1]?.trim() ?? '', sections, bytes: Buffer.byteLength(text) };
    documents.set(id, document);
  }
  return document;
}

/** Titles that name a condition, not a leaflet or a list of several. */
const isCondition = (title: string) =>
  title.length > 2 &&
  title.length <= 60 &&
  !/[;:?]|^(What|How|Your|Living|Teen|Talking|Understanding)\b|\b(Health|Problems|Tests|Topics)$/i.test(
    title,
  );

/** MedQuAD's templates have slips of the pen that no patient would write. */
const asAsked = (question: string) =>
  question
    .replace(/\bis \(are\)/, 'is')
    .replace(/\?+$/, '?')
    .replace(/^what/, 'What')
    .replace(/([^?])$/, '$1?');

const sectionOf = (qtype: string) => qtype.charAt(0).toUpperCase() + qtype.slice(1);

/** Sentences that say nothing about the disease: restated questions, tables' captions, pointers elsewhere. */
const boilerplate = [
  /\?$/,
  /Human Phenotype Ontology/,
  /^(If the information is available|You can use the MedlinePlus|Signs and Symptoms Approximate)/,
  /^(The frequency (of a sign|may also)|The first number of the fraction|For example, a frequency of|Because these frequencies|Sometimes, no information on frequency|In these cases, the sign|Much of this information comes)/,
  /^(These resources address|Gene Review|Genetic Testing Registry|MedlinePlus Encyclopedia|See the|See also|Check the list|Check for|Click here|For more information|To learn more|Key Points|NIH:|Centers for Disease)/i,
  /^Summary\b/,
  /protective factors|refine the search|listing of clinical trials|^For (some|more)\b|^Patients (may|can)\b|^Some clinical trials/,
  // The institutes' own sentences about themselves, the same on many pages.
  /National Institutes? of|\bNINDS\b|\bNIH\b/,
  /(this summary|PDQ|the following (list|table)|listed below|see below|web ?site|www\.|http|Figure|pictured?)/i,
  /\b(I|we|our|us)\b/, // a third-person house style
];

/** The first complete sentences of a section, in its own words, or none where it has no prose. */
function targetSentences(section: string): string[] {
  const sentences: string[] = [];
  let words = 0;
  for (const { start, end } of splitSentences(section)) {
    const sentence = section.slice(start, end).trim();
    const isProse =
      /^["'(]?[A-Z0-9]/.test(sentence) && /[.)]$/.test(sentence) && !/\n|^[-*•|#]|:$|[!?]/.test(sentence);
    // "However, …" answers nothing without what stood before it.
    const leansBack =
      sentences.length === 0 &&
      /^(However|Instead|Therefore|In addition|Also|This type|These|Such|It|They)\b/.test(sentence);
    const length = sentence.split(/\s+/).length;
    if (!isProse || leansBack || length < 5 || boilerplate.some((pattern) => pattern.test(sentence))) {
      if (sentences.length > 0) break; // keep what is next to each other in the text together
      continue;
    }
    if (sentences.length > 0 && (words + length > maxResponseWords || sentences.length === 3)) break;
    if (length > maxResponseWords + 14) break;
    sentences.push(sentence);
    words += length;
  }
  return sentences;
}

interface Answerable {
  question: MedquadQuestion;
  sentences: string[];
  intent: Intent;
  section: string;
}

function answerable(question: MedquadQuestion): Answerable | undefined {
  const section = sectionOf(question.qtype);
  const document = readDocument(question.doc);
  const text = document.sections.get(section);
  if (!text || !isCondition(document.title) || !(intents as readonly string[]).includes(question.qtype))
    return undefined;
  // A target from far down the section is not its opening.
  const sentences = targetSentences(text);
  if (sentences.length === 0 || text.indexOf(sentences[0]!) > 700) return undefined;
  return { question, sentences, intent: question.qtype as Intent, section };
}

// --- Choosing documents ----------------------------------------------------------------------------------------------

const random = createRandom(20261121);
const shuffled = <T>(items: Iterable<T>): T[] => shuffledArray([...items], random);
const byDocument = (list: Answerable[]) => Map.groupBy(list, (item) => item.question.doc);
/** Rare intents first, so that a cap on questions a document does not lose them. */
const frequency = new Map<string, number>();
for (const { qtype } of questions.train) frequency.set(qtype, (frequency.get(qtype) ?? 0) + 1);
const rareFirst = (list: Answerable[]) =>
  shuffled(list).sort((a, b) => frequency.get(a.intent)! - frequency.get(b.intent)!);
/** Half of the picks by rarity, half at random: every intent occurs, none drowns the others. */
function pick(list: Answerable[], count: number): Answerable[] {
  const rare = rareFirst(list).slice(0, Math.ceil(count / 2));
  return [...rare, ...shuffled(list.filter((item) => !rare.includes(item)))].slice(0, count);
}

const answerableTrain = questions.train.map(answerable).filter((item) => item !== undefined);
const trainGroups = new Set(questions.train.map(({ doc }) => groups[doc]!));
const caseJargon = jargon.filter(({ role }) => role === 'case');
const caseGroups = new Set(caseJargon.flatMap(({ documents }) => documents.map((id) => groups[id]!)));
const usedDocuments = new Set(jargon.flatMap(({ documents }) => documents));

interface CaseLine {
  id: string;
  kind: 'plain' | 'abbreviation' | 'jargon';
  group: string;
  question: string;
  expected: { intent: string; entities: { condition: string }; response: string };
  source: { documentId: string; section: string };
  searchQuery: string;
}

const response = (condition: string, sentences: string[]) =>
  `${condition}: ${sentences.map((s) => `${s} [1]`).join(' ')}`;
function line(item: Answerable, question: string): Omit<CaseLine, 'kind' | 'id'> {
  const condition = readDocument(item.question.doc).title;
  return {
    group: groups[item.question.doc]!,
    question: asAsked(question),
    expected: { intent: item.intent, entities: { condition }, response: response(condition, item.sentences) },
    source: { documentId: item.question.doc, section: item.section },
    searchQuery: `${condition} ${item.intent}`,
  };
}

const cases: CaseLine[] = [];

// Jargon: every case disease, its documents' questions with the name replaced by what the staff say.
const allQuestions = [...questions.train, ...questions.dev]
  .map(answerable)
  .filter((item) => item !== undefined);
for (const { abbreviation, documents } of caseJargon) {
  // Several documents on one disease share their questions: each is asked once.
  const own = [
    ...new Map(
      shuffled(allQuestions.filter((item) => documents.includes(item.question.doc))).map((item) => [
        item.intent,
        item,
      ]),
    ).values(),
  ];
  for (const item of pick(own, perJargonDisease)) {
    const question = item.question.question.replaceAll(item.question.focus, abbreviation);
    if (question === item.question.question) continue;
    cases.push({ id: `${item.question.qid}-jargon`, kind: 'jargon', ...line(item, question) });
  }
}

// Plain and abbreviation: dev questions of groups that no training document is in.
const eligible = (list: MedquadQuestion[]) =>
  list
    .filter(
      ({ doc }) =>
        !trainGroups.has(groups[doc]!) &&
        !caseGroups.has(groups[doc]!) &&
        readDocument(doc).bytes <= maxDocumentBytes,
    )
    .map(answerable)
    .filter((item) => item !== undefined);
const oneDocumentPerGroup = (list: Map<string, Answerable[]>) => {
  const seen = new Set<string>();
  return shuffled(list).filter(([doc]) => {
    const group = groups[doc]!;
    return seen.has(group) || usedDocuments.has(doc) ? false : seen.add(group);
  });
};
for (const [doc, list] of oneDocumentPerGroup(byDocument(eligible(abbreviated.dev))).slice(
  0,
  chosen.abbreviationDocuments,
)) {
  usedDocuments.add(doc);
  caseGroups.add(groups[doc]!);
  for (const item of pick(list, perDocument.abbreviation)) {
    cases.push({ id: item.question.qid, kind: 'abbreviation', ...line(item, item.question.question) });
  }
}
const plainPool = eligible(questions.dev).filter(({ question }) => !caseGroups.has(groups[question.doc]!));
for (const [doc, list] of oneDocumentPerGroup(byDocument(plainPool)).slice(0, chosen.plainDocuments)) {
  usedDocuments.add(doc);
  caseGroups.add(groups[doc]!);
  for (const item of pick(list, perDocument.plain)) {
    cases.push({ id: item.question.qid, kind: 'plain', ...line(item, item.question.question) });
  }
}

// Training: documents whose group no case is in; rare intents are looked for first.
const trainPool = byDocument(
  answerableTrain.filter(
    ({ question, intent }) =>
      !caseGroups.has(groups[question.doc]!) &&
      readDocument(question.doc).bytes <=
        (frequency.get(intent)! < 200 ? maxRareDocumentBytes : maxDocumentBytes),
  ),
);
const trainDocuments: string[] = jargon
  .filter(({ role }) => role === 'train')
  .flatMap(({ documents }) => documents);
const rarity = (list: Answerable[]) => Math.min(...list.map(({ intent }) => frequency.get(intent)!));
const candidates = oneDocumentPerGroup(trainPool).sort(([, a], [, b]) => rarity(a) - rarity(b));
const perIntent = new Map<Intent, number>();
for (const [doc, list] of candidates) {
  if (trainDocuments.length >= chosen.trainDocuments * 0.6) break;
  const rarest = rareFirst(list)[0]!.intent;
  const seen = perIntent.get(rarest) ?? 0;
  if (seen >= 12 || frequency.get(rarest)! > 700) continue;
  perIntent.set(rarest, seen + 1);
  trainDocuments.push(doc);
}
for (const [doc] of shuffled(candidates)) {
  if (trainDocuments.length >= chosen.trainDocuments) break;
  if (!trainDocuments.includes(doc)) trainDocuments.push(doc);
}

// A sentence that answers a case is nobody's training target, whatever disease it stands under.
const plainSentence = (sentence: string) =>
  sentence
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
const caseSentences = new Set(
  cases
    .flatMap(({ expected }) => expected.response.replace(/^[^:]+: /, '').split(/\s*\[1\]\s*/))
    .map(plainSentence),
);
const givesAway = ({ sentences }: Answerable) =>
  sentences.some((sentence) => caseSentences.has(plainSentence(sentence)));

const abbreviationOf = new Map(abbreviated.train.map(({ doc, abbr }) => [doc, abbr!]));
const jargonOf = new Map(
  jargon
    .filter(({ role }) => role === 'train')
    .flatMap(({ abbreviation, documents }) => documents.map((id) => [id, abbreviation])),
);
const trainGroupsChosen = shuffled(new Set(trainDocuments.map((doc) => groups[doc]!)));
const validationGroups = new Set(
  trainGroupsChosen.slice(0, Math.round(trainGroupsChosen.length * chosen.validationShare)),
);
/**
 * Ways to ask it: MedQuAD's own template and a few of ours, by the full name; by an abbreviation that the document lists (a
 * model cannot know it: it searches for what was written, and without the passage it can name no more than that); by the staff's
 * word (in the glossary, so it is spelt out).
 */
function wordingsOf(item: Answerable, abbreviation: string | undefined, word: string | undefined) {
  const { intent, question } = item;
  const name = readDocument(question.doc).title;
  const asked = (as: string, count: number) => [
    asAsked(question.question.replaceAll(question.focus, as)),
    ...shuffled(phrasings[intent])
      .slice(0, count)
      .map((phrase) => phrase.replaceAll('{}', as)),
  ];
  // Where there is a short name, it is asked by it as often as by the full one.
  const plain = asked(name, abbreviation ? 2 : 3).map((text) => ({
    question: text,
    searchQuery: `${name} ${intent}`,
  }));
  const short = abbreviation
    ? asked(abbreviation, 2).map((text) => ({
        question: text,
        searchQuery: `${abbreviation} ${intent}`,
        withoutPassage: { entities: { condition: abbreviation } },
      }))
    : [];
  const staff = word
    ? asked(word, 6).map((text) => ({ question: text, searchQuery: `${name} ${intent}` }))
    : [];
  return [...plain, ...short, ...staff];
}

let informationLeft = maxInformationQuestions;
const training = trainDocuments.flatMap((doc) => {
  usedDocuments.add(doc);
  const list = answerableTrain.filter((item) => item.question.doc === doc && !givesAway(item));
  const kept = pick(list, perDocument.train).filter(
    ({ intent }) => intent !== 'information' || list.length === 1 || informationLeft-- > 0,
  );
  return kept.map((item) => ({
    id: item.question.qid,
    split: validationGroups.has(groups[doc]!) ? 'validation' : 'train',
    ...line(item, item.question.question),
    wordings: wordingsOf(item, abbreviationOf.get(doc), jargonOf.get(doc)),
  }));
});

// Common clinical abbreviations of other diseases that MedQuAD has a page on: the glossary's general part. Left out are those with
// two meanings, and those that clash with a case, with the staff's words or with a document's own abbreviation.
const documentOf = new Map(
  [...questions.train, ...questions.dev].map(({ doc }) => [readDocument(doc).title.toLowerCase(), doc]),
);
const generalPairs = readFileSync(join(data, 'clinical-abbreviations/wikipedia.train.csv'), 'utf8')
  .trim()
  .split(/\r?\n/)
  .slice(1)
  .map((row) => row.split(','))
  .filter((cells) => cells.length === 2)
  .map(([abbreviation, longForm]) => ({ abbreviation: abbreviation!, longForm: longForm! }));
const meanings = Map.groupBy(generalPairs, ({ abbreviation }) => abbreviation);
const taken = new Set([
  ...jargon.map(({ abbreviation }) => abbreviation),
  ...[...abbreviated.train, ...abbreviated.dev]
    .filter(({ doc }) => usedDocuments.has(doc))
    .map(({ abbr }) => abbr!),
]);
const jargonNames = new Set(jargon.map(({ longForm }) => longForm.toLowerCase()));
const general = [...meanings.values()]
  .filter((list) => new Set(list.map(({ longForm }) => longForm.toLowerCase())).size === 1)
  .map((list) => list[0]!)
  .filter(({ abbreviation, longForm }) => {
    const doc = documentOf.get(longForm.toLowerCase());
    return (
      doc !== undefined &&
      /^[A-Z][A-Za-z-]*[A-Z]$/.test(abbreviation) &&
      isCondition(readDocument(doc).title) &&
      !caseGroups.has(groups[doc]!) &&
      !taken.has(abbreviation) &&
      !jargonNames.has(longForm.toLowerCase())
    );
  });

/** Abbreviations asked in full sentences: no answer is learnt from these, only what to search for. */
const spelling = (abbreviation: string, longForm: string, intent: Intent) => ({
  id: `${abbreviation}-${intent.replaceAll(' ', '-')}-spelling`,
  question: phrasings[intent][random.integer(phrasings[intent].length)]!.replaceAll('{}', abbreviation),
  searchQuery: `${longForm} ${intent}`,
});
const spellings = [
  ...jargon
    .filter(({ role }) => role === 'train')
    .flatMap(({ abbreviation, longForm, documents }) =>
      intents.map((intent) => ({
        split: validationGroups.has(groups[documents[0]!]!) ? 'validation' : 'train',
        group: groups[documents[0]!]!,
        ...spelling(abbreviation, longForm, intent),
      })),
    ),
  ...general.flatMap(({ abbreviation, longForm }) =>
    shuffled(intents)
      .slice(0, spellingsPerGeneralWord)
      .map((intent) => ({
        split: 'train',
        group: groups[documentOf.get(longForm.toLowerCase())!]!,
        ...spelling(abbreviation, longForm, intent),
      })),
  ),
];

// --- Writing ---------------------------------------------------------------------------------------------------------

const jsonl = (lines: unknown[]) => `${lines.map((item) => JSON.stringify(item)).join('\n')}\n`;
rmSync(join(here, 'documents'), { recursive: true, force: true });
mkdirSync(join(here, 'documents'), { recursive: true });
for (const id of [...usedDocuments].sort())
  copyFileSync(documentPath(id), join(here, 'documents', `${id}.md`));
writeFileSync(join(here, 'cases.jsonl'), jsonl(cases));
writeFileSync(join(here, 'questions.jsonl'), jsonl([...training, ...spellings]));
writeFileSync(
  join(here, 'glossary.csv'),
  `abbreviation,long_form,role\n${[...jargon, ...general.map((pair) => ({ ...pair, role: 'general' }))]
    .map(({ abbreviation, longForm, role }) => `${abbreviation},${longForm},${role}`)
    .join('\n')}\n`,
);

const overlap = training.filter(({ group }) => cases.some((item) => item.group === group));
if (overlap.length > 0) throw new Error(`${overlap.length} training questions share a group with a case.`);
const count = (list: { kind?: string; group: string }[]) =>
  `${list.length} of ${new Set(list.map(({ group }) => group)).size} diseases`;
console.log(
  `documents ${usedDocuments.size}, ${[...usedDocuments].reduce((sum, id) => sum + readDocument(id).bytes, 0)} bytes`,
);
for (const kind of ['plain', 'abbreviation', 'jargon'])
  console.log(`cases, ${kind}: ${count(cases.filter((item) => item.kind === kind))}`);
for (const split of ['train', 'validation'])
  console.log(`questions, ${split}: ${count(training.filter((item) => item.split === split))}`);
console.log(
  'intents in training',
  Object.fromEntries(
    intents.map((intent) => [intent, training.filter(({ expected }) => expected.intent === intent).length]),
  ),
);
console.log(
  'intents in cases',
  Object.fromEntries(
    intents.map((intent) => [intent, cases.filter(({ expected }) => expected.intent === intent).length]),
  ),
);
