/** Whether a text says that the sources do not have it: the agreed sentence, alone or with a lead such as the condition's name before it. */
export function isAbstention(text: string, notInSources: string): boolean {
  const plain = (value: string) =>
    value
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim();
  const sentence = plain(notInSources);
  return sentence.length > 0 && plain(text).endsWith(sentence);
}
