import { defaultPrompts } from '../../packages/tandem/src/answer/prompt.ts';
import type { PromptVariant } from '../../packages/tandem/src/core/settings.ts';

const refusal =
  'If the sources do not contain the answer, write exactly: {notInSources} {format} {styleGuide}';

/** Prompts that were tried for the default of rag; `default` is the one that is shipped. */
export const variants: Readonly<Record<string, PromptVariant>> = {
  default: defaultPrompts.rag,
  'before 2026-12': {
    id: 'before 2026-12',
    system: `Answer the question from the numbered sources only. After each sentence write the number of its source in square brackets, like [1]. ${refusal}`,
    examples: [],
  },
  sentence: {
    id: 'sentence',
    system: `Answer the question in one or two complete sentences, from the numbered sources only. Give the exact name, number or date that is asked for. End each sentence with the number of its source in square brackets, like this: The gate opens at seven [2]. ${refusal}`,
    examples: [],
  },
  'one example': {
    id: 'one example',
    system: `Answer the question in a complete sentence, from the numbered sources only, with the exact name, number or date that is asked for, and the number of its source in square brackets behind it. ${refusal}`,
    examples: [
      {
        user: 'Sources:\n\n[1] Garden: Tools\nTools hang in the shed. The key is with the caretaker.\n\n[2] Garden: Hours\nThe gate opens at seven and is locked at dusk.\n\nQuestion: When does the gate open?',
        assistant: 'The gate opens at seven. [2]',
      },
    ],
  },
  'two examples': {
    id: 'two examples',
    system: `Answer the question in a complete sentence, from the numbered sources only, with the exact name, number or date that is asked for, and the number of its source in square brackets behind it. ${refusal}`,
    examples: [
      {
        user: 'Sources:\n\n[1] Garden: Tools\nTools hang in the shed. The key is with the caretaker.\n\n[2] Garden: Hours\nThe gate opens at seven and is locked at dusk.\n\nQuestion: When does the gate open?',
        assistant: 'The gate opens at seven. [2]',
      },
      {
        user: 'Sources:\n\n[1] Garden: Tools\nTools hang in the shed. The key is with the caretaker.\n\n[2] Garden: Hours\nThe gate opens at seven and is locked at dusk.\n\nQuestion: What does a plot cost?',
        assistant: '{notInSources}',
      },
    ],
  },
  'refusal first': {
    id: 'refusal first',
    system:
      'You answer questions from numbered sources. Only if none of them has the answer, reply: {notInSources} Else reply with a complete sentence that gives the exact name, number or date that is asked for, and end it with the number of its source in square brackets, such as [2]. {format} {styleGuide}',
    examples: [],
  },
  'no refusal': {
    id: 'no refusal',
    system:
      'Answer the question from the numbered sources, in a complete sentence that gives the exact name, number or date that is asked for. End it with the number of its source in square brackets, such as [2]. {format} {styleGuide}',
    examples: [],
  },
  'no refusal + example': {
    id: 'no refusal + example',
    system:
      'Answer the question from the numbered sources, in a complete sentence that gives the exact name, number or date that is asked for. End it with the number of its source in square brackets. {format} {styleGuide}',
    examples: [
      {
        user: 'Sources:\n\n[1] Garden: Tools\nTools hang in the shed. The key is with the caretaker.\n\n[2] Garden: Hours\nThe gate opens at seven and is locked at dusk.\n\nQuestion: When does the gate open?',
        assistant: 'The gate opens at seven. [2]',
      },
    ],
  },
};
