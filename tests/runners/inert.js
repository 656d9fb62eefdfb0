//! What a page's own tests do with the package, in a document that no browser made: everything imports and renders, and a start
//! says NOT_SUPPORTED. `test` and `expect` are the runner's, which either kind has as globals.

/** A machine may be busy. */
const LIMIT_MS = 120_000;

async function until(what) {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** The texts that a person sees first, in every language; English is among them. */
const START = { ar: 'ابدأ', de: 'Starten', en: 'Start', es: 'Empezar', fr: 'Commencer', ja: '開始', ko: '시작', pt: 'Começar', zh: '开始' };

/** The tests, of the package as the runner gave it. */
export function testInert({ bonafide, element, react, React, createRoot }) {
  const { LivenessDetector, LivenessError, openCamera } = bonafide;
  globalThis.IS_REACT_ACT_ENVIRONMENT = true;

  /** Ends when the element does; what it says then. */
  const failure = (of) => new Promise((resolve) => of.addEventListener('liveness-error', ({ detail }) => resolve(detail)));
  const button = (of) => of.shadowRoot.querySelector('.primary').textContent;

  test('the classes reject with a typed error', async () => {
    for (const start of [() => LivenessDetector.load(), () => openCamera()]) {
      const error = await start().catch((error) => error);
      expect(error).toBeInstanceOf(LivenessError);
      expect(error.code).toBe('NOT_SUPPORTED');
    }
  }, LIMIT_MS);

  for (const [lang, text] of Object.entries(START)) {
    test(`the element renders, in ${lang}`, async () => {
      const check = Object.assign(document.createElement('liveness-check'), { lang });
      expect(check).toBeInstanceOf(element.LivenessCheckElement);
      document.body.append(check);
      await until(() => button(check));
      expect(button(check)).toBe(text);
      expect(check.state).toBe('idle');
      check.remove();
    }, LIMIT_MS);
  }

  test('the element says what a start lacks, and can be removed', async () => {
    const check = document.body.appendChild(document.createElement('liveness-check'));
    await until(() => button(check));
    const failed = failure(check);
    check.shadowRoot.querySelector('.primary').click();
    const { code, retryable } = await failed;
    expect([code, retryable, check.state]).toEqual(['NOT_SUPPORTED', false, 'error']);
    expect(check.shadowRoot.querySelector('.message').textContent).toContain('This browser cannot do it');
    check.remove();
  }, LIMIT_MS);

  test("React's component renders, hears of the error, and can be removed", async () => {
    const place = document.body.appendChild(document.createElement('div'));
    const root = createRoot(place);
    const ref = React.createRef();
    const heard = [];
    const onError = ({ code }) => heard.push(code);
    await React.act(() => root.render(React.createElement(react.LivenessCheck, { ref, lang: 'fr', challenge: true, onError })));
    const check = place.querySelector('liveness-check');
    expect(ref.current).toBe(check);
    expect(check.challenge).toBe(true);
    await until(() => button(check));
    expect(button(check)).toBe(START.fr);
    ref.current.start();
    await until(() => heard.length);
    expect(heard).toEqual(['NOT_SUPPORTED']);
    await React.act(() => root.unmount());
    expect(place.childElementCount).toBe(0);
  }, LIMIT_MS);
}
