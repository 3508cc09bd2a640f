import { valuesIn } from '../../../text/values.ts';
import type { ChangingFact } from './changing-fact.ts';

/** What a version is called, before its number. */
const called =
  /(?:(?<![\p{L}])(?:versions?|versionen|versión|versiones|versione|versioni|versão|versões|versie|versies|wersj[aięe]|verze|verzi[óoa]n?|verziója|versiunea|έκδοση|версi?[ияюей]{1,2}|версій|sürüm(?:ü)?|phiên bản|versi|releases?|rel\.|build|firmware|v\.?)(?:\s*(?:no\.|number|nr\.|:))?\s*|(?:版本|バージョン|版|버전|الإصدار|גרסה)\s*:?\s*)$/iu;
/** What a number with dots belongs to that is no version. */
const places =
  /(?:§|(?<![\p{L}])(?:sections?|sec\.|clauses?|chapters?|articles?|art\.|paragraphs?|figures?|fig\.|tables?|steps?|items?|appendix|annex|rule|part|abschnitt|kapitel|ziffer|abbildung|tabelle|artikel|absatz|article|chapitre|sección|capítulo|sezione|capitolo|paragraaf|hoofdstuk|раздел[е]?|глав[аые]|пункт[е]?))\s*$/iu;

/** Numbers of releases: called a version, beginning with v, or of three parts and more. Clauses and addresses are none. */
export function versionsIn(text: string): ChangingFact[] {
  return valuesIn(text).flatMap(({ kind, start, end }): ChangingFact[] => {
    const written = text.slice(start, end);
    const before = text.slice(Math.max(0, start - 32), start);
    if (kind === 'date' || places.test(before)) return [];
    const parts = written.replace(/^v/i, '').split(/[.-]/);
    const isAddress =
      parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
    const isCalled =
      called.test(before) &&
      /^\d+(?:\.\d+)*\p{L}?$/u.test(written) &&
      !/^(?:19|20)\d\d\p{L}?$/u.test(written);
    const isMarked =
      /^v\d+(?:\.\d+)+/i.test(written) || (kind === 'version' && parts.length >= 3 && !isAddress);
    return isCalled || isMarked ? [{ kind: 'version', start, end }] : [];
  });
}
