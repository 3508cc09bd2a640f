import { looksAbbreviated } from '../text/abbreviation-form.ts';
import type { TokenMeter } from './token-meter.ts';

export interface PrefixParts {
  title: string;
  aliases: string[];
  /** Below the title. */
  headings: string[];
}

/**
 * "Title (ABL; other name): Heading › Subheading", within `maxTokens`. The title takes at most half of it, the headings
 * what they need of the rest (the innermost first), the other names what is left: abbreviations first, for nothing else
 * in a chunk leads from "ABL" to it, then in the document's order.
 */
export async function prefixWithin(
  parts: PrefixParts,
  maxTokens: number,
  meter: TokenMeter,
): Promise<string> {
  const title = await cut(parts.title, Math.floor(maxTokens / 2), meter);
  if (title === '') return '';
  let headings: string[] = [];
  for (const heading of parts.headings.toReversed()) {
    const longer = [await cut(heading, Math.floor(maxTokens / 3), meter), ...headings].filter(Boolean);
    if ((await meter.count(format(title, [], longer))) > maxTokens) break;
    headings = longer;
  }
  let aliases: string[] = [];
  for (const alias of [
    ...parts.aliases.filter(looksAbbreviated),
    ...parts.aliases.filter((name) => !looksAbbreviated(name)),
  ]) {
    const more = [...aliases, alias];
    if ((await meter.count(format(title, more, headings))) > maxTokens) {
      // A shorter name further on may still fit, but a list of a hundred is not tried to its end.
      if (aliases.length > 0 && !looksAbbreviated(alias)) break;
      continue;
    }
    aliases = more;
  }
  const prefix = format(title, aliases, headings);
  // Tokens of parts need not add up to the whole's in every tokenizer.
  return (await meter.count(prefix)) <= maxTokens ? prefix : '';
}

/**
 * A title that a program made: a UUID, a hash. Where a file is called so and nothing in it is a title, the name says nothing of what is
 * in it, and would only take room from what is embedded.
 */
export function isMachineMade(title: string): boolean {
  const parts = title.split(/[\s_-]+/);
  const all = parts.join('');
  if (!/\d/.test(all) || !/[a-z]/i.test(all)) return false;
  if (parts.every((part) => /^[0-9a-f]+$/i.test(part))) return all.length >= 12;
  // As ULID and base 62 have it: no word of a language changes between letters and digits so often.
  return parts.length === 1 && all.length >= 16 && (all.match(/\d(?=[a-z])/gi)?.length ?? 0) >= 3;
}

function format(title: string, aliases: string[], headings: string[]): string {
  return `${title}${aliases.length > 0 ? ` (${aliases.join('; ')})` : ''}${headings.length > 0 ? `: ${headings.join(' › ')}` : ''}`;
}

/** The longest run of whole words from the start that fits; of a single word too long, nothing. */
async function cut(text: string, maxTokens: number, meter: TokenMeter): Promise<string> {
  const words = text.split(/\s+/).filter(Boolean).slice(0, maxTokens);
  let fits = words.length;
  while (fits > 0 && (await meter.count(words.slice(0, fits).join(' '))) > maxTokens) {
    fits = fits > 8 ? Math.floor(fits * 0.75) : fits - 1;
  }
  return words.slice(0, fits).join(' ');
}
