//! The package in WebKit, the engine of Safari.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { launchWebKit, webkitPath } from './webkit.js';
import { skips, wholeWay } from './whole-way.js';

const skip = skips('webkit');
before(() => assert.ok(skip || webkitPath, "no WebKit: install Debian's webkit2gtk-driver and xvfb, or leave these tests out with SKIP=webkit"));

wholeWay('WebKitGTK', skip, launchWebKit);
