#!/usr/bin/env node
// The command `tandem`. Plain JavaScript that an old Node understands as well: it finds a Node that can run the program, and runs it.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { engines, devEngines } = require('../package.json');
/** The oldest Node that can run the program, as `24` or `24.4`: published as `engines`, see CONTRIBUTING.md. */
const [least] = /\d[\d.]*/.exec(engines?.node ?? devEngines.runtime.version);

// In the repository the sources are run as they are; where the package is installed, what was compiled from them.
const sources = new URL('../src/cli/main.ts', import.meta.url);
const program = existsSync(sources) ? sources : new URL('../lib/cli/main.js', import.meta.url);

if (isEnough(process.versions.node)) await import(program.href);
else {
  const node = nodeFromNpm();
  if (node) runWith(node);
  else {
    const name = packageNames()[0];
    console.error(
      `tandem needs Node ${least} or later, and ${process.execPath} is Node ${process.versions.node}: install a newer one from https://nodejs.org, or run \`npm install ${name}@${least.split('.')[0]}\` in the folder where you installed tandem.`,
    );
    process.exitCode = 1;
  }
}

function isEnough(version) {
  const [wanted, given] = [least, version].map((text) => text.split('.').map(Number));
  const differs = wanted.findIndex((part, index) => part !== given[index]);
  return differs < 0 || given[differs] > wanted[differs];
}

/** Packages that hold nothing but Node's program for this system and processor. */
function packageNames() {
  const system = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const names = [`node-${system}`, `node-bin-${system}`];
  // Of Node 24, only the second is there for Apple's processors.
  return system === 'darwin-arm64' ? names.reverse() : names;
}

/** The program of such a package, if one that is new enough is installed where this file could import it; the working folder is not asked. */
function nodeFromNpm() {
  for (const name of packageNames()) {
    try {
      const manifest = require.resolve(`${name}/package.json`);
      const { version, bin } = JSON.parse(readFileSync(manifest, 'utf8'));
      const node = path.join(path.dirname(manifest), bin.node);
      if (isEnough(version) && existsSync(node)) return node;
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}

/** Becomes the program as far as that can be told from outside: its input and output, the signals sent to it, and how it ends. */
function runWith(node) {
  const child = spawn(node, [...process.execArgv, fileURLToPath(program), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  // A terminal sends Ctrl-C to both processes, `kill` only to this one; which of them it was cannot be known. It is always passed on, and
  // the program takes two in a row for one. On Windows a signal passed on would be the child's end, and the console tells both.
  const signals = process.platform === 'win32' ? [] : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
  const passOn = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, passOn);
  if (process.platform === 'win32') process.on('SIGINT', () => {});
  child.on('error', (error) => {
    console.error(
      `tandem could not start ${node}: ${error.message}. Run \`npm ci\`, which installs it again.`,
    );
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    for (const name of signals) process.off(name, passOn);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
}
