/** Whether a message of an example is a reply that is learnt. */
export function isLearnt({ role, weight }: { role: string; weight?: 0 | 1 | null | undefined }): boolean {
  return role === 'assistant' && weight !== 0;
}

/**
 * The text of a message; what is no text in it (an image, a call of a tool) is left out. Parts are joined by LF, as llama.cpp's server
 * joins them.
 */
export function textOfMessage({
  content,
}: {
  content?: string | readonly { type: string; text?: unknown }[] | null | undefined;
}): string {
  if (typeof content === 'string') return content;
  return (content ?? [])
    .flatMap(({ type, text }) => (type === 'text' && typeof text === 'string' ? text : []))
    .join('\n');
}
