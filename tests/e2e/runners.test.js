//! The package in test runners: vitest with jsdom and with happy-dom, Jest with jsdom, each as it is installed; what runs in them
//! lies in tests/runners. Everything imports and renders, and a start says NOT_SUPPORTED.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { install, run } from './consumer.js';

let app;
const runner = (program, ...args) => run(process.execPath, [`node_modules/${program}`, ...args], (app ??= install('tests/runners')));

for (const environment of ['jsdom', 'happy-dom']) {
  test(`vitest 3 with ${environment}`, { timeout: 600_000 }, () => {
    assert.match(runner('vitest/vitest.mjs', 'run', '--globals', '--environment', environment, 'import.test.js'), /Tests .*\d+ passed/);
  });
}

test('Jest 29 with jsdom: imported, and required', { timeout: 600_000 }, () => {
  runner('jest/bin/jest.js', '--env', 'jsdom', '--ci');
});
