import { functionWords } from '../../text/function-words.ts';
import { functionWordsByLanguage } from '../../text/function-words-by-language.ts';
import { foldedWords } from '../../text/words.ts';

/**
 * The words of a text that say what it is about: without function words of any language and courtesies. Digits alone are values; a code ("K2") is a word, and so are capitals
 * that stand for something ("zone B", "type IV"), where not all is in capitals; "I" is a person.
 */
export function tellingWords(text: string): ReadonlySet<string> {
  const isShouted = (text.match(/\p{Lu}/gu)?.length ?? 0) > 0.4 * (text.match(/\p{L}/gu)?.length ?? 0);
  const capitals = isShouted
    ? []
    : [...text.matchAll(/(?<=[\p{L}\p{N}] )(?!I(?!\p{L}))\p{Lu}{1,4}(?![\p{L}\p{N}.'’])/gu)].map(
        ([letters]) => `=${letters}`,
      );
  const words = foldedWords(text).filter((word) => !saysNothing.has(word) && !/^\p{N}+$/u.test(word));
  return new Set([...words, ...capitals]);
}

/** What people say to be polite. */
const courtesies =
  'please thanks thank thankyou kindly hello hi hey dear sir madam really bitte danke hallo gracias hola favor merci bonjour plait prego grazie ciao obrigado obrigada alsjeblieft bedankt tack hej tak takk kiitos prosze dziekuje prosim dekuji koszonom multumesc пожалуйста спасибо здравствуйте дякую lutfen tesekkurler merhaba शुक्रिया धन्यवाद कृपया شكرا ขอบคุณ';

const saysNothing: ReadonlySet<string> = new Set(
  [...functionWords, ...Object.values(functionWordsByLanguage).flat(), ...courtesies.split(' ')].flatMap(
    (word) => foldedWords(word),
  ),
);
