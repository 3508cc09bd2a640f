import { functionWords } from '../../../text/function-words.ts';
import { functionWordsByLanguage } from '../../../text/function-words-by-language.ts';
import { sentences } from '../../../text/sentences.ts';
import { folded } from '../../../text/words.ts';
import type { ChangingFact } from './changing-fact.ts';
import { speaksOfThePast } from './tense.ts';

/** Offices that somebody holds for a while, in languages whose names begin with capitals. */
const titles = new RegExp(
  `(?<![\\p{L}])(?:${[
    'C[EFTOIMP]O|chief \\w+ officer|chief executive|chief of staff|(?:vice[- ]?|deputy )?president|prime minister|(?:\\w+ )?minister|chancellor|mayor|governor|chair(?:man|woman|person)?|managing director|executive director|director[- ]general|director|head of|secretary[- ]general|secretary|treasurer|principal|headteacher|dean|rector|commissioner|ambassador|superintendent|team lead|data protection officer|chaired|headed|presided over|geleitet|présidée?s?|dirigée?s?|presidid[oa]|presiedut[oa]',
    'präsident(?:in)?|geschäftsführer(?:in)?|vorstandsvorsitzende[rn]?|vorsitzende[rn]?|bundeskanzler(?:in)?|kanzler(?:in)?|(?:\\p{L}+)?minister(?:in)?|(?:ober)?bürgermeister(?:in)?|(?:\\p{L}+)?leiter(?:in)?|direktor(?:in)?|rektor(?:in)?|datenschutzbeauftragte[rn]?',
    'président(?:e)?|premi(?:er|ère) ministre|ministre|maire|directeur(?: général)?|directrice(?: générale)?|PDG|recteur|responsable|secrétaire général(?:e)?',
    'president[ea]|primer[ao]? ministr[oa]|ministr[oa]|alcalde(?:sa)?|director(?:a)?(?: general)?|consejer[oa] delegad[oa]|rector(?:a)?|secretari[oa] general|gerente',
    'presidente(?:ssa)?|primo ministro|ministr[oa]|sindac[oa]|direttore(?: generale)?|direttrice|amministrator[ei] delegat[oa]|rettore|segretari[oa] generale',
    'primeir[oa]-ministr[oa]|prefeit[oa]|diretor(?:a)?(?:-geral)?|reitor(?:a)?',
    'voorzitter|burgemeester|directeur|minister-president|bestuursvoorzitter',
    'ordförande|statsminister|borgmästare|verkställande direktör|VD|formand|borgmester|direktør|leder|styreleder|toimitusjohtaja|puheenjohtaja|pääministeri',
    'prezes|prezydent|burmistrz|dyrektor|przewodniczący|ředitel(?:ka)?|předseda|předsedkyně|starosta|primátor|elnök|polgármester|igazgató|vezérigazgató|miniszterelnök|președinte|primar|prim-ministru|director general',
    'президент|премьер-министр|министр|мэр|директор|генеральный директор|председатель|ректор|губернатор|глава|президентка|прем’єр-міністр|міністр|мер|голова|πρόεδρος|πρωθυπουργός|υπουργός|δήμαρχος|διευθυντής|διευθύντρια|başkan[ıi]?|cumhurbaşkanı|müdür[üu]?|genel müdür|belediye başkanı|bakan[ıi]?',
  ].join('|')})(?![\\p{L}])`,
  'giu',
);
/** Two names or more in capitals, initials and particles among them, perhaps behind an academic title. */
const person =
  /(?<![\p{L}])(?:(?:Dr|Prof|Mr|Mrs|Ms|Sir|Dame|Lady|Lord|Ing|Herr|Frau|Mme|M)\.?\s+)*\p{Lu}[\p{Ll}\p{M}'’-]+(?:\p{Lu}\p{Ll}+)?(?:\s+(?:\p{Lu}\.|(?:van|von|de|del|della|di|da|der|den|al|bin|ibn|la|le|dos|ter)(?=\s)))*\s+\p{Lu}[\p{Ll}\p{M}'’-]+(?:[-\p{Lu}]\p{Ll}+)*(?![\p{L}])/gu;
/** What stands between an office and its holder: being, a mark, or nothing. */
const links =
  /(?<![\p{L}])(?:is|are|was|serves|served|remains|became|appointed|elected|named|led|headed|chaired|by|called|ist|wird|heißt|bleibt|est|es|è|é|são|sono|wordt|heet|er|är|on|jest|je|to|este|είναι|является|стал|стала)(?![\p{L}])|[:,–—(-]\s*$|^\s*[,–—(-]/u;

/** In scripts without capitals an office, and being. */
const unspacedOffice =
  /(?:现任|現任|目前的)?(?:总统|總統|主席|总理|總理|首相|部长|部長|市长|市長|知事|董事长|董事長|总经理|總經理|首席执行官|首席執行官|校长|校長|院长|院長|社長|会長|大統領|大臣|代表取締役|大统领|대통령|총리|장관|시장|사장|회장|대표이사|총장)(?:是|为|為|は|：|:|은|는)\s?[\p{Script=Han}\p{Script=Katakana}\p{Script=Hangul}・·]{2,12}/gu;

const words = new Set(
  [functionWords, ...Object.values(functionWordsByLanguage)].flatMap((list) => [...list]),
);

/** Who holds an office: an office and the name of a person in one sentence, close by. */
export function officeHoldersIn(text: string): ChangingFact[] {
  const found: ChangingFact[] = [...text.matchAll(unspacedOffice)].map(({ 0: said, index }) => ({
    kind: 'office-holder',
    start: index,
    end: index + said.length,
  }));
  for (const sentence of sentences(text)) {
    const said = text.slice(sentence.start, sentence.end);
    const offices = [...said.matchAll(titles)];
    if (offices.length === 0) continue;
    for (const name of said.matchAll(person)) {
      const [start, end] = [name.index, name.index + name[0].length];
      const office = offices.find((title) => isHeldBy(said, title, { start, end }));
      if (!office || isOver(said, office)) continue;
      found.push({
        kind: 'office-holder',
        start: sentence.start + Math.min(start, office.index),
        end: sentence.start + Math.max(end, office.index + office[0].length),
      });
      break;
    }
  }
  return found;
}

/** So far apart, in characters. */
const farthest = 60;

/** What somebody who belongs to the holder has before the office. */
const ofAnother =
  /(?<![\p{L}])(?:of|to|for|under|with|by|from|de|del|du|dell['’]|dello|della|do|da|dos|à|au|al|van|von|vom|bei|beim)(?: (?:the|an?|la|el|il|lo|o|a|de|het|einem|einer|dem|der)| l['’])?\s*$/iu;

function isHeldBy(
  said: string,
  title: RegExpMatchArray,
  { start, end }: { start: number; end: number },
): boolean {
  const [from, to] = [title.index!, title.index! + title[0].length];
  if (from < end && to > start) return false;
  // Behind a noun it is an adjective in other languages: "motivo principal", "rôle principal".
  if (/^principal$/i.test(title[0]) && isBehindNoun(said.slice(0, from))) return false;
  const between = from < start ? said.slice(to, start) : said.slice(end, from);
  const isTooFar =
    between.length > farthest ||
    (end <= from && (between.trim().split(/\s+/).length > 4 || /\p{Lu}/u.test(between)));
  if (isTooFar || /[.;!?]\s/.test(between)) return false;
  // "Jane Miller, adviser to the president": she is not the president.
  if (end <= from && ofAnother.test(between)) return false;
  // "Prime Minister Ann Jones, Paul Green and others": the office is the first one's. Behind an article or a preposition a name is an organisation's.
  const isAnothers = (at: number) => !isFunctionWord(lastWord(between.slice(0, at)));
  if (from < start && [...between.matchAll(person)].some(({ index }) => isAnothers(index))) return false;
  // "President of the United Nations": what an article or a preposition stands before is no holder.
  const before = lastWord(said.slice(0, start));
  if (isFunctionWord(before) && !links.test(before)) return false;
  return between.trim() === '' ? from < start : links.test(between);
}

const lastWord = (text: string) => /([\p{L}'’]+)\s+$/u.exec(text)?.[1] ?? '';
const isFunctionWord = (word: string) => words.has(folded(word));

/** Whether a text ends with a word in lower case that stands for something, and is no school's. */
function isBehindNoun(text: string): boolean {
  const word = lastWord(text);
  return (
    /^\p{Ll}/u.test(word) &&
    !isFunctionWord(word) &&
    !/^(?:school|college|academy|assistant|vice|deputy|new|current)$/.test(word)
  );
}

/** In front of an office that somebody had; perhaps with a country between. */
const former =
  /(?<![\p{L}])(?:(?:former(?:ly)?|ex|retired|one-time|erstwhile|outgoing|ehemalig\p{L}*|früher\p{L}*|damalig\p{L}*|einstig\p{L}*|ancien(?:ne)?|antigu[oa]|antig[oa]|voormalig\p{L}*|toenmalig\p{L}*|tidigare|dåvarande|tidligere|daværende|entinen|silloinen|były|była|ówczesny|bývalý|tehdejší|egykori|akkori|fost(?:ul|a)?|eski|dönemin|бывш\p{L}+|тогдашн\p{L}+|экс|колишн\p{L}+|тодішн\p{L}+|πρώην)(?:[\s-]+[\p{L}'’]+)?|late|then|previous|past|feu|alors|anterior|entonces|allora|então|precedente)[\s-]+$/iu;

/** Came into an office, which lasts until it is told that it ended. */
const appointed =
  /(?<![\p{L}])(?:appointed|elected|named|made|promoted|chosen|became|sworn|took over|ernannt|gewählt|berufen|nommée?|élue?|nombrad[oa]|elegid[oa]|nominat[oa]|elett[oa]|eleit[oa]|nomead[oa]|benoemd|gekozen|назначен\p{L}*|избран\p{L}*|стал\p{L}?)(?![\p{L}])/iu;

/** Whether a sentence tells of an office that somebody no longer has: it says so, or all that it says is in the past and nobody comes into the office. */
function isOver(said: string, office: RegExpMatchArray): boolean {
  if (former.test(said.slice(0, office.index))) return true;
  return speaksOfThePast(said) && !appointed.test(said);
}
