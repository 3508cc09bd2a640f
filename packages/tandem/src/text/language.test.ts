import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detectLanguage, languageName, toldLanguage } from './language.ts';

const texts: Record<string, string> = {
  en: 'The shop opens at nine in the morning and closes at six. Whoever wants to rent a bicycle should bring a passport; children ride for free when their parents are with them.',
  de: 'Der Laden öffnet um neun Uhr und schließt um sechs. Wer ein Fahrrad mieten will, bringt bitte einen Ausweis mit; Kinder fahren umsonst, wenn ihre Eltern dabei sind.',
  fr: 'Le magasin ouvre à neuf heures et ferme à six heures. Pour louer un vélo, il faut apporter une pièce d’identité ; les enfants ne paient pas si leurs parents sont avec eux.',
  es: 'La tienda abre a las nueve y cierra a las seis. Quien quiera alquilar una bicicleta debe traer un documento; los niños no pagan cuando van con sus padres.',
  it: 'Il negozio apre alle nove e chiude alle sei. Chi vuole noleggiare una bicicletta deve portare un documento; i bambini non pagano se sono con i loro genitori.',
  pt: 'A loja abre às nove horas e fecha às seis. Quem quiser alugar uma bicicleta deve trazer um documento; as crianças não pagam quando vêm com os seus pais.',
  nl: 'De winkel gaat om negen uur open en om zes uur dicht. Wie een fiets wil huren, moet een paspoort meenemen; kinderen rijden gratis als hun ouders erbij zijn.',
  sv: 'Butiken öppnar klockan nio på morgonen och stänger klockan sex. Den som vill hyra en cykel ska ta med sig sitt pass; barn åker gratis när deras föräldrar är med.',
  fi: 'Kauppa avataan aamulla yhdeksältä ja suljetaan kuudelta. Jos haluat vuokrata polkupyörän, ota passi mukaan; lapset ajavat ilmaiseksi, kun heidän vanhempansa ovat mukana.',
  pl: 'Sklep jest otwarty od dziewiątej do osiemnastej. Kto chce wypożyczyć rower, powinien mieć ze sobą dowód; dzieci jeżdżą za darmo, jeśli są z nimi rodzice.',
  tr: 'Dükkân sabah dokuzda açılır ve akşam altıda kapanır. Bisiklet kiralamak isteyenler kimliklerini getirmelidir; çocuklar, anne ve babaları ile gelirse ücret ödemez.',
  ru: 'Магазин открывается в девять часов утра и закрывается в шесть. Тот, кто хочет взять велосипед напрокат, должен принести паспорт; дети катаются бесплатно, если с ними родители.',
  uk: 'Крамниця відчиняється о дев’ятій годині ранку і зачиняється о шостій. Той, хто хоче взяти велосипед, повинен принести паспорт; діти катаються безкоштовно, якщо з ними їхні батьки.',
  bg: 'Магазинът отваря в девет часа сутринта и затваря в шест. Който иска да наеме велосипед, трябва да донесе паспорт; децата карат безплатно, когато родителите им са с тях.',
  ar: 'يفتح المتجر أبوابه في الساعة التاسعة صباحا ويغلق في السادسة. من يريد أن يستأجر دراجة عليه أن يحضر جواز السفر، أما الأطفال فلا يدفعون شيئا إذا كانوا مع والديهم.',
  hi: 'दुकान सुबह नौ बजे खुलती है और शाम छह बजे बंद होती है। जो साइकिल किराए पर लेना चाहता है उसे अपना पासपोर्ट लाना होगा; बच्चे अपने माता-पिता के साथ हों तो उनसे पैसे नहीं लिए जाते।',
  th: 'ร้านเปิดเวลาเก้าโมงเช้าและปิดเวลาหกโมงเย็น ผู้ที่ต้องการเช่าจักรยานต้องนำหนังสือเดินทางมาด้วย',
  zh: '商店早上九点开门，下午六点关门。想租自行车的人要带护照，孩子和父母一起来不用付钱。',
  ja: '店は朝九時に開き、午後六時に閉まります。自転車を借りたい人はパスポートを持ってきてください。',
  ko: '가게는 아침 아홉 시에 열고 저녁 여섯 시에 닫습니다. 자전거를 빌리려면 여권을 가져오세요.',
  el: 'Το κατάστημα ανοίγει στις εννέα το πρωί και κλείνει στις έξι το απόγευμα.',
};

describe('the language of a text', () => {
  test.each(Object.entries(texts))('%s', async (language, text) => {
    expect(await detectLanguage(text)).toBe(language);
    expect(await detectLanguage(text.normalize('NFD'))).toBe(language);
    expect(await detectLanguage(`${text}\n\n`.repeat(40))).toBe(language);
    expect(
      await detectLanguage(`# 12.3.4\n\n${text} https://example.org/a/b?c=1 \`const a = new Map()\``),
    ).toBe(language);
  });

  test.each([
    ['nothing', ''],
    ['marks', '... --- 12 % ???'],
    ['a few words', 'Der Hund'],
    ['names', '| Northwind | 12 |\n| Contoso | 14 |\n| Fabrikam | 3 |\n| Tailspin | 8 |\n'.repeat(20)],
    ['two languages', `${texts.de} ${texts.fr}`.repeat(1) + texts.en],
    ['two scripts', `${texts.ru} ${texts.el} ${texts.el}`],
    ['two languages, one after the other', `${texts.en!.repeat(20)} ${texts.fi!.repeat(20)}`],
  ])('is not guessed of %s', async (_, text) => {
    expect(await detectLanguage(text)).toBeUndefined();
  });

  test('is that of the other script where there are Latin letters too: words in those are taken for English in each', async () => {
    expect(await detectLanguage(`${texts.ru} ${texts.en}`)).toBe('ru');
    expect(await detectLanguage(`${texts.zh} ${texts.en}`)).toBe('zh');
    expect(await detectLanguage(`${texts.en} ${texts.en} Ёлка ${texts.en}`)).toBe('en');
  });

  test('is the same each time, and is asked of any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 4000 }), async (text) => {
        expect(await detectLanguage(text)).toBe(await detectLanguage(text));
      }),
      { numRuns: 30 },
    );
  });
});

test.each([
  ['de', 'de'],
  ['de-AT', 'de'],
  ['en_US', 'en'],
  ['deu', 'de'],
  ['ger', 'de'],
  ['zh-Hant', 'zh'],
  ['nb', 'no'],
  ['German', 'de'],
  ['Deutsch', 'de'],
  ['Türkçe', 'tr'],
  ['日本語', 'ja'],
  ['eu', 'eu'],
  ['python', undefined],
  ['sql', undefined],
  ['', undefined],
])('a document whose metadata says %s', (said, language) => {
  expect(toldLanguage({ author: 'de', Language: said })).toBe(language);
  expect(toldLanguage({ lang: said })).toBe(language);
});

test('a language has a name', () => {
  expect([languageName('de'), languageName('no'), languageName('xx')]).toEqual(['German', 'Norwegian', 'xx']);
});
