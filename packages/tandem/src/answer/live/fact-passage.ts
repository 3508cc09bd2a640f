import type { Passage } from '../../core/types/document.ts';
import { textOf } from '../../sources/records/template.ts';
import { liveUri } from './live-uri.ts';

/** Of a column no more is read, in characters: a fact is short. */
const mostOfValue = 500;

/** A row as a passage, that is cited as others are: `live:price/Harbour%20lamp`. */
export function factPassage({
  name,
  thing,
  row,
  readAt,
}: {
  name: string;
  thing: string;
  /** Absent: there is nothing of the thing now. */
  row: Readonly<Record<string, unknown>> | undefined;
  /** ISO 8601, UTC. */
  readAt: string;
}): Passage {
  const columns = Object.entries(row ?? {}).map(
    ([column, value]) =>
      `${column.replaceAll('_', ' ')} ${textOf(value).slice(0, mostOfValue) || 'not given'}`,
  );
  // One sentence, so that a citation of it has the value together with what it is of.
  const said = columns.length > 0 ? columns.join(', ') : `no ${name} now`;
  const text = `${thing}: ${said}; read on ${readAt.slice(0, 19).replace('T', ' at ')} UTC.`;
  const uri = liveUri(name, thing);
  return {
    id: `${uri}#0`,
    documentId: uri,
    uri,
    title: `${name}, live`,
    ordinal: 0,
    start: 0,
    end: text.length,
    text,
    headingPath: [`${name}, live`, thing],
    rank: 1,
    score: 1,
    scores: {},
    freshness: { seenAt: readAt, changedAt: readAt },
  };
}
