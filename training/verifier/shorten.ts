/** Shorter forms of a sentence: those that it bears out, and those that it does not, because a condition is gone. */
import { splitClaims } from '../../packages/tandem/src/verify/split-claims.ts';

/** What a sentence says too, with less of it: each without one part. The sentence does not follow from any of them. */
export function shortenings(sentence: string): string[] {
  const forms = [
    // What stands in brackets, between dashes or commas is said beside the rest.
    sentence.replace(/ \([^()]{6,120}\)/, ''),
    sentence.replace(/,? (?:—|–|--) [^—–]{6,120}(?=\.$)/, ''),
    sentence.replace(/, (?:which|who|whose|where) [^,]{8,120},(?= [a-z])/, ''),
    sentence.replace(
      /, (?:which|who|whose|where|such as|including|for example|for instance|e\.g\.) [^,]{8,160}(?=\.$)/,
      '',
    ),
    // Reason and purpose.
    sentence.replace(
      /,? (?:because|so that|in order to|since it|although|even though) [^,]{10,140}(?=\.$)/,
      '',
    ),
    // One of a list of words.
    sentence.replace(/(?<= )([\p{L}-]+), ([\p{L}-]+),? and (?=[\p{L}-]+(?: |\.$))/u, '$1 and '),
    // What follows from it, and how.
    sentence.replace(
      /,? (?:\w+ly )?(?:causing|making|allowing|leading|resulting|giving|leaving|becoming|using|including) [^,]{8,120}(?=\.$)/,
      '',
    ),
    ...clauses(sentence),
    ...(isPlain(sentence) ? [withoutLastPhrase(sentence), withoutSecondHalf(sentence)] : []),
  ];
  return [...new Set(forms)]
    .map((form) => capitalised(form.trim()))
    .filter((form) => form !== sentence && form.split(' ').length >= 5 && isClosed(form));
}

/** Whether each bracket that opens is closed: none was cut through. */
const isClosed = (text: string) => text.split('(').length === text.split(')').length;

/** Where less is said of fewer, more is said: of what is denied, of all and of what is demanded nothing is cut off. */
const isPlain = (sentence: string) =>
  !/\b(?:not|no|never|none|without|nor|only|all|every|each|any|must|few|less|unless|if|cannot|rarely)\b|n['’]t\b/i.test(
    sentence,
  ) && !/^(?:To|When|For|In|On|While|After|Before|Since|As|By|With|From|At)\b/.test(sentence);

/** Without where, when, how or for what, at its end. */
function withoutLastPhrase(sentence: string): string {
  return sentence.replace(
    / (?:in|on|with|by|from|at|via|during|under|within|for|after|before|through|since)(?: (?!(?:in|on|with|by|from|at|via|during|under|within|for|after|before|through|since) )[^ ,]+){2,9}(?=\.$)/,
    '',
  );
}

/** Without the second of two things, at its end. */
function withoutSecondHalf(sentence: string): string {
  return /\b(?:between|both|either|combination|same)\b/.test(sentence)
    ? sentence
    : sentence.replace(/(?<=(?: \S+){6}),? and(?: (?!and )[^ ,]+){1,9}(?=\.$)/, '');
}

/** Main clauses as sentences; not those that begin with what another says. */
function clauses(sentence: string): string[] {
  const parts = splitClaims(sentence);
  if (parts.length < 2) return [];
  return parts
    .filter(
      (part, at) => at === 0 || !/^(?:it|its|they|their|he|she|his|her|this|that|these|those)\b/i.test(part),
    )
    .map((part) => `${capitalised(part).replace(/[.;,]$/, '')}.`);
}

/** The sentence without its condition, which it does not bear out; undefined where it has none. */
export function withoutCondition(sentence: string): string | undefined {
  const [, after] =
    /^(?:If|When|Unless|Only if|In case) [^,]{8,100}, (?:then )?(.{20,})$/.exec(sentence) ?? [];
  if (after !== undefined) return capitalised(after);
  const [, before] =
    /^(.{25,}?),? (?:if|unless|only if|only when|provided that) [^,]{8,100}\.$/.exec(sentence) ?? [];
  return before === undefined ? undefined : `${before}.`;
}

const capitalised = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
