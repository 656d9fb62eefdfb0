import * as bonafide from 'bonafide-liveness';
import * as element from 'bonafide-liveness/element';
import * as react from 'bonafide-liveness/react';
import * as React from 'react';
import { createRoot } from 'react-dom/client';
import { testInert } from './inert.js';

testInert({ bonafide, element, react, React, createRoot });
