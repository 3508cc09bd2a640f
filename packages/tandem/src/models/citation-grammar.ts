/** Characters between a group of citation markers and the next: a sentence is longer, and " [1] [1] [1]" is none. */
const leastText = 10;

/**
 * GBNF rules for a JSON string that cites numbered sources: it names those from `[1]` to `[sources]` and no other, at most three
 * in a row and none twice running, and has words between one group and the next. Greedy decoding of a briefly trained model falls
 * into "[1] [1] [1]" or counts up to "[43]" until its tokens are spent; held to these rules it continues with its next sentence, or
 * ends. A bracket before anything but a digit is text.
 *
 * @param length in characters, markers included; markers come only after the first `minLength`.
 * @returns the rules by name; `cited` is the string.
 */
export function citedString(
  sources: number,
  { minLength = 0, maxLength }: { minLength?: number | undefined; maxLength?: number | undefined } = {},
): Record<string, string> {
  const rules: Record<string, string> = {
    // Without \u escapes, which could spell a marker: what they are needed for, control characters, belongs in no answer.
    'cited-text': '[^"\\\\[\\x7F\\x00-\\x1F] | "\\\\" ["\\\\/bfnrt]',
    'cited-bracket': '"[" [^0-9"\\\\[\\x7F\\x00-\\x1F]',
    ...(sources > 0 && markers(sources)),
  };
  const opening = minLength > 0 ? `"\\"" cited-text{${minLength},${minLength}}` : '"\\""';
  const group = sources > 0 ? `cited-markers cited-text{${leastText},${leastText}}` : undefined;
  if (maxLength === undefined) {
    rules['cited-part'] = ['cited-text', 'cited-bracket', ...(group ? [group] : [])].join(' | ');
    return { ...rules, cited: `${opening} cited-part* ${group ? 'cited-markers? ' : ''}"\\""` };
  }

  // One rule for each number of characters that are left: a repetition would need parts of one length.
  const longestGroup = Math.min(3, sources) * `[${sources}] `.length - 1;
  const left = (count: number) => `cited-${count}-left`;
  for (let count = 0; count <= maxLength - minLength; count++) {
    const ways = ['""'];
    if (count >= 1) ways.push(`cited-text ${left(count - 1)}`);
    if (count >= 2) ways.push(`cited-bracket ${left(count - 2)}`);
    if (group && count >= longestGroup) ways.push('cited-markers');
    const behind = count - longestGroup - leastText;
    if (group && behind >= 0) ways.push(`${group} ${left(behind)}`);
    rules[left(count)] = ways.join(' | ');
  }
  return { ...rules, cited: `${opening} ${left(maxLength - minLength)} "\\""` };
}

/** `cited-markers`: one to three of the sources' markers, neighbours different, with or without a space between. */
function markers(sources: number): Record<string, string> {
  const numbers = Array.from({ length: sources }, (_, index) => index + 1);
  const marker = (number: number) => `"[${number}]"`;
  // The rules grow with the square of the sources: for very many, neighbours may be the same.
  if (sources > 40)
    return {
      'cited-marker': numbers.map(marker).join(' | '),
      'cited-markers': 'cited-marker (" "? cited-marker){0,2}',
    };
  const first = (number: number) => `cited-${number}-first`;
  const second = (number: number) => `cited-${number}-second`;
  const rules: Record<string, string> = { 'cited-markers': numbers.map(first).join(' | ') };
  for (const number of numbers) {
    const others = numbers.filter((other) => other !== number);
    const followed = (by: (other: number) => string) =>
      others.length > 0 ? ` (" "? (${others.map(by).join(' | ')}))?` : '';
    rules[first(number)] = marker(number) + followed(second);
    rules[second(number)] = marker(number) + followed(marker);
  }
  return rules;
}
