// Imports point one way, and type imports count. Each layer may import itself and the layers to its left, never one to its right.
const tandemLayers = [
  ['core', 'statistics', 'text'],
  ['catalog', 'models', 'sources', 'parse', 'chunk', 'store'],
  ['index'],
  ['ingest', 'retrieve'],
  ['parts'],
  ['decide'],
  ['verify'],
  ['rails'],
  ['answer'],
  ['agent', 'dataset'],
  ['tune'],
  ['evaluate'],
  ['forget'],
  ['runtime'],
  ['project'],
  ['server'],
  ['cli'],
];
const nnLayers = [['errors'], ['graph', 'formats'], ['models'], ['adapters'], ['train']];

const tandem = (name) => `^packages/tandem/src/${name}/`;
const nn = (name) => `^packages/nn/src/${name}/`;

/** Tests (`*.test.ts`), and what only they use: servers, tiny models, programs to be killed (`*.fixture.ts`). */
const testAid = '\\.(test|fixture)\\.ts$';

/** Where nn is entered: by those who import it, and by the worker thread that it starts. */
const nnEntry = '^packages/nn/src/(index|train/thread-entry)\\.ts$';

/** One rule for each layer but the last: it imports nothing to its right. `from` narrows what the rules hold for. */
const pointLeft = (layers, { prefix = '', folder, from = {} }) =>
  layers.slice(0, -1).map((layer, index) => ({
    name: `${prefix}${layer.join('-')}-imports-rightward`,
    severity: 'error',
    from: { path: layer.map(folder), ...from },
    to: {
      path: layers
        .slice(index + 1)
        .flat()
        .map(folder),
    },
  }));

export default {
  forbidden: [
    ...pointLeft(tandemLayers, { folder: tandem }),
    // A test in nn may look rightward: what is written to a file is tested by running the model that reads it.
    ...pointLeft(nnLayers, { prefix: 'nn-', folder: nn, from: { pathNot: testAid } }),
    {
      name: 'nn-graph-knows-no-files',
      comment: 'A graph is built and run from arrays; where they come from is for models to know.',
      severity: 'error',
      from: { path: nn('graph'), pathNot: testAid },
      to: { path: nn('formats') },
    },
    {
      name: 'nn-formats-knows-no-graphs',
      severity: 'error',
      from: { path: nn('formats'), pathNot: testAid },
      to: { path: nn('graph') },
    },
    {
      name: 'nn-index-is-for-others',
      comment: 'Inside the package a file imports the file that it needs.',
      severity: 'error',
      from: { path: '^packages/nn/src/', pathNot: testAid },
      to: { path: '^packages/nn/src/index\\.ts$' },
    },
    {
      name: 'production-imports-test-aid',
      severity: 'error',
      from: { path: '^packages/(nn|tandem)/src/', pathNot: testAid },
      to: { path: testAid },
    },
    {
      name: 'nn-unused-in-production',
      comment: 'What only tests reach is a test aid under another name: call it *.fixture.ts.',
      severity: 'error',
      from: { path: nnEntry },
      to: { path: '^packages/nn/src/', pathNot: [testAid, nnEntry], reachable: false },
    },
    {
      name: 'core-does-no-io',
      severity: 'error',
      from: { path: [tandem('core'), tandem('statistics'), tandem('text')], pathNot: testAid },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|util)$' },
    },
    {
      name: 'nn-knows-nothing-of-tandem',
      severity: 'error',
      from: { path: '^packages/nn/' },
      to: { path: '^packages/tandem/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: '^packages/[^/]+/dist/',
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
