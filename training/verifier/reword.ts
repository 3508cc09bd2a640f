/** The same in other words, by plain forms of English: it is what a sentence's reader might write, as far as rules can. */

/** Either may stand for the other nearly everywhere. */
const alike: readonly (readonly [string, string])[] = [
  ['in order to', 'to'],
  ['for example', 'for instance'],
  ['is able to', 'can'],
  ['are able to', 'can'],
  ['must', 'has to'],
  ['needs to', 'has to'],
  ['do not', "don't"],
  ['does not', "doesn't"],
  ['is not', "isn't"],
  ['are not', "aren't"],
  ['cannot', "can't"],
  ['will not', "won't"],
  ['it is', "it's"],
  ['such as', 'like'],
  ['a number of', 'several'],
  ['in addition', 'also'],
  ['as well as', 'and'],
  ['about', 'approximately'],
  ['usually', 'normally'],
  ['currently', 'at present'],
  ['automatically', 'on its own'],
  ['begins', 'starts'],
  ['begin', 'start'],
  ['began', 'started'],
  ['ends', 'finishes'],
  ['creates', 'makes'],
  ['create', 'make'],
  ['created', 'made'],
  ['removes', 'deletes'],
  ['remove', 'delete'],
  ['removed', 'deleted'],
  ['shows', 'displays'],
  ['show', 'display'],
  ['shown', 'displayed'],
  ['uses', 'makes use of'],
  ['used', 'employed'],
  ['contains', 'includes'],
  ['contain', 'include'],
  ['gives', 'provides'],
  ['obtain', 'get'],
  ['obtained', 'got'],
  ['allows you to', 'lets you'],
  ['large', 'big'],
  ['quickly', 'fast'],
  ['additional', 'further'],
  ['multiple', 'several'],
  ['each', 'every'],
  ['within', 'inside'],
  ['specify', 'state'],
  ['specified', 'stated'],
  ['specifies', 'states'],
  ['modify', 'change'],
  ['modified', 'changed'],
  ['receive', 'get'],
  ['receives', 'gets'],
  ['perform', 'carry out'],
  ['performed', 'carried out'],
  ['performs', 'carries out'],
  ['requires', 'needs'],
  ['called', 'named'],
  ['choose', 'select'],
  ['chosen', 'selected'],
  ['wish', 'want'],
  ['therefore', 'so'],
  ['whole', 'entire'],
  ['said', 'stated'],
  ['announced', 'made known'],
  ['purchase', 'buy'],
  ['purchased', 'bought'],
  ['assist', 'help'],
  ['attempt', 'try'],
  ['attempts', 'tries'],
  ['occurs', 'happens'],
  ['occur', 'happen'],
  ['occurred', 'happened'],
  ['two', '2'],
  ['three', '3'],
  ['four', '4'],
  ['five', '5'],
  ['six', '6'],
  ['eight', '8'],
  ['ten', '10'],
];

/** What is said by one word for many things cannot be turned back. */
const oneWay: ReadonlySet<string> = new Set([
  'to',
  'can',
  'and',
  'so',
  'like',
  'also',
  'fast',
  'named',
  'state',
  'states',
  'has to',
  'get',
  'gets',
  'got',
  'want',
  'several',
]);

const replacements = new Map(
  alike.flatMap(([a, b]) => [[a, b], ...(oneWay.has(b) ? [] : [[b, a] as const])]),
);

const anyOfThem = new RegExp(
  `(?<![\\w/.-])(?:${[...replacements.keys()].toSorted((a, b) => b.length - a.length).join('|')})(?![\\w-]|[.,]\\d)`,
  'g',
);

/** The same sentence, where no form fits. */
export function reword(sentence: string, random: () => number): string {
  return withoutOpening(turned(sentence, random)).replace(anyOfThem, (words) =>
    random() < 0.7 ? replacements.get(words)! : words,
  );
}

/** "If it fails, the server stops." → "The server stops if it fails." */
function turned(sentence: string, random: () => number): string {
  const [, link, first, second] =
    /^(If|When|Because|Since|After|Before|While|Although|Once|Until|By default|In [\p{L}\p{N} ]{3,25}|On [\p{L}\p{N} ]{3,25})((?: [^,]{10,90})?), (.{15,})\.$/u.exec(
      sentence,
    ) ?? [];
  if (link === undefined || random() < 0.3) return sentence;
  const main = second!.replace(/^then /, '');
  return `${main.charAt(0).toUpperCase()}${main.slice(1)} ${link.charAt(0).toLowerCase()}${link.slice(1)}${first}.`;
}

function withoutOpening(sentence: string): string {
  const rest = sentence.replace(
    /^(?:However|Therefore|Thus|Also|Moreover|Furthermore|In addition|Note that|Please note that|For example|For instance|Finally|Similarly|Additionally|Of course|Fortunately|Unfortunately|Indeed|In fact|Hence|Consequently|As a result),? /,
    '',
  );
  return `${rest.charAt(0).toUpperCase()}${rest.slice(1)}`;
}
