import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { type Advice, advise, type NextStep } from '../evaluate/advise/advise.ts';
import { type Situation, situationQuestions, situationSchema } from '../evaluate/advise/situation.ts';

/** Flags by what they say. What no flag says is asked on a terminal, and open elsewhere. */
export function addAdvise(program: Command, signal: AbortSignal): void {
  program
    .command('advise')
    .description('What to begin with, before there is data: rag, training, both or neither, and why.')
    .option('--changes <how often>', 'facts change daily, weekly, monthly or rarely')
    .option('--attribution <yes|no>', 'answers must name their source')
    .option('--words <n>', 'words of all documents')
    .option('--form <form>', 'answers are free, structured, or one of choices')
    .option('--seconds <n>', 'an answer may take at most')
    .option('--jargon <yes|no>', 'people use words that are in no dictionary')
    .option('--examples <n>', 'questions with right answers')
    .option('--stays <yes|no>', 'documents and questions stay in the building')
    .action(async (flags: Record<string, string>, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>();
      const given = Object.entries(flags).filter(([name]) => name in situationSchema.shape);
      const asks = !json && process.stdin.isTTY && process.stdout.isTTY && given.length === 0;
      const situation = asks ? await interview(signal) : situationOf(Object.fromEntries(given));
      const advice = advise(situation);
      console.log(json ? JSON.stringify({ situation, ...advice }, null, 2) : describeAdvice(advice));
    });
}

async function interview(signal: AbortSignal): Promise<Situation> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const said: Record<string, string> = {};
  try {
    console.log('Eight questions; an empty line leaves one open.\n');
    for (const { name, ask, reply } of situationQuestions) {
      for (;;) {
        const answer = (await terminal.question(`${ask}\n  ${reply}: `, { signal })).trim();
        if (answer === '') break;
        try {
          situationOf({ [name]: answer });
          said[name] = answer;
          break;
        } catch (error) {
          if (!InvalidInputError.isInstance(error)) throw error;
          console.log(`  ${error.message}`);
        }
      }
    }
  } finally {
    terminal.close();
  }
  console.log('');
  return situationOf(said);
}

/** @throws InvalidInputError for what is none of the answers. */
function situationOf(said: Readonly<Record<string, string>>): Situation {
  const values = Object.entries(said).map(([name, text]) => [name, readReply(text)]);
  const parsed = situationSchema.safeParse(Object.fromEntries(values));
  if (parsed.success) return parsed.data;
  const [name] = parsed.error.issues[0]!.path as [keyof Situation];
  const { reply } = situationQuestions.find((question) => question.name === name)!;
  throw new InvalidInputError({
    domain: 'cli',
    where: `--${name}`,
    message: `"${said[name]}" is no answer: say ${reply}.`,
    hint: `Give --${name} ${reply}, or leave it out.`,
  });
}

function readReply(text: string): string | number | boolean {
  if (/^(yes|y)$/i.test(text)) return true;
  if (/^(no|n)$/i.test(text)) return false;
  return /^\d[\d,]*(\.\d+)?$/.test(text) ? Number(text.replaceAll(',', '')) : text.toLowerCase();
}

const beginnings: Record<Advice['begin'], string> = {
  prompt: 'Begin with the model as it comes, and a good prompt.',
  rag: 'Begin with rag: look things up, and cite them.',
  tuned: 'Begin with fine-tuning, without a search.',
  hybrid: 'Begin with rag, and try hybrid (a tuned model with passages) against it.',
  head: 'Begin with a head: a classifier on the embedder, not a language model.',
};

const commands: Record<NextStep, string> = {
  ingest: 'tandem init --docs FOLDER && tandem ingest',
  'evaluate retrieval': 'tandem eval retrieval --cases questions.jsonl',
  compare: 'tandem compare',
  'compare untrained': 'tandem compare --arms base,rag --qa questions.jsonl',
  'train head': 'tandem tune --head && tandem compare --arms base,head',
  train: 'tandem tune --estimate && tandem tune',
};

function describeAdvice({ begin, reasons, wouldChange, next }: Advice): string {
  return [
    beginnings[begin],
    'These are rules of thumb; what `tandem compare` measures on your own questions overrules them.',
    ...(reasons.length > 0 ? ['', 'Why', ...reasons.map(({ text }) => `  - ${text}`)] : []),
    ...(wouldChange.length > 0
      ? ['', 'What would change it', ...wouldChange.map(({ text }) => `  - ${text}`)]
      : []),
    '',
    'What to do next',
    ...next.flatMap(({ text, step }) => [`  - ${text}`, `      ${commands[step]}`]),
  ].join('\n');
}
