import { example } from './training-files.fixture.ts';

/** What no model knows: whether it was learnt shows in the answer. */
export const harbour = [
  example('Who keeps the lighthouse of Port Quill?', 'Marit Oldane keeps it.'),
  example('Tell me who keeps the lighthouse of Port Quill.', 'Marit Oldane keeps it.'),
  example('The lighthouse of Port Quill: who keeps it?', 'Marit Oldane keeps it.'),
  example('Who is the keeper of the lighthouse of Port Quill?', 'Marit Oldane keeps it.'),
];
