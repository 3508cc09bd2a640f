/**
 * How assistants decline, by language: they call themselves a program, or are sorry and cannot. One expression a language, for the beginning of a reply, its apostrophes
 * straight.
 */
const byLanguage: Readonly<Record<string, RegExp>> = {
  en: /\bas an? (?:ai|artificial intelligence|(?:large )?language model|chatbot)(?: (?:language model|model|assistant|system|program|chatbot))?\b(?=[,.;:]| i\b| (?:trained|developed|created|made|designed))|\bi(?:'m| am) (?:only |just |merely )?an? (?:ai|artificial intelligence|(?:large )?language model|chatbot)\b|\bi(?:'m| am) (?:very |so |really |truly )?(?:sorry|afraid)\b.{0,60}\bi(?:'m| am)? ?(?:can(?:'t|not)|can not|do(?:n't| not)|won't|will not|not able|unable|not (?:allowed|permitted))|\bi (?:apologi[sz]e|regret)\b.{0,60}\b(?:can(?:'t|not)|unable|not able)|^(?:unfortunately,? |regrettably,? |sorry,? (?:but )?|apologies,? (?:but )?|my apologies,? (?:but )?)?i(?: (?:am|must|have to|will have to)|'m|'ll have to)? ?(?:unable|not able|decline|(?:can(?:'t|not)|can not|won't|will not)\b.{0,30}\b(?:help|assist|answer|provide|comply|respond|fulfil+|do that|share|discuss|request))\b|^(?:sorry|apologies),? (?:but )?i (?:can(?:'t|not)|do(?:n't| not)|won't)/,
  de: /\bals (?:ki|künstliche intelligenz|(?:großes )?sprachmodell|chatbot)\b|\bich bin (?:nur )?(?:eine? )?(?:ki|künstliche intelligenz|sprachmodell)\b|\b(?:es tut mir (?:sehr )?leid|tut mir leid|entschuldigung|leider|bedauerlicherweise)\b.{0,40}\b(?:kann|darf|könnte) ich\b.{0,60}\bnicht|\b(?:es tut mir (?:sehr )?leid|tut mir leid)\b.{0,30}\bich (?:kann|darf)\b|^ich (?:kann|darf)\b.{0,60}\bnicht (?:helfen|beantworten|weiterhelfen|unterstützen|nachkommen)/,
  fr: /\ben tant qu(?:'|e )(?:ia|intelligence artificielle|assistant|modèle de langage)|\bje (?:ne )?suis (?:qu')?une? (?:ia|intelligence artificielle|modèle de langage)|\b(?:je suis (?:vraiment )?désolée?|désolée?|malheureusement|je regrette)\b.{0,30}\bje ne (?:peux|puis|suis pas en mesure)|^je ne (?:peux|puis) (?:pas )?(?:vous aider|répondre|fournir|accéder)/,
  es: /\bcomo (?:una? )?(?:ia|inteligencia artificial|modelo de lenguaje|asistente virtual)\b|\bsoy (?:solo )?una? (?:ia|inteligencia artificial|modelo de lenguaje)\b|\b(?:lo siento|lo lamento|lamentablemente|disculpa|perdón)\b.{0,30}\bno (?:puedo|me es posible|estoy autorizad)|^no puedo (?:ayudar|responder|proporcionar|cumplir)/,
  it: /\b(?:come|in quanto) (?:un'? ?)?(?:ia|intelligenza artificiale|modello (?:di linguaggio|linguistico))\b|\bsono (?:solo )?un(?:'|a |o )?(?:ia|intelligenza artificiale|modello linguistico)\b|\b(?:mi dispiace|spiacente|purtroppo)\b.{0,30}\bnon (?:posso|sono in grado)|^non posso (?:aiutar|rispondere|fornire)/,
  pt: /\bcomo (?:uma? )?(?:ia|inteligência artificial|modelo de linguagem)\b|\bsou (?:apenas )?uma? (?:ia|inteligência artificial|modelo de linguagem)\b|\b(?:desculpe|lamento|sinto muito|infelizmente)\b.{0,30}\bnão (?:posso|consigo|estou autorizad)|^não posso (?:ajudar|responder|fornecer)/,
  nl: /\bals (?:een )?(?:ai|kunstmatige intelligentie|taalmodel)\b|\bik ben (?:slechts )?een (?:ai|taalmodel)\b|\b(?:het spijt me|sorry|helaas)\b.{0,30}\b(?:kan|mag) ik\b.{0,60}\bniet|\b(?:het spijt me|sorry)\b.{0,20}\bik (?:kan|mag)\b.{0,40}\bniet/,
  sv: /\bsom (?:en )?(?:ai|språkmodell)\b|\b(?:jag är ledsen|tyvärr|förlåt)\b.{0,30}\b(?:kan jag|jag kan) (?:inte|ej)/,
  da: /\bsom (?:en )?(?:ai|sprogmodel)\b|\b(?:jeg beklager|desværre|undskyld)\b.{0,30}\b(?:kan jeg|jeg kan) ikke/,
  no: /\bsom (?:en )?(?:ki|ai|språkmodell)\b|\b(?:jeg beklager|dessverre|beklager)\b.{0,30}\b(?:kan jeg|jeg kan) ikke/,
  fi: /\b(?:tekoälynä|kielimallina)\b|\b(?:olen pahoillani|valitettavasti|anteeksi)\b.{0,30}\ben voi/,
  pl: /\bjako (?:model językowy|sztuczna inteligencja|si)\b|(?:przykro mi|przepraszam|niestety).{0,30}\bnie (?:mogę|jestem w stanie)/,
  cs: /\bjako (?:jazykový model|umělá inteligence)\b|(?:omlouvám se|je mi líto|bohužel).{0,40}\b(?:nemohu|nemůžu)/,
  hu: /(?:nyelvi modellként|mesterséges intelligenciaként)|(?:sajnálom|sajnos|elnézést).{0,40}\bnem tud/,
  ro: /\bca (?:model de limbaj|inteligență artificială)\b|(?:îmi pare rău|din păcate).{0,40}\bnu pot/,
  tr: /(?:bir )?(?:yapay zeka|dil modeli) olarak|(?:üzgünüm|maalesef|özür dilerim).{0,60}(?:yapamam|edemem|veremem|yardımcı olamam|yanıtlayamam)/,
  ru: /как (?:языковая модель|искусственный интеллект|ии)\b|(?:извините|простите|к сожалению|сожалею|мне жаль).{0,40}(?:не могу|не в состоянии|не имею)/,
  uk: /як (?:мовна модель|штучний інтелект|ші)\b|(?:вибачте|на жаль|перепрошую|шкода).{0,40}не (?:можу|маю)/,
  el: /ως (?:γλωσσικό μοντέλο|τεχνητή νοημοσύνη)|(?:λυπάμαι|συγγνώμη|δυστυχώς).{0,40}δεν (?:μπορώ|είμαι σε θέση)/,
  ar: /(?:بصفتي|كوني|كنموذج|باعتباري) ?(?:نموذج|ذكاء|لغو|مساعد)|(?:عذرا|عذرًا|آسف|للأسف|أعتذر).{0,40}لا (?:يمكنني|أستطيع)/,
  he: /(?:כמודל שפה|כבינה מלאכותית)|(?:מצטער|סליחה|לצערי).{0,40}(?:לא יכול|איני יכול|אין באפשרותי)/,
  hi: /(?:एक )?(?:एआई|भाषा मॉडल|कृत्रिम बुद्धिमत्ता) (?:के रूप में|होने के नाते)|(?:क्षमा करें|माफ़ कीजिए|माफ कीजिए|खेद है).{0,60}(?:नहीं कर सकता|नहीं कर सकती|असमर्थ|नहीं दे सकता)/,
  zh: /作为(?:一个|一名)?(?:人工智能|AI|语言模型|大型语言模型)|作為(?:一個)?(?:人工智慧|AI|語言模型)|(?:抱歉|对不起|對不起|很遗憾|很遺憾).{0,15}(?:无法|無法|不能|没办法)/,
  ja: /(?:AI|人工知能|言語モデル)(?:として|ですので|なので|である私)|(?:申し訳(?:ありません|ございません)|すみません|残念ながら).{0,40}(?:できません|お答えできません|いたしかねます|お手伝いできません)/,
  ko: /(?:AI|인공지능|언어 모델)(?:로서|이기 때문에|이므로)|(?:죄송합니다|죄송하지만|미안하지만|유감스럽게도).{0,40}(?:수 없|어렵습니다|불가능)/,
  vi: /là một (?:mô hình ngôn ngữ|trí tuệ nhân tạo|ai)\b|(?:xin lỗi|rất tiếc).{0,30}không thể/,
  id: /sebagai (?:ai|model bahasa|kecerdasan buatan)\b|(?:maaf|mohon maaf).{0,30}(?:tidak (?:bisa|dapat))/,
  th: /ในฐานะ(?:ปัญญาประดิษฐ์|โมเดลภาษา|AI)|(?:ขออภัย|ขอโทษ).{0,30}ไม่สามารถ/,
};

/** Where a word begins or ends in any script: `\\b` knows only ASCII. */
const boundary = String.raw`(?:(?<![\p{L}\p{N}])(?=[\p{L}\p{N}])|(?<=[\p{L}\p{N}])(?![\p{L}\p{N}]))`;

export const refusalPhrases: readonly RegExp[] = Object.values(byLanguage).map(
  ({ source }) => new RegExp(source.replaceAll('\\b', boundary), 'iu'),
);
