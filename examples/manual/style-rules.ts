/** The house style as checks of the text that a person reads. */
export const styleRules = [
  {
    id: 'begins',
    description: 'Begins with "Borg: ".',
    check: (text: string) => text.startsWith('Borg: '),
  },
  {
    id: 'short',
    description: 'At most 30 words.',
    check: (text: string) => text.split(/\s+/).length <= 30,
  },
];
