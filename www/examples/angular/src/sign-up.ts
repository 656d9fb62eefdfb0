import { Component, CUSTOM_ELEMENTS_SCHEMA, signal } from '@angular/core';
import 'bonafide-liveness/element';

@Component({
  selector: 'sign-up',
  schemas: [CUSTOM_ELEMENTS_SCHEMA],
  template: `
    <h1>Sign up</h1>
    <form method="post" action="/accounts">
      <label>Email <input name="email" type="email" autocomplete="email" required /></label>
      <liveness-check asset-base="weights/" (liveness-result)="said.set($event.detail.outcome)" (liveness-error)="said.set($event.detail.code)" />
      <p>Liveness: <output>{{ said() }}</output></p>
      <!-- A comfort for the person, not a gate: whoever owns the page can press it anyway. -->
      <button type="submit" [disabled]="said() !== 'bona-fide'">Create the account</button>
    </form>
  `,
})
export class SignUp {
  readonly said = signal('not checked yet');
}
