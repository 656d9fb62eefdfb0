//! The camera screen's page: one tag, its attributes from two controls, and what it tells the page as it does.

import 'bonafide-liveness/element';
import type { CheckResult, LivenessError } from 'bonafide-liveness';

const check = document.querySelector('liveness-check')!;
const result = document.querySelector('#result')!;

document.querySelector<HTMLSelectElement>('#language')!.addEventListener('change', ({ target }) => {
  check.setAttribute('lang', (target as HTMLSelectElement).value);
});
document.querySelector<HTMLInputElement>('#challenge')!.addEventListener('change', ({ target }) => {
  check.toggleAttribute('challenge', (target as HTMLInputElement).checked);
});
check.addEventListener('liveness-result', (event) => {
  result.textContent = JSON.stringify((event as CustomEvent<CheckResult>).detail, null, 2);
});
check.addEventListener('liveness-error', (event) => {
  const { code, message, retryable } = (event as CustomEvent<LivenessError>).detail;
  result.textContent = JSON.stringify({ code, message, retryable }, null, 2);
});
