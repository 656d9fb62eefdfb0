'use client';

import { LivenessCheck } from 'bonafide-liveness/react';
import { useState } from 'react';

export function SignUp() {
  const [said, setSaid] = useState('not checked yet');
  return (
    <form method="post" action="/accounts">
      <label>Email <input name="email" type="email" autoComplete="email" required /></label>
      <LivenessCheck onResult={({ outcome }) => setSaid(outcome)} onError={({ code }) => setSaid(code)} />
      <p>Liveness: <output>{said}</output></p>
      <button type="submit" disabled={said !== 'bona-fide'}>Create the account</button>
    </form>
  );
}
