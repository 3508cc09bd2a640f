import { functionWords } from '../../../text/function-words.ts';
import { functionWordsByLanguage } from '../../../text/function-words-by-language.ts';
import { foldedWords } from '../../../text/words.ts';

/** Whether a text's verbs are in the past and none is in the present, as far as auxiliaries tell it. A text without one says nothing of either. */
export function speaksOfThePast(text: string): boolean {
  const words = foldedWords(
    text.replace(/(?<=(?:it|that|there|he|she|what|here))['’]s(?![\p{L}])/giu, ' is'),
  );
  if (!Object.values(auxiliaries).some(({ past }) => has(words, past))) return false;
  // A form of the past in one language is another word elsewhere ("was" in German, "era" in English): those that have most of the words decide.
  return nearestLanguages(words).every((language) => {
    const { past, present } = auxiliaries[language]!;
    return has(words, past) && !has(words, present);
  });
}

const has = (words: readonly string[], forms: ReadonlySet<string>) => words.some((word) => forms.has(word));

function nearestLanguages(words: readonly string[]): string[] {
  const counted = Object.entries(common).map(([language, own]) => ({
    language,
    count: words.filter((word) => own.has(word)).length,
  }));
  const most = Math.max(...counted.map(({ count }) => count));
  return counted.filter(({ count }) => count === most).map(({ language }) => language);
}

const forms = (past: string, present: string) => ({
  past: new Set(foldedWords(past)),
  present: new Set(foldedWords(present)),
});

/**
 * Being, having, becoming and the modal verbs; of English what offices and shops say of now, too. Without accents some are other words ("à" and "a"), by which more sentences seem to
 * be in the present than are: what is found too often is seen, and what is missed is not.
 */
const auxiliaries: Readonly<Record<string, { past: ReadonlySet<string>; present: ReadonlySet<string> }>> =
  Object.fromEntries(
    Object.entries({
      en: forms(
        "was were had did wasn't weren't hadn't didn't",
        `is are am has have do does can may must will shall should would could isn't aren't hasn't haven't doesn't don't can't won't
       costs applies begins starts opens closes ends remains stays becomes rises falls takes pays charges includes contains`,
      ),
      de: forms(
        'war waren wurde wurden hatte hatten gab',
        'ist sind hat haben wird werden kann können muss müssen darf dürfen soll sollen gibt kostet beträgt gilt',
      ),
      fr: forms(
        'était étaient fut furent avait avaient',
        'est sont a ont peut peuvent doit doivent sera seront coûte reste',
      ),
      es: forms(
        'fue fueron era eran había habían tuvo estaba estaban',
        'es son está están hay ha han tiene tienen puede pueden debe será cuesta',
      ),
      it: forms(
        'fu furono era erano aveva avevano stava',
        'è sono ha hanno può possono deve devono sarà costa',
      ),
      pt: forms(
        'foi foram era eram tinha tinham havia estava',
        'é são está estão há tem têm pode podem deve será custa',
      ),
      nl: forms(
        'was waren werd werden had hadden',
        'is zijn heeft hebben wordt worden kan kunnen moet moeten mag zal kost',
      ),
      sv: forms('var blev hade', 'är har blir kan måste ska får kostar'),
      da: forms('var blev havde', 'er har bliver kan må skal koster'),
      no: forms('var ble hadde', 'er har blir kan må skal koster'),
      fi: forms('oli olivat', 'on ovat voi voivat pitää maksaa'),
      pl: forms('był była było byli były', 'jest są ma mają może mogą musi będzie kosztuje'),
      cs: forms('byl byla bylo byli byly', 'je jsou má mají může mohou musí bude stojí'),
      hu: forms('volt voltak', 'van vannak lehet kell lesz'),
      ro: forms('era erau fusese', 'este sunt are au poate pot trebuie va costă'),
      ru: forms('был была было были', 'есть может могут должен будет будут стоит является'),
      uk: forms('був була було були', 'є може можуть буде будуть коштує'),
      el: forms('ήταν είχε είχαν', 'είναι έχει έχουν μπορεί πρέπει θα κοστίζει'),
    }),
  );

const common: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(
  Object.entries(auxiliaries).map(([language, { past, present }]) => {
    const own = language === 'en' ? functionWords : (functionWordsByLanguage[language] ?? []);
    return [language, new Set([...foldedWords(own.join(' ')), ...past, ...present])];
  }),
);
