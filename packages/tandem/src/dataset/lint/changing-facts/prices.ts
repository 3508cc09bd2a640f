import { isCurrencyCode, powersCalled } from '../../../text/number-words.ts';
import { valuesIn } from '../../../text/values.ts';
import type { ChangingFact } from './changing-fact.ts';

/** Currencies as people write them out. A pound alone is a weight, too. */
const currencyWord =
  /^(?:euros?|cents?|dollars?|dollari|dólar(?:es)?|dollár|dolar(?:ów|y)?|bucks|pounds? sterling|pence|franken|francs|yen|yuan|renminbi|won|rupees?|rupien|rubel|rubles?|roubles?|руб\p{L}*|р\.|долл\p{L}*|евро|гривен\p{L}*|грн|złot\p{L}*|zł|korun\p{L}*|kč|kronor|kroner|krona|lira(?:sı)?|liras|pesos?|reais|forint\p{L}*|lei|leva|лв|ευρώ|δολάρια|دولار\p{L}*|يورو|ريال|درهم|جنيه|ש"ח|שקלים|रुपये|रुपए|डॉलर|บาท|đồng|dirhams?|rupiah|円|元|원|人民币|美元|欧元|ドル|ユーロ|달러|유로)(?![\p{L}\p{N}])/iu;
const unspacedCurrency = /^(?:円|元|원|人民币|美元|欧元|日元|ドル|ユーロ|달러|유로|บาท)/u;

/** Sums of so many and more (a power of ten) are what companies turn over, and no prices. */
const largest = 6;

/** Of currencies of which one buys something, hundreds of thousands are a budget. */
const strongCurrency =
  /[$€£]|dol+ar|dólar|долл|डॉलर|دولار|달러|ドル|美元|eur|евро|ευρ|ユーロ|유로|欧元|pound|franken|francs/iu;

/** Amounts of money as people pay them. */
export function pricesIn(text: string): ChangingFact[] {
  return valuesIn(text)
    .filter(({ kind }) => kind === 'number' || kind === 'version')
    .flatMap(({ start, end, terms }): ChangingFact[] => {
      const [sign] =
        /(?:\p{Sc}|(?<![\p{L}\p{N}])\p{Lu}{3}|(?<![\p{L}\p{N}])(?:Rs|Fr|Kč|kr|R)\.?)[ \u00a0\u202f]?$/u.exec(
          text.slice(0, start),
        ) ?? [];
      const isBefore = sign !== undefined && (!/\p{Lu}{3}/u.test(sign) || isCurrencyCode(sign.trim()));
      // "2 million euros", "49,- €", "5 US dollars".
      const after = text.slice(end, end + 40);
      const [skipped = ''] =
        /^(?:,[-–]+)?[ \u00a0\u202f]?(?:\p{L}{1,9}\.?[ \u00a0](?=\p{L}|\p{Sc}))?/u.exec(after) ?? [];
      const length = [skipped.length, /^(?:,[-–]+)?[ \u00a0\u202f]?/.exec(after)![0].length]
        .map((from) => ({ from, name: currencyAt(after.slice(from)) }))
        .find(({ name }) => name > 0);
      if (!isBefore && !length) return [];
      const [, power = ''] = /^[ \u00a0\u202f]?(\p{L}+)/u.exec(after) ?? [];
      if (powersCalled(power).some((each) => each >= largest) || /^ per cent\b/i.test(after)) return [];
      const named = text.slice(
        isBefore ? start - sign.length : start,
        length ? end + length.from + length.name : end,
      );
      if (
        strongCurrency.test(named) &&
        Math.max(...terms.map((term) => Number(/^\d+$/.exec(term)?.[0] ?? 0))) >= 10 ** 5
      )
        return [];
      return [
        {
          kind: 'price',
          start: isBefore ? start - sign.length : start,
          end: length ? end + length.from + length.name : end,
        },
      ];
    });
}

/** Length of the name of a currency at the beginning of a text; 0 where there is none. */
function currencyAt(text: string): number {
  const [sign] = /^\p{Sc}/u.exec(text) ?? [];
  if (sign) return sign.length;
  const [code] = /^\p{Lu}{3}(?![\p{L}\p{N}])/u.exec(text) ?? [];
  if (code && isCurrencyCode(code)) return code.length;
  return (currencyWord.exec(text) ?? unspacedCurrency.exec(text))?.[0].length ?? 0;
}
