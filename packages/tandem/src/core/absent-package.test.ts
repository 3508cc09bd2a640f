import { expect, test } from 'vitest';
import { absentPackageOf } from './absent-package.ts';

test.for([
  ["Cannot find package 'pg' imported from /home/me/node_modules/tandem/x.js", 'ERR_MODULE_NOT_FOUND', 'pg'],
  ["Cannot find module 'pg-types/lib'\nRequire stack:\n- /home/me/pg.js", 'MODULE_NOT_FOUND', 'pg-types'],
  ["Cannot find package '@scope/own/part' imported from /x.js", 'ERR_MODULE_NOT_FOUND', '@scope/own'],
  ["Cannot find module '/home/me/pg.js' imported from /x.js", 'ERR_MODULE_NOT_FOUND', undefined],
  ["Cannot find module './pg.js'", 'MODULE_NOT_FOUND', undefined],
  ["Cannot find package 'pg' imported from /x.js", 'EACCES', undefined],
] as const)('%s', ([message, code, name]) => {
  expect(absentPackageOf(Object.assign(new Error(message), { code }))).toBe(name);
});
