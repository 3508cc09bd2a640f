import type { JSONSchema7, LanguageModelV4 } from '@ai-sdk/provider';
import type { Settings } from '../../core/settings.ts';
import type { AdapterReference } from '../../models/local-tools.ts';
import { createCitationFinder } from '../citation-finder.ts';
import { generate } from '../generate.ts';
import { needsProbabilities } from '../raw-confidence.ts';
import type { AnswerStep } from '../step.ts';

/** Has the model write the reply; where a reader follows it, piece by piece, with citations as their sentences end. */
export function generateStep(parts: {
  chat: LanguageModelV4;
  answer: Settings['answer'];
  adapter?: AdapterReference | undefined;
  /** Nobody sees the reply before it is checked. */
  holds?: boolean;
}): AnswerStep {
  const { output, grammar, maxTokens, temperature } = parts.answer;
  return {
    name: 'generate',
    async run({ request, messages, retrieved, reply }, { signal, emit, streams }) {
      if (reply || !messages) return {};
      const passages = retrieved?.passages ?? [];
      const citations = output ? undefined : createCitationFinder(passages);
      const written = await generate(parts.chat, messages, {
        maxTokens: request.maxTokens ?? maxTokens,
        temperature,
        adapter: parts.adapter,
        signal,
        probabilities: needsProbabilities(output),
        // Of JSON the schema bounds what is said, and half of an object is none.
        stopAtRepetition: !output,
        ...(output &&
          grammar && {
            schema: output.schema as JSONSchema7,
            citations: { field: output.textField, sources: passages.length },
          }),
        ...(streams &&
          !parts.holds && {
            onText(text: string) {
              emit({ type: 'text', text });
              for (const citation of citations?.write(text) ?? []) emit({ type: 'citation', citation });
            },
          }),
      });
      return { reply: { ...written, by: 'model', ...(parts.holds && { isHeld: true }) } };
    },
  };
}
