import type { ChangingFact } from './changing-fact.ts';

/** What says that something holds now, by language: it will not hold for ever. */
const phrases: Readonly<Record<string, string>> = {
  en: 'currently|at present|presently|at the moment(?! (?:of|when|that|where|the|an?|it|he|she|they|you)(?![\\p{L}]))|right now|nowadays|these days|as of (?:now|today|this writing|writing|\\d{4}|(?:january|february|march|april|may|june|july|august|september|october|november|december))|as of the time of|for the time being|until further notice|(?<!up )to date|this (?:year|month|week|quarter)|next (?:year|month|quarter)|(?:the )?(?:latest|newest|most recent|current) (?:version|release|edition|price|rate|model|year)',
  de: 'derzeit(?:ig\\p{L}*)?|aktuell\\p{L}*|zurzeit|zur zeit|momentan\\p{L}*|gegenwärtig\\p{L}*|heutzutage|bis auf weiteres|dieses jahr|in diesem jahr|nächstes jahr|im moment(?! (?:de[rs]|als|in)(?![\\p{L}]))|neueste[rnsm]? version',
  fr: "actuellement|à l'heure actuelle|en ce moment|à ce jour|de nos jours|pour l'instant|pour le moment|cette année|l'année prochaine|ce mois-ci|jusqu'à nouvel ordre|dernière version",
  es: 'actualmente|hoy en día|en la actualidad|en este momento|por el momento|por ahora|hasta la fecha|este año|este mes|el próximo año|última versión',
  it: "attualmente|al momento(?! (?:d\\p{L}*|in cui))|in questo momento|oggigiorno|al giorno d'oggi|(?<!\\p{N} ?\\p{L}{1,9} )per ora|ad oggi|quest'anno|questo mese|l'anno prossimo|ultima versione",
  pt: 'atualmente|actualmente|hoje em dia|neste momento|no momento(?! (?:d[aeo]s?|em que|n[ao]s?)(?![\\p{L}]))|por enquanto|até à data|este ano|neste ano|próximo ano|última versão',
  nl: 'momenteel|op dit moment|tegenwoordig|thans|vooralsnog|dit jaar|deze maand|volgend jaar|nieuwste versie',
  sv: 'för närvarande|just nu|i nuläget|numera|detta år|nästa år|senaste versionen',
  da: 'i øjeblikket|for tiden|på nuværende tidspunkt|aktuelt|dette år|næste år|nyeste version',
  no: 'for øyeblikket|for tiden|akkurat nå|på nåværende tidspunkt|neste år|nyeste versjon',
  fi: 'tällä hetkellä|nykyisin|nykyään|toistaiseksi|tänä vuonna|ensi vuonna|uusin versio',
  pl: 'obecnie|aktualnie|w tej chwili|na razie|w tym roku|w przyszłym roku|najnowsza wersja',
  cs: 'v současnosti|v současné době|momentálně|aktuálně|nyní|letos|příští rok|nejnovější verze',
  hu: 'jelenleg|pillanatnyilag|manapság|idén|jövőre|legújabb verzió',
  ro: 'în prezent|în acest moment|momentan|deocamdată|anul acesta|anul viitor|ultima versiune',
  tr: 'şu anda|şu an|halen|günümüzde|şimdilik|bu yıl|bu ay|gelecek yıl|en son sürüm',
  ru: 'в настоящее время|на данный момент|в данный момент|сейчас|на сегодняшний день|сегодня|пока что|в этом году|в следующем году|текущ\\p{L}+ (?:год|верси)\\p{L}*|последн\\p{L}+ верси\\p{L}+',
  uk: 'наразі|зараз|на даний момент|сьогодні|цього року|наступного року|остання версія',
  el: 'αυτή τη στιγμή|προς το παρόν|σήμερα|επί του παρόντος|φέτος|του χρόνου|τελευταία έκδοση',
  ar: 'حاليا|حاليًا|حالياً|في الوقت الحالي|في الوقت الراهن|حتى الآن|هذا العام|العام القادم|أحدث إصدار',
  he: 'כיום|כרגע|נכון לעכשיו|השנה|בשנה הבאה',
  hi: 'वर्तमान में|फिलहाल|फ़िलहाल|अभी|आजकल|इस वर्ष|इस साल|अगले वर्ष',
  vi: 'hiện tại|hiện nay|hiện đang|năm nay|năm sau|phiên bản mới nhất',
  id: 'saat ini|sekarang|untuk sementara|tahun ini|tahun depan|versi terbaru',
  ko: '현재|지금은|올해|내년|최신 버전',
};
/** Of scripts without spaces between words. */
const unspaced =
  '目前|現在|当前|當前|现在|現時点|現在のところ|现阶段|截至|今年|本月|明年|来年|今のところ|最新版|(?<!จนถึง|ถึง|ก่อน|จน|พันธุ์|ที่)ปัจจุบัน|ขณะนี้|ตอนนี้|ปีนี้|ปีหน้า';

const present = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${Object.values(phrases).join('|')})(?![\\p{L}\\p{N}])|${unspaced}`,
  'giu',
);

/** Words such as "currently". Straight and round apostrophes are the same. */
export function presentWordsIn(text: string): ChangingFact[] {
  const straight = text.replace(/’/g, "'");
  return [...straight.matchAll(present)]
    .filter(
      ({ 0: word, index }) => !isOfSomebody(straight.slice(0, index), straight.slice(index + word.length)),
    )
    .map(({ 0: word, index }) => ({ kind: 'present', start: index, end: index + word.length }));
}

const people =
  '(?:patients?|people|persons?|those|anyone|anybody|everyone|somebody|someone|individuals?|users?|customers?|clients?|employees?|members?|applicants?|students?|women|men|children|adults?)';
const whom = new RegExp(
  `(?<![\\p{L}])(?:(?:if|whether|unless)(?: \\p{L}+){0,4}|${people}(?: (?:who|that))(?: (?:is|are|has|have))?)\\s+$`,
  'iu',
);
const beingSo = new RegExp(`(?<![\\p{L}])${people}\\s+$`, 'iu');

/** Whether it says of whom something is told, and not what is so today: "if you are currently insured", "patients currently taking it". */
const isOfSomebody = (before: string, after: string) =>
  whom.test(before) ||
  (beingSo.test(before) && /^ (?:\p{L}+(?:ed|ing)|on|in|at|with|without)(?![\p{L}])/iu.test(after));
