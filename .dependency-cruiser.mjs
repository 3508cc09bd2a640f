// Imports point one way. Each layer may import itself and the layers to its left, never one to its right.
const layers = [
  ['core', 'statistics', 'text'],
  ['catalog', 'models', 'sources', 'parse', 'chunk', 'store'],
  ['index'],
  ['ingest', 'retrieve'],
  ['verify'],
  ['rails'],
  ['answer'],
  ['agent', 'dataset'],
  ['tune'],
  ['evaluate'],
  ['project'],
  ['server'],
  ['cli'],
];
const folder = (name) => `^packages/tandem/src/${name}/`;
const rightward = layers.slice(0, -1).map((layer, index) => ({
  name: `${layer.join('-')}-imports-rightward`,
  severity: 'error',
  from: { path: layer.map(folder) },
  to: {
    path: layers
      .slice(index + 1)
      .flat()
      .map(folder),
  },
}));
export default {
  forbidden: [
    ...rightward,
    {
      name: 'core-does-no-io',
      severity: 'error',
      from: {
        path: [folder('core'), folder('statistics'), folder('text')],
        pathNot: '\\.(test|fixture)\\.ts$',
      },
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
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
