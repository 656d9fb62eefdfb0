const bonafide = require('bonafide-liveness');
const element = require('bonafide-liveness/element');
const react = require('bonafide-liveness/react');
const React = require('react');
const { createRoot } = require('react-dom/client');
const { testInert } = require('./inert.js');

testInert({ bonafide, element, react, React, createRoot });
