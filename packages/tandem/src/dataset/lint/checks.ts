import type { Check } from './check.ts';
import { contradictions } from './contradictions-check.ts';
import { emptyAnswers } from './empty-answers.ts';
import { exactDuplicates } from './exact-duplicates.ts';
import { imbalance } from './imbalance.ts';
import { leakage } from './leakage-check.ts';
import { nearDuplicates } from './near-duplicates.ts';
import { personalData } from './personal-data.ts';
import { refusingAnswers } from './refusing-answers.ts';
import { restrictedDocuments } from './restricted-documents-check.ts';
import { roles } from './roles.ts';
import { sameMeaning } from './same-meaning.ts';
import { schema } from './schema.ts';
import { secrets } from './secrets.ts';
import { staleFacts } from './stale-facts.ts';
import { templateTokens } from './template-tokens.ts';
import { tooLong } from './too-long.ts';

/** All checks of training data, in the order in which they are told: form, content, then what examples have to do with each other. */
export const checks: readonly Check[] = [
  schema,
  roles,
  emptyAnswers,
  refusingAnswers,
  tooLong,
  templateTokens,
  secrets,
  personalData,
  staleFacts,
  restrictedDocuments,
  exactDuplicates,
  nearDuplicates,
  sameMeaning,
  contradictions,
  leakage,
  imbalance,
];
