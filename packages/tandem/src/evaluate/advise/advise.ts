import type { Situation } from './situation.ts';

/** What to begin with. `prompt`: the model as it comes, told what to do; `head`: a classifier on the embedder. */
export type Approach = 'prompt' | 'rag' | 'tuned' | 'hybrid' | 'head';

/** What is done next, by the verbs that do it. */
export type NextStep =
  | 'ingest'
  | 'evaluate retrieval'
  | 'compare'
  | 'compare untrained'
  | 'train head'
  | 'train';

/** What to begin with, why, and how to find out whether it is so. */
export interface Advice {
  begin: Approach;
  /** Of each thing that is known: what it speaks for or against. */
  reasons: { about: keyof Situation; text: string }[];
  /** Of each thing that is not known, or could turn out otherwise: what it would change. */
  wouldChange: { about: keyof Situation; text: string }[];
  /** What to do and to measure next. */
  next: { text: string; step: NextStep }[];
}

/** An adapter learns a form from some hundreds of examples; of fewer it learns little. */
const enoughExamples = 200;
const fewestExamples = 50;
/** A classifier on an embedder's vectors needs some dozens of examples in all, and gets better with hundreds. */
const enoughForHead = 60;
/** What fits beside a question into the prompt of a small model, whole. */
const fitsIntoPrompt = 1500;
/** Reading four passages of 250 tokens takes about so long on two cores, for a model of half a billion parameters. */
const readingPassages = 6;

/**
 * What to begin with, before there is data to measure: rules of thumb, each with its reason. What is measured on one's own questions
 * (`compare`) overrules all of it.
 *
 * @example
 * const { begin, reasons } = advise({ changes: 'weekly', attribution: true, form: 'free' }); // rag
 */
export function advise(situation: Situation): Advice {
  const needs = needsOf(situation);
  const begin = choose(situation, needs);
  return {
    begin,
    reasons: reasonsOf(situation),
    wouldChange: wouldChangeOf(situation, begin),
    next: nextOf(situation, begin),
  };
}

interface Needs {
  /** Facts must be looked up. */
  lookUp: boolean;
  /** There is something that examples teach and a prompt does not. */
  learn: boolean;
  /** There are examples enough to try. */
  canLearn: boolean;
}

function needsOf({ changes, attribution, words, form, seconds, jargon, examples }: Situation): Needs {
  const isMuch = words !== undefined && words > fitsIntoPrompt;
  const isHasty = seconds !== undefined && seconds < readingPassages;
  return {
    lookUp: attribution === true || (changes !== undefined && changes !== 'rarely') || isMuch,
    learn: form === 'structured' || jargon === true || isHasty,
    canLearn: (examples ?? 0) >= fewestExamples,
  };
}

function choose(
  { form, examples = 0, attribution }: Situation,
  { lookUp, learn, canLearn }: Needs,
): Approach {
  if (form === 'choices' && attribution !== true) return examples >= enoughForHead ? 'head' : 'prompt';
  if (lookUp) return learn && canLearn ? 'hybrid' : 'rag';
  return learn && canLearn ? 'tuned' : 'prompt';
}

function reasonsOf(situation: Situation): Advice['reasons'] {
  const { changes, attribution, words, form, seconds, jargon, examples, stays } = situation;
  const reasons: Advice['reasons'] = [];
  const say = (about: keyof Situation, text: string) => reasons.push({ about, text });
  if (changes === 'rarely')
    say('changes', 'The facts rarely change: nothing speaks against learning them but their amount.');
  else if (changes !== undefined)
    say(
      'changes',
      `The facts change ${changes}: what a model has learnt is old at the next change, and says so with the same certainty. Look them up.`,
    );
  if (attribution)
    say(
      'attribution',
      'Answers must name their source: only what was looked up has one; a trained model makes one up.',
    );
  if (words !== undefined)
    say(
      'words',
      words > fitsIntoPrompt
        ? `${words.toLocaleString('en')} words are too many to be learnt by heart from examples: an adapter learns how to answer, not the documents. Look them up.`
        : `${words.toLocaleString('en')} words fit into every prompt: nothing need be searched or learnt.`,
    );
  if (form === 'structured')
    say(
      'form',
      'A rigid form: a schema holds the JSON to it at no cost; what a schema cannot say (a house style, which field means what) examples teach best.',
    );
  if (form === 'choices')
    say(
      'form',
      'One of fixed choices: a classifier on the embedder is trained in seconds, answers in milliseconds, and is often as good as a tuned model.',
    );
  if (form === 'free') say('form', 'Free text: a prompt usually gives the form.');
  if (seconds !== undefined)
    say(
      'seconds',
      seconds < readingPassages
        ? `${seconds} s are less than a small model on two cores takes to read four passages (about ${readingPassages} s): fewer or shorter passages, a tuned model that needs no long prompt, or a faster machine.`
        : `${seconds} s are enough to read passages and answer.`,
    );
  if (jargon)
    say(
      'jargon',
      'Words of your own: search does not find what is called otherwise in the documents. A glossary spells them out at no cost; a tuned model or a search that has learnt from your questions goes further.',
    );
  if (examples !== undefined)
    say(
      'examples',
      examples >= enoughExamples
        ? `${examples} examples are enough to train on, and to keep some apart for measuring.`
        : examples >= fewestExamples
          ? `${examples} examples are few: an adapter learns the form, and little else. Keep a third apart for measuring.`
          : `${examples} examples are too few to train on; use them to measure.`,
    );
  if (stays)
    say(
      'stays',
      'Nothing may leave the building: models on your own machines, which Tandem does by default.',
    );
  return reasons;
}

function wouldChangeOf(situation: Situation, begin: Approach): Advice['wouldChange'] {
  const { changes, attribution, words, form, jargon, examples } = situation;
  const would: Advice['wouldChange'] = [];
  const say = (about: keyof Situation, text: string) => would.push({ about, text });
  const looksUp = begin === 'rag' || begin === 'hybrid';
  if (!looksUp && attribution === undefined)
    say('attribution', 'If answers must name their source, look things up (rag).');
  if (!looksUp && changes === undefined)
    say('changes', 'If the facts change more than rarely, look them up (rag).');
  if (!looksUp && words === undefined)
    say(
      'words',
      `If the documents have more than ${fitsIntoPrompt.toLocaleString('en')} words, look them up (rag).`,
    );
  if (form === undefined)
    say(
      'form',
      'If an answer is one of fixed choices, a classifier on the embedder may do; if it is structured, examples may pay.',
    );
  if (jargon === undefined) say('jargon', 'If people use words of their own, try a glossary, then training.');
  const learns = begin === 'tuned' || begin === 'hybrid' || begin === 'head';
  if (!learns && (examples ?? 0) < fewestExamples)
    say(
      'examples',
      `With ${enoughExamples} examples (${enoughForHead} for fixed choices) training can be tried, and measured against this.`,
    );
  if (learns)
    say(
      'examples',
      'If the same arm without training does as well on your held-out questions, take that: it is one thing less to keep.',
    );
  return would;
}

function nextOf({ form, jargon, examples = 0 }: Situation, begin: Approach): Advice['next'] {
  const next: Advice['next'] = [];
  const ask = (text: string, step: NextStep) => next.push({ text, step });
  const looksUp = begin === 'rag' || begin === 'hybrid';
  if (looksUp) {
    ask('Index the documents.', 'ingest');
    ask('Is the right passage found? Nothing later makes up for one that is not.', 'evaluate retrieval');
  }
  if (jargon && looksUp)
    ask(
      'Does a glossary already do it? Set dataset.glossary; the row rag + glossary says.',
      'compare untrained',
    );
  if (begin === 'head' || form === 'choices')
    ask('Train the classifier, and set it beside the model.', 'train head');
  if (begin === 'tuned' || begin === 'hybrid') ask('See what training would take, then train.', 'train');
  ask(
    examples < fewestExamples
      ? 'Write 30 to 50 questions with right answers: fewer decide nothing.'
      : 'Put held-out questions to every arm.',
    begin === 'rag' || begin === 'prompt' ? 'compare untrained' : 'compare',
  );
  return next;
}
