/** What a section is about, whatever the document: which headings say so, and how people ask for it. */
interface SectionKind {
  name: string;
  heading: RegExp;
  /** In lower case, apostrophes left out. */
  asked: RegExp;
}

const kin =
  '(?:kids?|child(?:ren)?|son|sons|daughters?|bab(?:y|ies)|brothers?|sisters?|siblings?|grandkids?|grandchild(?:ren)?|boys?|girls?|family|relatives|parents?|mum|mom|mother|dad|father|next one|twins?|generations?|famil(?:y|ies|ys))';

/**
 * English, and most of it said of illnesses, but "who is at risk", "how do I know", "what does it cost to leave it" are asked of
 * machines and contracts too. A heading that none of these knows takes no part, nor does a question: cosines decide then. Written
 * from how people talk; lay wordings that MedQuAD's templates do not have, so nothing here was fitted to them.
 */
export const sectionKinds: readonly SectionKind[] = [
  {
    name: 'meaning',
    heading:
      /^(?:information|overview|introduction|about|definition|description|summary|what (?:is|are)|general|background)\b/i,
    asked: new RegExp(
      [
        `\\bwhat (?:on earth |the heck |even |exactly |actually |kind of \\w+ )?(?:is|are|was) (?:it|this|that|these|those|they)\\b`,
        `\\bwhat(?:s| is| are| was| even is) (?!(?:the|my|his|her|our|your|there|wrong|done|usually|known|next|being|happening|going|different|a good|good)\\b)`,
        `\\bwhat (?:it|this|that|these|those|the \\w+) (?:exactly |actually |even |really )?(?:is|are|means?)\\b`,
        `\\bwhat (?:\\w+ ){1,4}(?:actually |really |even )?(?:is|are)(?: and|\\s*[.?!]|$)`,
        `\\bwhat (?:does|do|did|would|could) (?:\\w+ ){1,4}(?:mean|stand for)\\b`,
        `\\bwhat (?:kind|sort|type) of (?:an? )?(?:illness|disease|condition|disorder|thing|problem|sickness)\\b`,
        `\\b(?:explain|describe|tell (?:me|us|you)(?: \\w+){0,3} about|never heard of|understand what|heard of)\\b`,
        `\\bwhat (?:did|do|does) (?:i|he|she|we|they) (?:\\w+ )?have\\b`,
        `\\b(?:in|with) (?:plain|simple|normal|easy) (?:words?|english|terms|language)\\b`,
        `\\bwhats? (?:is )?(?:happening|going on)\\b`,
        `\\b(?:is (?:it|that|this) (?:a real thing|an? (?:\\w+ )?(?:cancer|disease|infection|tumou?r)))\\b`,
        `\\bwhat should (?:i|we|one) know\\b`,
      ].join('|'),
    ),
  },
  {
    name: 'symptoms',
    heading: /\b(?:symptoms?|signs?|features?|characteristics|presentation)\b/i,
    asked: new RegExp(
      [
        `\\b(?:symptoms?|signs?|features|noti[cs](?:e|ing)|show(?:s|ed)? up|warning)\\b`,
        `\\bwhat (?:\\w+ ){0,5}(?:look|looks|feel|feels|be|looking)(?: (?:like|out for|for))\\b`,
        `\\b(?:look|watch)(?:ing)? out for\\b|\\bfeel(?:s|ing)? like\\b|\\bable to feel\\b`,
        `\\bwhat (?:does|do|will|would|could|can|might) (?:\\w+ ){1,4}(?:do to|cause|have|get|look|feel|notice|see)\\b`,
        `\\bwhat (?:\\w+ )?(?:else|other (?:things?|problems?|symptoms|troubles?)|all|things?|kinds? of (?:things?|problems?)) (?:\\w+ ){0,6}(?:have|has|happens?|comes?|belongs?|gets?|wrong|different|goes|like|with)\\b`,
        `\\bhow (?:would|will|does|do|can|could) (?:\\w+ ){1,5}(?:notice|show|tell|look|feel|start)\\b`,
        `\\bthings? (?:that )?happens?\\b|\\bwhat happens\\b`,
        `\\bwhat (?:could|would|will|is|might) be (?:\\w+ )?(?:different|wrong)\\b`,
        `\\b(?:affect(?:s|ed)?|part of (?:it|this))\\b`,
        `\\bwhat (?:\\w+ ){0,3}problems?\\b`,
      ].join('|'),
    ),
  },
  {
    name: 'causes',
    heading: /\b(?:causes?|reasons?|origins?|etiology|aetiology)\b/i,
    asked: new RegExp(
      [
        `\\bwhy\\b(?! (?:is|are) it called)`,
        `\\bcaus(?:e|es|ed|ing)\\b|\\btrigger(?:s|ed)?\\b|\\bbrings? (?:\\w+ )?on\\b|\\bbrought (?:\\w+ )?on\\b`,
        `\\bwhere (?:does|do|did|could|would|might|can) (?:\\w+ ){1,4}come from\\b`,
        `\\bwhat (?:did|have) i (?:do|done)\\b|\\bdid i do\\b|\\bmy fault\\b`,
        `\\bhow (?:did|do|does|would|could|can) (?:\\w+ ){1,4}(?:get|catch|end up with|happen|develop|start)\\b`,
        `\\bwhat (?:makes?|made|gives?|gave|leads? to)\\b|\\breasons?\\b|\\bcome from\\b|\\bhow (?:it|this) starts\\b`,
      ].join('|'),
    ),
  },
  {
    name: 'inheritance',
    heading: /\b(?:inherit\w*|heredit\w*)\b/i,
    asked: new RegExp(
      [
        `\\b(?:inherit\\w*|hereditary|heridit\\w*|herit\\w*|genetic(?:ally)?(?! (?:changes?|tests?|testing|mutations?|defects?|causes?))|dominant|recessive|carriers?)\\b`,
        `\\bruns? in (?:\\w+ )?(?:famil|blood)\\w*`,
        `\\b(?:pass(?:ed|es|ing)?|hand(?:ed|s)?|hands?|giv(?:e|en)|gave) (?:\\w+ ){0,2}(?:down|on|to (?:him|her|my|our|the|them|me))\\b`,
        `\\b(?:from|on) (?:my|his|her|our|the|their) (?:own )?(?:${kin}|side)\\b`,
        `\\b(?:will|would|could|can|does|do|might|should|are) (?:\\w+ ){0,4}${kin} (?:\\w+ ){0,4}(?:get|have|has|it|too|inherit|develop|carry|risk)\\b`,
        `\\b(?:chances?|odds|likely|risk|probability|afraid for|50/50|fifty)\\b(?:[^.?!]*\\b(?:${kin}|them|another|pregnan\\w*)\\b)`,
        `\\b${kin}\\b[^.?!]*\\b(?:chances?|odds|get it|gets it|have it|has it|catch it|inherit)\\b`,
        `\\b(?:happen again|skip a generation|born with|in (?:the|our|my|his|her) famil\\w+|50/50|fifty[- ]fifty|got it from|get (?:this|it) from|(?:odds|chances?) (?:\\w+ )?(?:they|theyll|he|hell|she|shell|it|itll) (?:\\w+ )?(?:gets?|has|have))\\b`,
      ].join('|'),
    ),
  },
  {
    name: 'genes',
    heading: /\b(?:genes?|genetics?|genetic changes|mutations?|chromosom\w*)\b/i,
    asked:
      /\b(?:genes?|genetic (?:changes?|tests?|testing|mutations?|defects?|causes?)|mutations?|mutated|dna|chromosom\w*)\b/,
  },
  {
    name: 'frequency',
    heading: /\b(?:frequency|prevalence|incidence|statistics|how common|epidemiology)\b/i,
    asked: new RegExp(
      [
        `\\bhow (?:\\w+ )?(?:common|rare|frequent|unusual|widespread|often (?:does|do|is|are) (?:this|it|that|these))\\b`,
        `\\bhow many (?:people|persons?|folks|others?|kids|children|babies|cases|men|women|there|of us|of them|in|have)\\b`,
        `\\b(?:one|1) in (?:how many|a|every|\\d)`,
        `\\b(?:is|are) (?:\\w+ ){1,5}(?:rare|common)\\b|\\b(?:super|very|that|really|so) rare\\b`,
        `\\bthe only ones?\\b|\\b(?:many|lots of|any) (?:other )?(?:people|folks|others|cases) (?:\\w+ )?(?:with|have|has|get|like)\\b`,
      ].join('|'),
    ),
  },
  {
    name: 'tests',
    heading: /\b(?:exams?|tests?|testing|diagnos\w*|screening)\b/i,
    asked: new RegExp(
      [
        `\\b(?:tests?|tested|testing|exams?|diagnos\\w*|screen(?:ed|ing)?|scans?|biops\\w*|confirm(?:ed)?|blood ?work)\\b`,
        `\\bhow (?:do|does|will|would|can|could|did|are|is) (?:\\w+ ){1,4}(?:know|find out|figure|check|be sure|tell (?:if|whether|its|it is|that)|make sure|see if)\\b`,
        `\\bknow (?:for sure|whether|if (?:i|he|she|it|we))\\b|\\bcheck(?:ed)? (?:for|that|it)\\b|\\bput a camera\\b`,
      ].join('|'),
    ),
  },
  {
    name: 'treatment',
    heading: /\b(?:treat\w*|therap\w*|management|managing|medicines?|medications?|care|cure|remed\w*)\b/i,
    asked: new RegExp(
      [
        `\\b(?:treat\\w*|therap\\w*|cure[ds]?|curable|fix(?:ed)?|heal(?:ed)?|medicines?|medications?|meds|drugs?|pills?|tablets?|antibiotics?|surg[eu]ry|operat\\w*|chemo\\w*|radiation|crowns|counsel\\w*|councel\\w*|remed\\w*|relief|cream)\\b`,
        `\\bget(?:s|ting)? rid of\\b|\\b(?:manag(?:e|ed|ing))\\b|\\btake care of\\b`,
        `\\bwhat (?:\\w+ ){0,4}(?:can|could|will|is|do|to|be) (?:\\w+ ){0,4}(?:done|do (?:for|about|with|against)|help)\\b`,
        `\\bwhat (?:\\w+ ){0,4}(?:helps?|works?|kills|options|choices)\\b|\\b(?:what|which) (?:\\w+ ){0,3}(?:options|choices)\\b`,
        `\\b(?:anything|something|what(?:ever)?|more) (?:\\w+ ){0,5}(?:done|takes? the pain|do for|help|helps|do about|they (?:can|could) do)\\b`,
        `\\bhow (?:do|does|is|are|can|would|will) (?:\\w+ ){1,4}(?:treated?|go about|handled?|managed?|fixed|help)\\b`,
        `\\bwhich (?:ones? )?(?:do|does) (?:they|you|doctors) (?:use|give)\\b|\\bdo doctors do\\b|\\bdo dentists do\\b`,
        `\\b(?:make|made|get|getting) (?:\\w+ )?(?:better|well)\\b|\\bcut (?:\\w+ )?(?:out|open|off)\\b`,
      ].join('|'),
    ),
  },
  {
    name: 'prevention',
    heading: /\b(?:prevent\w*|avoid\w*|protect\w*)\b/i,
    asked: new RegExp(
      [
        `\\b(?:prevent\\w*|avoid\\w*|protect\\w*|vaccin\\w*|immuni[sz]\\w*|shot|jab)\\b`,
        `\\b(?:stop|keep|make sure|so) (?:\\w+ ){0,6}(?:coming back|com(?:e|es|ing)|happen(?:ing)?|again|getting|from getting|never|dont get|doesnt get|does not get|do not get)\\b`,
        `\\b(?:keep|be|stay) (?:\\w+ )?safe\\b|\\blowers? (?:my|the|his|her|your) (?:chances?|risk)\\b`,
      ].join('|'),
    ),
  },
  {
    name: 'outlook',
    heading: /\b(?:outlook|prognosis|life expectancy|survival|expect)\b/i,
    asked: new RegExp(
      [
        `\\b(?:outlook|prognosis|life expectancy|surviv\\w*|die|dies|dying|deadly|fatal|long run|terminal|serious)\\b`,
        `\\bhow long (?:does|do|will|can|could|would|has|have|is)\\b|\\blive (?:long|with|a normal|to be)\\b|\\bnormal life\\b`,
        `\\b(?:what|whats|his|her|my|the|your) (?:are |is )?(?:\\w+ )?(?:chances|odds)\\b(?!.*\\b${kin}\\b)`,
        `\\b(?:get(?:s|ting)? (?:worse|better)|go(?:es)? away|over the years|as time goes|future|grow out|forever|walk and talk|be ok)\\b`,
      ].join('|'),
    ),
  },
  {
    name: 'risk',
    heading: /\b(?:suscept\w*|risks?|at risk|who gets)\b/i,
    asked: new RegExp(
      [
        `\\bwho (?:gets?|has|mostly|usually|else|(?:is|are)(?! (?:the (?!most)|our |my |your )))\\b`,
        `\\b(?:more|most|very|so) (?:likely|prone|at risk)\\b|\\blikely to (?:get|have)\\b|\\b(?:higher|greater|raises?|increase[sd]?|at|my|the|in) (?:risk|danger)\\b`,
        `\\bpeople like (?:me|him|her|us)\\b|\\b(?:kind|sort|type)s? of people\\b|\\bold people thing\\b|\\bworried about getting\\b`,
      ].join('|'),
    ),
  },
  {
    name: 'complications',
    heading: /\b(?:complicat\w*|consequences|long[- ]term effects)\b/i,
    asked:
      /\b(?:complicat\w*|down the road|lead(?:s|ing)? to|(?:what|anything) else (?:\w+ ){0,4}(?:do to|damage|harm|go wrong|wrong)|damage|harm (?:\w+ )?else|leave it|untreated|later on|other trouble)\b/,
  },
  {
    name: 'stages',
    heading: /\b(?:stages?|staging|grades?|phases)\b/i,
    asked: /\b(?:stages?|staging|grades?|levels?|how (?:far|advanced|bad)|spread|step by step)\b/,
  },
  {
    name: 'research',
    heading: /\b(?:research|trials?|studies|future directions)\b/i,
    asked:
      /\b(?:research\w*|stud(?:y|ies|ying|ied)|trials?|scientists?|labs?|progress|working on|anything new|new (?:drugs|treatments|things?)|being tested)\b/,
  },
  {
    name: 'living',
    heading:
      /\b(?:considerations?|living with|diet|nutrition|eating|lifestyle|points? to remember|tips|coping)\b/i,
    asked:
      /\b(?:eat(?:ing)?|foods?|diet\w*|drink|remember|keep in mind|tips?|cope|coping|living with|day to day|take care of (?:myself|yourself|himself|herself)|change in my life|how often (?:must|should)|what (?:to|(?:can|could|should|must) (?:i|we|you|one)) do (?:for|about|with|if|when|at home|myself))\b/,
  },
];

/**
 * Which kinds of section are asked for. Where something particular is asked beside "what is it", that is what is meant.
 *
 * @returns kind → how surely, (0, 1]
 */
export function kindsAsked(asking: readonly string[], story = ''): Map<string, number> {
  const found = kindsIn(asking.join(' . '));
  // No known kind is asked for: perhaps the story names one ("most antibiotics dont touch it. which ones would?").
  if (found.length === 0) return new Map(kindsIn(story).map((name, _, all) => [name, 0.5 / all.length]));
  const particular = found.filter((name) => name !== 'meaning');
  return new Map(
    found.map((name) => [
      name,
      (name === 'meaning' && particular.length > 0 ? 0.6 : 1) / Math.max(1, particular.length) ** 0.5,
    ]),
  );
}

function kindsIn(text: string): string[] {
  const plain = text.toLowerCase().replace(/['’]/g, '').replace(/\s+/g, ' ');
  return sectionKinds.filter(({ asked }) => asked.test(plain)).map(({ name }) => name);
}

/** The kind that the innermost heading names; undefined where none does. Several fit "Risks and prevention". */
export function kindsOfHeading(headings: readonly string[]): string[] {
  const last = headings.at(-1);
  return last === undefined
    ? []
    : sectionKinds.filter(({ heading }) => heading.test(last)).map(({ name }) => name);
}
