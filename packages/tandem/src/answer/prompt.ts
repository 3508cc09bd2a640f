import type { PromptVariant, Settings } from '../core/settings.ts';
import type { ArmName } from '../core/types/answer.ts';
import type { Passage } from '../core/types/document.ts';
import type { ChatMessage } from '../core/types/example.ts';

/**
 * The one place where prompts are put together. Training examples are built with the same functions, so that a tuned model
 * is asked exactly as it was taught.
 */

export type PassageText = Pick<Passage, 'text' | 'headingPath' | 'prefix'> & { title?: string };

/** What is read of a passage: its text, and where that begins among the rows of a table, the table's head before it. */
export function passageText(passage: Pick<Passage, 'text' | 'prefix'>): string {
  const head = tableHead(passage);
  return head === undefined ? passage.text.trim() : `${head}\n${passage.text.trim()}`;
}

/**
 * The head of the table that a passage has only rows of. It is in the prefix alone, below the line of title and headings, which
 * may be missing: the passage's offsets are those of its rows.
 */
export function tableHead({ text, prefix = '' }: Pick<Passage, 'text' | 'prefix'>): string | undefined {
  return text.trimStart().startsWith('|') ? /(?:^|\n)(\|.*)$/s.exec(prefix)?.[1] : undefined;
}

/**
 * `[1] Title: Section`, then the passage; numbered from 1 in the order given. The document's other names, which the index has
 * before each passage, are left out: a small model copies "Antiphospholipid Syndrome (APS)" as it is written.
 */
export function numberedPassages(passages: readonly PassageText[]): string {
  return passages
    .map((passage, index) => {
      const {
        headingPath: [first, ...sections],
        title,
      } = passage;
      const name = [first ?? title ?? '', sections.join(' › ')].filter(Boolean).join(': ');
      return `[${index + 1}] ${name}\n${passageText(passage)}`;
    })
    .join('\n\n');
}

/** What a question's passages were found with. */
export interface SearchedFor {
  /** The query that the question was rewritten to. */
  searchQuery?: string;
  /** Names that the documents give for abbreviations in the question. */
  spelledOut?: readonly string[];
  /** Names in the question of which no document has a word. */
  missing?: readonly string[];
}

/** The user's turn. Without passages it is the question alone. */
export function userMessage(
  question: string,
  passages?: readonly PassageText[],
  { searchQuery, spelledOut = [], missing = [] }: SearchedFor = {},
): string {
  if (!passages) return question;
  return [
    `Sources:\n\n${numberedPassages(passages)}\n`,
    `Question: ${question}`,
    ...(searchQuery ? [`Searched for: ${searchQuery}`] : []),
    ...(spelledOut.length > 0 ? [`Names: ${spelledOut.join('; ')}`] : []),
    ...(missing.length > 0 ? [`The sources say nothing about: ${missing.join('; ')}`] : []),
  ].join('\n');
}

/** The system prompt of the untuned arms, where a project names none of its own. */
export const defaultPrompts: Record<'base' | 'rag', PromptVariant> = {
  base: {
    id: 'default',
    system: 'Answer the question briefly and truthfully. {format} {styleGuide}',
    examples: [],
  },
  rag: {
    id: 'default',
    // Refusing is named first, and once: the last thing said is what a small model does. The example shows the form, which telling does
    // not teach it. Chosen among seven by `npm run bench -- prompts` (bench/results/prompts.md).
    system:
      'You answer questions from numbered sources. Only if none of them has the answer, reply: {notInSources} Else reply with a complete sentence that gives the exact name, number or date that is asked for, and end it with the number of its source in square brackets. {format} {styleGuide}',
    examples: [
      {
        user: 'Sources:\n\n[1] Garden: Tools\nTools hang in the shed. The key is with the caretaker.\n\n[2] Garden: Hours\nThe gate opens at seven and is locked at dusk.\n\nQuestion: When does the gate open?',
        assistant: 'The gate opens at seven. [2]',
      },
    ],
  },
};

/** Fills `{styleGuide}`, `{schema}`, `{format}` and `{notInSources}` in a system prompt. */
export function fillSystemPrompt(template: string, answer: Settings['answer']): string {
  const schema = answer.output ? JSON.stringify(answer.output.schema) : '';
  const values: Record<string, string> = {
    styleGuide: answer.styleGuide ?? '',
    schema,
    format: schema && `Reply with one JSON object that fits this JSON Schema: ${schema}`,
    notInSources: answer.notInSources,
  };
  return template
    .replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
    .replace(/[ \t]+\n/g, '\n')
    .trim();
}

/** The prompt variants an untuned arm may choose from; always at least one. */
export function promptVariants(arm: 'base' | 'rag', answer: Settings['answer']): PromptVariant[] {
  const variants = answer.prompts[arm];
  if (variants && variants.length > 0) return variants;
  // The example is a sentence, and would teach a project that asks for JSON to write one.
  return [answer.output ? { ...defaultPrompts[arm], examples: [] } : defaultPrompts[arm]];
}

/** The whole conversation that an arm is given. `passages` undefined for the arms that do not retrieve. */
export function buildMessages(options: {
  /** `head` asks no model. */
  arm: Exclude<ArmName, 'head'>;
  answer: Settings['answer'];
  question: string;
  passages?: readonly PassageText[];
  searchedFor?: SearchedFor;
  /** For base and rag; default the first of the project's. */
  variant?: PromptVariant;
}): ChatMessage[] {
  const { arm, answer, question, passages, searchedFor } = options;
  const turn = (told: SearchedFor | undefined): ChatMessage => ({
    role: 'user',
    content: userMessage(question, passages, told),
  });
  // Unknown names are in no training example: a tuned model is asked as it was taught.
  if (arm === 'tuned' || arm === 'hybrid')
    return [{ role: 'system', content: answer.tunedSystem }, turn({ ...searchedFor, missing: [] })];
  const variant = options.variant ?? promptVariants(arm, answer)[0]!;
  return [
    { role: 'system', content: fillSystemPrompt(variant.system, answer) },
    ...variant.examples.flatMap((example): ChatMessage[] => [
      { role: 'user', content: example.user },
      { role: 'assistant', content: example.assistant },
    ]),
    turn(searchedFor),
  ];
}

/** The conversation in which the tuned model turns a question into a search query. */
export function buildRewriteMessages(question: string, answer: Settings['answer']): ChatMessage[] {
  return [
    { role: 'system', content: answer.rewriteSystem },
    { role: 'user', content: question },
  ];
}
