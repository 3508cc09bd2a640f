import { withoutMarkers } from '../../answer/citations.ts';
import type { Check } from './check.ts';
import { learntReplies } from './items.ts';

export const emptyAnswers: Check = {
  name: 'empty-answers',
  severity: 'error',
  finds: 'replies that say nothing: blank, marks alone, or a placeholder that nobody filled in',
  find: ({ items }) =>
    items.flatMap((item) => {
      const empty = learntReplies(item).find(isEmptyAnswer);
      if (empty === undefined) return [];
      const shown = empty.trim();
      return [
        {
          where: item.where,
          message: shown === '' ? 'the reply is empty' : `the reply says nothing: ${JSON.stringify(shown)}`,
        },
      ];
    }),
};

/** What programs and forms write where there is no value; "none" and "NA" are not among them, since they answer questions. */
const placeholders =
  /^(?:n\/a|#n\/?a|<na>|-?nan|null|nil|undefined|todo|tbd|tba|fixme|xxx+|placeholder|lorem ipsum.*)$/is;
/** A name in brackets and nothing else: "[answer]", "<your reply>", "{{output}}". A list has commas, and a program more. */
const bracketed =
  /^(?:\[[^\],\d]+\]|<[^<>,]+>|\{\{?[^{},:"]+\}?\}|\$\{[^{},]+\}|%[\w ]+%|_{2,}[\w ]*_{2,})$/u;

/** Whether there is nothing in a reply to learn. Numbers, symbols, operators and pictures are something: "5", "≥", "&", "👍". */
export function isEmptyAnswer(text: string): boolean {
  const said = withoutMarkers(text).trim();
  if (placeholders.test(said.replace(/[.!…]+$/, '')) || bracketed.test(said)) return true;
  return !/[\p{L}\p{N}\p{S}\p{Extended_Pictographic}&@%#§]/u.test(said);
}
