import { characterVocabulary } from '../character-vocabulary.fixture.ts';
import { type ChatTemplate, createChatTemplate } from '../chat-template.ts';

// Short templates in the forms that models' own templates document; each has its special tokens.

const words = {
  hermes: ['<|bos|>', '<|end|>', '<|start|>'],
  llama3: ['<|bos|>', '<|eot|>', '<|start|>', '<|/start|>'],
  mistral: ['<s>', '</s>', '[INST]', '[/INST]', '[TOOL_CALLS]', '[TOOL_RESULTS]', '[/TOOL_RESULTS]'],
  'mistral-args': ['<s>', '</s>', '[INST]', '[/INST]', '[TOOL_CALLS]', '[ARGS]'],
  none: ['<|bos|>', '<|end|>', '<|start|>'],
  'no system': ['<|bos|>', '<|end|>', '<|start|>'],
};

const sources: Record<keyof typeof words, string> = {
  hermes: `{%- if tools %}<|start|>system
{% if messages[0].role == 'system' %}{{ messages[0].content }}{% endif %}# Tools{% for tool in tools %}{{ '\\n' }}{{ tool | tojson }}{% endfor %}<|end|>
{% elif messages[0].role == 'system' %}<|start|>system
{{ messages[0].content }}<|end|>
{% endif %}{%- for message in messages %}{% if message.role == 'user' or (message.role == 'assistant' and not message.tool_calls) %}<|start|>{{ message.role }}
{{ message.content }}<|end|>
{% elif message.role == 'assistant' %}<|start|>assistant{% if message.content %}{{ '\\n' + message.content }}{% endif %}{% for call in message.tool_calls %}{{ '\\n<tool_call>' }}
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}<|end|>
{% elif message.role == 'tool' %}<|start|>user
<tool_response>
{{ message.content }}
</tool_response><|end|>
{% endif %}{% endfor %}{% if add_generation_prompt %}<|start|>assistant
{% endif %}`,
  llama3: `{{ bos_token }}{% if tools is defined %}<|start|>system<|/start|>

{% for tool in tools %}{{ tool | tojson(indent=4) }}{% endfor %}<|eot|>{% endif %}{% for message in messages %}{% if not (message.role == 'tool' or 'tool_calls' in message) %}<|start|>{{ message.role }}<|/start|>

{{ message.content | trim }}<|eot|>{% elif 'tool_calls' in message %}{% if not message.tool_calls | length == 1 %}{{ raise_exception('one call at once') }}{% endif %}<|start|>assistant<|/start|>

{"name": "{{ message.tool_calls[0].function.name }}", "parameters": {{ message.tool_calls[0].function.arguments | tojson }}}<|eot|>{% else %}<|start|>ipython<|/start|>

{{ message.content | tojson }}<|eot|>{% endif %}{% endfor %}{% if add_generation_prompt %}<|start|>assistant<|/start|>

{% endif %}`,
  mistral: `{{ bos_token }}{% for message in messages %}{% if message.role == 'user' %}{% if tools is defined and loop.first %}{{ tools | tojson }}{% endif %}[INST]{{ message.content }}[/INST]{% elif message.tool_calls is defined %}[TOOL_CALLS][{% for call in message.tool_calls %}{% set out = call.function | tojson %}{{ out[:-1] }}{% if call.id | length != 9 %}{{ raise_exception('nine letters') }}{% endif %}, "id": "{{ call.id }}"}{% if not loop.last %}, {% else %}]{{ eos_token }}{% endif %}{% endfor %}{% elif message.role == 'assistant' %}{{ message.content + eos_token }}{% elif message.role == 'tool' %}[TOOL_RESULTS]{"content": {{ message.content }}, "call_id": "{{ message.tool_call_id }}"}[/TOOL_RESULTS]{% else %}{{ message.content }}{% endif %}{% endfor %}`,
  'mistral-args': `{{ bos_token }}{% for message in messages %}{% if message.role == 'user' %}{% if tools is defined and loop.first %}{{ tools | tojson }}{% endif %}[INST]{{ message.content }}[/INST]{% elif message.tool_calls is defined %}{% for call in message.tool_calls %}[TOOL_CALLS]{{ call.function.name }}[ARGS]{{ call.function.arguments | tojson }}{% endfor %}{{ eos_token }}{% elif message.role == 'assistant' %}{{ message.content + eos_token }}{% else %}{{ message.content }}{% endif %}{% endfor %}`,
  none: `{% for message in messages %}<|start|>{{ message.role }}
{{ message.content }}<|end|>
{% endfor %}{% if add_generation_prompt %}<|start|>assistant
{% endif %}`,
  'no system': `{% for message in messages %}{% if message.role not in ['user', 'assistant'] %}{{ raise_exception('user and assistant only') }}{% endif %}<|start|>{{ message.role }}
{{ message.content }}<|end|>
{% endfor %}{% if add_generation_prompt %}<|start|>assistant
{% endif %}`,
};

export type TemplateName = keyof typeof words;

/** A template, and its tokens as text. */
export function fixtureTemplate(name: TemplateName): {
  template: ChatTemplate;
  decode(tokens: number[]): string;
} {
  const vocabulary = characterVocabulary(words[name]);
  return { template: createChatTemplate(sources[name], vocabulary), decode: vocabulary.decode };
}
