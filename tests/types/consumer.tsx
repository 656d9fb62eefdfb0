//! What a consumer's TypeScript must accept, and what it must refuse. Compiled, never run.

import { LivenessDetector, type CheckResult, type DepthMap, type Hint, type LivenessErrorCode, type Outcome } from 'bonafide-liveness';
import { LivenessCheckElement, type LivenessCheckProperties } from 'bonafide-liveness/element';
import { LivenessCheck, type LivenessCheckProps } from 'bonafide-liveness/react';
import { LivenessCheck as VueLivenessCheck } from 'bonafide-liveness/vue';
import { createRef } from 'react';
import { h, useTemplateRef } from 'vue';

export const detector: Promise<LivenessDetector> = LivenessDetector.load({ backend: 'cpu' });
export const depth: Promise<DepthMap | null> = detector.then((loaded) => loaded.depth(document.createElement('video'))).then((result) => result.depth);

const element = document.createElement('liveness-check');
element.addEventListener('liveness-result', ({ detail }) => detail.outcome satisfies Outcome);
element.addEventListener('liveness-hint', ({ detail }) => detail satisfies Hint | null);
element.addEventListener('liveness-error', ({ detail }) => detail.code satisfies LivenessErrorCode);
export const properties: LivenessCheckProperties = { strings: { hints: { 'too-far': 'Nearer!' } } };

const ref = createRef<LivenessCheckElement>();
ref.current?.start();
export const react = (
  <LivenessCheck
    ref={ref}
    operatingPoint="strict"
    challenge
    rotate={90}
    backend="cpu"
    assetBase={new URL('https://example.org/')}
    strings={{ start: 'Go' }}
    detector={null}
    autoStart
    lang="de"
    className="mine"
    style={{ maxWidth: '20rem' }}
    onState={(state) => state satisfies LivenessCheckElement['state']}
    onHint={(hint) => hint satisfies Hint | null}
    onProgress={({ fraction }) => fraction satisfies number}
    onResult={(result) => result satisfies CheckResult}
    onError={({ code, retryable }) => [code satisfies LivenessErrorCode, retryable satisfies boolean]}
  >
    <p slot="footer">Why we ask</p>
  </LivenessCheck>
);
// @ts-expect-error There is no such backend.
export const wrongBackend = <LivenessCheck backend="cuda" />;
// @ts-expect-error There is no such prop.
export const wrongProp: LivenessCheckProps = { challenges: true };
// @ts-expect-error The detail is a hint, not an event.
export const wrongDetail = <LivenessCheck onHint={(event: Event) => event.type} />;

export const vue = h(VueLivenessCheck, {
  operatingPoint: 'strict',
  challenge: true,
  rotate: 270,
  backend: 'cpu',
  assetBase: new URL('https://example.org/'),
  strings: { start: 'Go' },
  detector: null,
  autoStart: true,
  onState: (state) => state satisfies LivenessCheckElement['state'],
  onHint: (hint) => hint satisfies Hint | null,
  onProgress: ({ fraction }) => fraction satisfies number,
  onResult: (result) => result satisfies CheckResult,
  onError: ({ code }) => code satisfies LivenessErrorCode,
});
// @ts-expect-error There is no such backend.
export const vueWrongBackend = h(VueLivenessCheck, { backend: 'cuda' });
const handle = useTemplateRef<InstanceType<typeof VueLivenessCheck>>('check');
handle.value?.start();
handle.value?.cancel();
export const within: LivenessCheckElement | null | undefined = handle.value?.element;
