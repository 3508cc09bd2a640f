/**
 * Questions as people might write them, made by rules from MedQuAD's *train* questions: a story around the question, lay words
 * for what is asked, words left out, keyboard and phonetic misspellings, several sentences. SYNTHETIC: no person wrote them and
 * no model did; they are only something to choose settings on. Wordings are in two halves, so that what is chosen with one
 * half can be checked with the other.
 *
 *     node bench/retrieve/own-words.ts [--data DIR] [--half 0|1] [--questions 20]    prints some of them
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { MedquadQuestion } from './questions.ts';

/** What is asked, by question type; each pair of lists is the two halves. `{}` is the name, and is left out where the story has it. */
const asked: Record<string, readonly [readonly string[], readonly string[]]> = {
  information: [
    [
      'what even is {}?',
      'can somebody explain in plain words what this is',
      'I have no idea what {} means',
      'what kind of illness is {}',
    ],
    [
      'what is that exactly',
      'could you tell me a bit about {}',
      'never heard of it before, what is it',
      "I just want to understand what's going on with {}",
    ],
  ],
  symptoms: [
    [
      'how would I notice it?',
      'what does {} do to you',
      'what should we be looking out for',
      'what will it feel like',
    ],
    [
      'what are the warning signs',
      'how does {} show up in somebody',
      'what kind of problems will he have day to day from {}',
      'is being tired and achy part of it or what else happens',
    ],
  ],
  treatment: [
    [
      'is there anything the doctors can do about {}',
      'what can they give you for {}?',
      'can it be cured or fixed',
      'does it need an operation or pills',
    ],
    [
      'how do you get rid of {}',
      'what medicine helps',
      'what are my options to get better',
      'do they have a cure for {} yet',
    ],
  ],
  inheritance: [
    [
      'will my kids get it from me',
      'does {} run in the family?',
      'could I have passed it down to my baby',
      'is {} something you are born with from your parents',
    ],
    [
      'what are the chances my children get {} too',
      'can it skip a generation',
      'did she get it from her mum or her dad',
      'is it passed on through the family',
    ],
  ],
  frequency: [
    ['how rare is it?', 'are there many other people with {}', 'how many folks have this', 'is {} common'],
    [
      'are we the only ones with {}',
      'how often does this happen',
      'one in how many people get {}',
      'do lots of people have it',
    ],
  ],
  'genetic changes': [
    [
      'which gene is broken in {}?',
      'what went wrong in the dna',
      'what mutation is behind {}',
      'which chromosome does it come from',
    ],
    [
      'what gene does {} come from',
      'is there a faulty gene and which one',
      'what is different in the genes of people with {}',
      'they want to do a gene test, what gene is it',
    ],
  ],
  causes: [
    ['why did this happen', 'where does {} come from?', 'what did I do to get {}', 'what brings {} on'],
    [
      'what makes someone get {}',
      'how do you end up with it',
      'what is the reason people get this',
      'what triggers {}',
    ],
  ],
  'exams and tests': [
    [
      'how will they find out if it is {}?',
      'what tests do they do for {}',
      'is there a blood test or scan for it',
      'how can the doctor be sure',
    ],
    [
      'how do they check for {}',
      'what will they do at the hospital to see if I have {}',
      'how is it confirmed',
      'which exam shows it',
    ],
  ],
  research: [
    [
      'are they working on anything new for {}?',
      'is anyone studying {}',
      'can we join a trial',
      'what are scientists doing about it',
    ],
    [
      'is there a study he could take part in for {}',
      'are new drugs being tested for {}',
      'what is being researched',
      'any progress from the labs',
    ],
  ],
  outlook: [
    [
      'how long does somebody live with {}?',
      'will he be ok in the long run',
      'is {} deadly',
      'what are the odds of getting better',
    ],
    [
      'can you die from {}',
      'what is going to happen to her over the years',
      'what are my chances with {}',
      'does it get worse as time goes on',
    ],
  ],
  susceptibility: [
    [
      'who gets {} mostly?',
      'am I more likely to get {}',
      'what makes the risk higher',
      'is it an old people thing',
    ],
    [
      'what kind of people come down with {}',
      'should I be worried about getting it too',
      'am I in danger of {} because of my age',
      'who has to watch out for it',
    ],
  ],
  considerations: [
    [
      'what should I eat with {}?',
      'what do I have to change in my life with {}',
      'is there food to stay away from',
      'how should I take care of myself',
    ],
    [
      'which foods are bad for {}',
      'what is a good diet for this',
      'what do I need to keep in mind with {}',
      'any tips for living with it',
    ],
  ],
  prevention: [
    [
      'how do I make sure I dont get {}?',
      'can you stop {} from happening',
      'how do I keep my family safe from it',
      'is there a vaccine or something against it',
    ],
    [
      'what can we do so nobody catches {}',
      'how can I avoid {}',
      'what lowers my chances of getting it',
      'how do you protect yourself',
    ],
  ],
  stages: [
    [
      'they said a number, how far along can {} be',
      'what do the levels of {} mean',
      'how bad can it get step by step',
    ],
    ['how do they say how far {} has spread', 'what is stage two supposed to mean', 'how advanced is it'],
  ],
  complications: [
    [
      'what else can go wrong with {}?',
      'can {} do damage to other things in the body',
      'what happens if we leave it',
    ],
    [
      'what other trouble does {} lead to',
      'does it harm anything else later',
      'could it get dangerous and how',
    ],
  ],
};

/** `{}` is the name: about half of the stories have it, so that the question may only say "it". */
const stories: readonly [readonly string[], readonly string[]] = [
  [
    'hi everyone, my mom just came back from the specialist and they said she has {}.',
    'So my 6 year old nephew was diagnosed with {} last week and the whole family is scared.',
    "I'm 54 and a truck driver, not much time for doctors, and now they tell me I have {}.",
    'my sister in law has {} and nobody explains anything to us.',
    'Doctor mentioned {} yesterday but I was too upset to listen',
    'we are expecting our second baby and {} was mentioned at the checkup, my husband cant sleep since.',
    'a friend of mine from work told me about her son, he has {}, poor kid.',
    'My grandma used to have {} I think, at least thats what my aunt says.',
    'hello, I saw something on tv about {}',
    'They wrote {} on the paper I got from the clinic and I cant read the rest.',
  ],
  [
    'Good evening. I have been reading all night because of my daughter, she is 9, and the clinic thinks it is {}.',
    'hey, long story short my dad collapsed at work and after two weeks in hospital the word they use is {}.',
    'my neighbor keeps talking about her {} and I want to be able to help her a bit.',
    'I was told on the phone that my results point to {}, the nurse was in a hurry.',
    'Its about my brother, 32, no kids, otherwise healthy, and now this: {}.',
    'I have to write something for school about {} and I do not know where to begin',
    'My wife and I adopted a little boy and in his papers it says {}.',
    'after months of going from one doctor to the next somebody finally said {}.',
    'in our village there is a girl with {}, people say all kinds of things about her',
    'my doctor is on holiday and I found {} in my file.',
  ],
];

const fillers: readonly [readonly string[], readonly string[]] = [
  [
    'sorry for my english.',
    'I dont know who else to ask',
    'He also sleeps badly and his back hurts but that may be from work.',
    'The appointment is only in three weeks.',
    'we live far out in the country and the next hospital is two hours away.',
    'She is taking pills for her blood pressure since years.',
    'google only made me more afraid.',
    'My husband broke his ankle on the ice in january, so he cant help.',
    'The nurse did an ultrasound and a blood test and looked worried.',
    'I work nights in a bakery, so much noise and stress.',
    'He is 16 and plays football, healthy as a horse.',
    'our baby is 9 months and teething',
    'I stopped smoking last year and drink a lot of coffee.',
    'we had the flu at home in the same week.',
    'She fell down the stairs in march, but her head is fine.',
  ],
  [
    'thank you so much in advance',
    'My insurance is a pain about everything so I want to be prepared.',
    'I have a bit of fever and headaches since sunday too.',
    'Everyone in the family has a different opinion.',
    'please keep it simple, I never finished school.',
    'she smokes and drinks a lot of coffee if that matters.',
    'I cried all day.',
    'I am 28 weeks pregnant and tired.',
    'there was a fire in our street so the phone was dead.',
    'My boy is 7, likes milk and runs around all day.',
    'the operation on my knee was in 2015, since then nothing.',
    'his father had a heart attack at 61.',
    'We have two dogs and a cat and I have an allergy.',
    'she had chickenpox as a child and her teeth were bad.',
    'they took his temperature and gave him oxygen.',
  ],
];

/** A repeatable stream of numbers in [0, 1) from a text (FNV-1a, then xorshift). */
function randomFrom(text: string): () => number {
  let state =
    [...text].reduce((hash, letter) => Math.imul(hash ^ letter.codePointAt(0)!, 16777619), 0x811c9dc5) | 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  // Texts that differ little begin alike.
  for (let round = 0; round < 12; round++) next();
  return next;
}

const keyboard = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm'];
const phonetic: readonly (readonly [RegExp, string])[] = [
  [/ph/, 'f'],
  [/y/, 'i'],
  [/ae/, 'e'],
  [/oe/, 'e'],
  [/rrh/, 'r'],
  [/rh/, 'r'],
  [/c(?=[eiy])/, 's'],
  [/c(?=[aou])/, 'k'],
  [/x/, 'ks'],
  [/([bdfglmnprst])\1/, '$1'],
  [/th/, 't'],
  [/ei/, 'ie'],
  [/ou/, 'u'],
  [/ia/, 'ea'],
  [/psy/, 'sy'],
  [/ch(?=[lr])/, 'k'],
];

/** One edit as a hurried hand (a neighbouring key, a letter left out, doubled or swapped) or an ear (`ph` → `f`) makes it. */
function misspelt(word: string, random: () => number): string {
  if (word.length < 4 || !/^[a-z]+$/i.test(word)) return word;
  if (random() < 0.5) {
    const fitting = phonetic.filter(([pattern]) => pattern.test(word));
    if (fitting.length > 0) {
      const [pattern, by] = fitting[Math.floor(random() * fitting.length)]!;
      return word.replace(pattern, by);
    }
  }
  const at = 1 + Math.floor(random() * (word.length - 2));
  const kind = random();
  if (kind < 0.3) return word.slice(0, at) + word.slice(at + 1);
  if (kind < 0.5) return word.slice(0, at) + word[at + 1]! + word[at]! + word.slice(at + 2);
  if (kind < 0.7) return word.slice(0, at) + word[at]! + word.slice(at);
  const row = keyboard.find((keys) => keys.includes(word[at]!.toLowerCase()))!;
  const column = row.indexOf(word[at]!.toLowerCase());
  return word.slice(0, at) + (row[column + 1] ?? row[column - 1]!) + word.slice(at + 1);
}

/** "Gout is a kind of arthritis that causes sudden pain" → "a kind of arthritis that causes sudden pain". */
function describedBy(opening: string): string | undefined {
  const said = /\b(?:is|are) (an? [^.;:()]{30,}|(?:kinds?|types?|groups?) [^.;:()]{30,})/.exec(
    opening.slice(0, 600),
  )?.[1];
  return said?.split(/\s+/).slice(0, 14).join(' ').toLowerCase();
}

/** Undefined where the question's type or name cannot be put so (no name, a type asked once in all of the corpus). */
export function inOwnWords(
  question: MedquadQuestion,
  aliases: readonly string[],
  half: 0 | 1,
  /** How the document begins: now and then a piece of that is all that is remembered, and no name. */
  opening = '',
): string | undefined {
  const random = randomFrom(`${question.qid}/${question.doc}/${half}`);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const wordings = asked[question.qtype]?.[half];
  if (!wordings || !question.question.includes(question.focus) || question.focus.length < 4) return undefined;
  const others = aliases.filter(
    (name) =>
      name.length > 4 &&
      name.length < 60 &&
      !/[A-Z].*[A-Z0-9]/.test(name.replace(/\b[A-Z]/g, (letter) => letter.toLowerCase())) &&
      !name.includes(','),
  );
  let name = (random() < 0.25 && others.length > 0 ? pick(others) : question.focus).replace(
    /\s*\([^)]*\)/g,
    '',
  );
  if (random() < 0.7) name = name.toLowerCase();
  const described = random() < 0.2 ? describedBy(opening) : undefined;
  if (described !== undefined) name = described;
  // People leave out words of long names.
  const words = name.split(' ');
  if (!described && words.length > 2 && random() < 0.2) words.splice(words.length - 1, 1);
  // Two of three times the name is misspelt: an edit in one of its words, sometimes in two.
  for (let edits = described ? 0 : pick([0, 1, 2]); edits > 0; edits--) {
    const at = Math.floor(random() * words.length);
    words[at] = misspelt(words[at]!, random);
  }
  name = words.join(' ');
  const wording = pick(wordings);
  const withStory = random() < 0.8 || !wording.includes('{}');
  const sentences: string[] = [];
  if (withStory) sentences.push(pick(stories[half]).replace('{}', name));
  if (random() < 0.4) sentences.push(pick(fillers[half]));
  sentences.push(
    withStory ? wording.replace('{}', random() < 0.6 ? 'it' : 'this') : wording.replace('{}', name),
  );
  if (random() < 0.3) sentences.push(pick(fillers[half]));
  const text = sentences.join(random() < 0.3 ? ' ... ' : ' ');
  // Now and then another word is misspelt or left out; the name's are done.
  const careless = random() < 0.5 ? 0.06 : 0;
  const kept = new Set(words);
  return text
    .split(' ')
    .map((word) => (!kept.has(word) && random() < careless ? misspelt(word, random) : word))
    .filter((word) => kept.has(word) || !/^(?:the|a|is|to)$/.test(word) || random() >= careless)
    .join(' ');
}

if (import.meta.main) {
  const { values: flags } = parseArgs({
    options: {
      data: {
        type: 'string',
        default: join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'medquad'),
      },
      half: { type: 'string', default: '0' },
      questions: { type: 'string', default: '20' },
    },
  });
  const all = readFileSync(join(flags.data, 'questions.train.jsonl'), 'utf8').trim().split('\n');
  const stride = Math.ceil(all.length / Number(flags.questions));
  for (let at = 0; at < all.length; at += stride) {
    const question = JSON.parse(all[at]!) as MedquadQuestion;
    console.log(`${question.doc} ${question.qtype}: ${inOwnWords(question, [], flags.half === '1' ? 1 : 0)}`);
  }
}
