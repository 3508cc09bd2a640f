import { describe, expect, it } from 'vitest';
import { templateTools } from './template-tools.ts';
import { fixtureTemplate, type TemplateName } from './templates.fixture.ts';

describe('what a template knows of tools is found by rendering a call', () => {
  const known: [TemplateName, { form: string; native: boolean; several: boolean; system: boolean }][] = [
    ['hermes', { form: 'hermes', native: true, several: true, system: true }],
    ['llama3', { form: 'llama3', native: true, several: false, system: true }],
    ['mistral', { form: 'mistral', native: true, several: true, system: true }],
    ['mistral-args', { form: 'mistral-args', native: true, several: true, system: true }],
    ['none', { form: 'hermes', native: false, several: true, system: true }],
    ['no system', { form: 'hermes', native: false, several: true, system: false }],
  ];
  it.each(known)('%s', (name, expected) => {
    const { form, ...rest } = templateTools(fixtureTemplate(name).template);
    expect({ form: form.name, ...rest }).toEqual(expected);
  });
});
