import type { ChatTemplate } from '../chat-template.ts';
import { type CallForm, callForms, hermesForm } from './call-form.ts';
import { readReply } from './read-reply.ts';
import type { TemplateMessage, TemplateTool } from './template-message.ts';

/** What a chat template knows of tools. */
export interface TemplateTools {
  /** How the model writes calls. */
  form: CallForm;
  /** The template itself shows the tools, calls and results; where it does not, they are put into the messages' text. */
  native: boolean;
  /** One message may have several calls. */
  several: boolean;
  /** The template has a system message. */
  system: boolean;
}

const tool: TemplateTool = {
  type: 'function',
  function: {
    name: 'tandem_probe',
    description: 'Says a word.',
    parameters: { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] },
  },
};
const call = (id: string, word: string) => ({
  id,
  type: 'function' as const,
  function: { name: tool.function.name, arguments: { word } },
});
const asked: TemplateMessage = { role: 'user', content: 'Say a word.' };
const one: TemplateMessage = { role: 'assistant', content: '', tool_calls: [call('call00000', 'first')] };
const two: TemplateMessage = {
  role: 'assistant',
  content: '',
  tool_calls: [call('call00000', 'first'), call('call00001', 'second')],
};
const said: TemplateMessage = {
  role: 'tool',
  content: 'tandem-result',
  tool_call_id: 'call00000',
  name: tool.function.name,
};

/**
 * Finds out by rendering a call: what the template writes for it is what its model was trained to write. A template that does not show a
 * tool, a call or its result, refuses them, or writes calls in none of `callForms`, counts as one that knows no tools.
 */
export function templateTools(template: ChatTemplate): TemplateTools {
  const render = (...asked: Parameters<ChatTemplate['render']>) => {
    try {
      return template.render(...asked);
    } catch {
      return '';
    }
  };
  const system = render([{ role: 'system', content: 'tandem-system' }, asked]).includes('tandem-system');
  const before = render([asked], [tool]);
  const shown = before.includes(tool.function.name);
  const resultShown = render([asked, one, said], [tool]).includes('tandem-result');
  const form = callForms.find((form) => readsCalls(form, before, render([asked, one], [tool]), ['first']));
  if (form === undefined || !shown || !resultShown) {
    return { form: hermesForm, native: false, several: true, system };
  }
  const several = readsCalls(form, before, render([asked, two], [tool]), ['first', 'second']);
  return { form, native: true, several, system };
}

/** Whether what is rendered after `before` is these calls in the form's own frame. */
function readsCalls(form: CallForm, before: string, rendered: string, words: string[]): boolean {
  let common = 0;
  while (common < before.length && before[common] === rendered[common]) common += 1;
  const { calls } = readReply(
    rendered.slice(common),
    { ...form, frames: [form.frames[0]] },
    [tool.function.name],
    { ended: true },
  );
  return (
    calls.length === words.length &&
    calls.every(
      ({ input, whole }, at) =>
        whole && JSON.stringify(JSON.parse(input)) === JSON.stringify({ word: words[at] }),
    )
  );
}
