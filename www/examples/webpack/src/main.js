//! The React example's form in React 18, with webpack and without JSX.

import { LivenessCheck } from 'bonafide-liveness/react';
import { createElement as h, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

function SignUp() {
  const [said, setSaid] = useState('not checked yet');
  return h('form', { method: 'post', action: '/accounts' },
    h('h1', null, 'Sign up'),
    h('label', null, 'Email ', h('input', { name: 'email', type: 'email', autoComplete: 'email', required: true })),
    h(LivenessCheck, { onResult: ({ outcome }) => setSaid(outcome), onError: ({ code }) => setSaid(code) }),
    h('p', null, 'Liveness: ', h('output', null, said)),
    h('button', { type: 'submit', disabled: said !== 'bona-fide' }, 'Create the account'));
}

createRoot(document.querySelector('#root')).render(h(StrictMode, null, h(SignUp)));
