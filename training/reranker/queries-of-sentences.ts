/** What a passage's own sentences answer, by the plain forms of English. */
import { functionWords } from '../../packages/tandem/src/text/function-words.ts';

/** A question that the sentence answers, where it has one of a few forms. */
export function questionOf(sentence: string, random: () => number): string | undefined {
  const plain = sentence
    .replace(/[`*_]/g, '')
    .replace(/\s+/g, ' ')
    .replace(/[.:;]$/, '')
    .trim();
  const forms = [
    // "To enable compression, set …": what is to be done follows.
    (): string | undefined => {
      const [, , act] = /^(In order to|To) ((?!be\b)[a-z]+ [^,]{6,80}), /.exec(plain) ?? [];
      return act && pick([`How do I ${act}?`, `how to ${act}`, `How can I ${act}?`], random);
    },
    // "If the file is missing, the server …".
    () => {
      const [, , condition] = /^(If|When) ([^,]{12,90}), /.exec(plain) ?? [];
      return condition && pick([`What happens if ${condition}?`, `what if ${condition}`], random);
    },
    // "A replica is a copy …": what a thing is.
    () => {
      const [, name] =
        /^((?:(?:An?|The) )?[\p{L}\p{N}_.-]+(?: [\p{L}\p{N}_.-]+){0,3}) (?:is|are) (?:an?|the) /u.exec(
          plain,
        ) ?? [];
      if (!name || !isNamed(name)) return undefined;
      return pick(
        [`What is ${lowerArticle(name)}?`, `what is ${name.replace(/^(?:an?|the) /i, '')}`],
        random,
      );
    },
    // "… because it was closed": the reason.
    () => {
      const [, fact] = /^(.{20,90}?),? because /.exec(plain) ?? [];
      return fact && isNamed(fact) ? `Why ${lowerArticle(fact)}?` : undefined;
    },
    // "Clients must send a token": whether it is so.
    () => {
      const [, subject, modal, act] =
        /^((?:[\p{L}\p{N}_.-]+ ){1,4}?)(must|can|should|may|will) ((?!not\b)[a-z]+ [^,;]{8,70})/u.exec(
          plain,
        ) ?? [];
      if (!subject || !isNamed(subject)) return undefined;
      return `${modal![0]!.toUpperCase()}${modal!.slice(1)} ${lowerArticle(subject).trim()} ${act}?`;
    },
    // "… at most 64 characters": how many.
    () => {
      const [, before, , unit, after] =
        /^(.{10,80}?) (\d[\d.,]*|one|two|three|four|five|six|ten) ([a-z]{4,}s)\b(.{0,40})/.exec(plain) ?? [];
      if (!before) return undefined;
      return `How many ${unit} ${contentWords(`${before} ${after ?? ''}`)
        .slice(0, 7)
        .join(' ')}?`;
    },
  ];
  const start = Math.floor(random() * forms.length);
  for (let at = 0; at < forms.length; at++) {
    const question = forms[(start + at) % forms.length]!();
    if (question) return question;
  }
  return undefined;
}

/** Words that a person would type who remembers the sentence vaguely, in their order. */
export function keywordsOf(sentence: string, random: () => number): string | undefined {
  const words = contentWords(sentence);
  if (words.length < 5) return undefined;
  const length = 3 + Math.floor(random() * 4);
  const start = Math.floor(random() * Math.max(1, words.length - length));
  return words
    .slice(start, start + length)
    .join(' ')
    .toLowerCase();
}

function contentWords(text: string): string[] {
  return (text.match(/[\p{L}\p{N}][\p{L}\p{N}_.-]*[\p{L}\p{N}]/gu) ?? []).filter(
    (word) => !known.has(word.toLowerCase()),
  );
}

const known: ReadonlySet<string> = new Set(functionWords);

/** Whether a sentence begins with what it is about: not with a pronoun, a conjunction or an adverb. */
const isNamed = (text: string) => {
  const [first = '', second = ''] = text.trim().split(' ');
  if (/^(?:an?|the|each|every)$/i.test(first)) return second !== '' && !known.has(second.toLowerCase());
  return !known.has(first.toLowerCase()) && !/ly,?$|,$/.test(first);
};

const lowerArticle = (text: string) =>
  text.replace(/^(?:An?|The|Each|Every|Any|All|Some) /, (word) => word.toLowerCase());

function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)]!;
}
