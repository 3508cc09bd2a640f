/** What Alder Works, a bicycle maker that does not exist, has its people know. In your program these come from wherever you keep them. */
export const documents = [
  {
    uri: 'leave.md',
    text: `# Leave

Everybody at Alder Works has 30 days of leave a year. Days that are left can be taken until the end of March; after that they are lost.

Leave of more than three weeks in one piece is agreed with the team lead two months ahead.
`,
  },
  {
    uri: 'travel.md',
    text: `# Travel

Trains are booked through the office in Bremen. Second class up to four hours, first class on longer journeys.

Meals on the road are paid up to 32 euros a day. Receipts are handed in within two weeks of the journey.
`,
  },
  {
    uri: 'workshop.md',
    text: `# Workshop

## Tools

Tools may be taken home from Friday noon until Monday at eight. Each is written into the green book at the door.

## Safety

Nobody welds alone. The eye wash stands beside the spray booth and is checked on the first of each month.
`,
  },
  {
    uri: 'heron.md',
    text: `# The Heron

The Heron is our cargo bicycle. It carries 180 kilograms, rider included, and weighs 34.

Frames have a warranty of ten years, batteries of two. A frame that cracks is replaced, not welded.
`,
  },
  {
    uri: 'pay.md',
    text: `# Pay

Pay comes on the 25th of each month. In November a thirteenth month is paid to everybody who has been here since January.
`,
  },
];
