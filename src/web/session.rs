//! Frames with their times -> progress, then a verdict: the JavaScript face of [`crate::session`]. Decides nothing itself.

use std::rc::Rc;

use js_sys::Promise;
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::{Engine, Inner, to_js, to_object};
use crate::{
    answers::{PostedTranscript, SessionUpdate},
    error::Error,
    reduced::Reduced,
    session::{Challenge, Recording, Session, Setup, Step, Update},
    transcript::{Attached, Transcript, check_nonce, digest},
    watch::Watch,
};

/// What the person is asked for; every field may be left out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asked {
    challenge: Option<Challenge>,
    revealed: Option<u32>,
    passive_seconds: Option<u32>,
}

#[wasm_bindgen]
impl Engine {
    /// Starts a session at the named operating point of the loaded weights. `asked` is `{ challenge, revealed,
    /// passiveSeconds }`, of which any may be left out: a challenge is `{ seed, steps }` with 16 hexadecimal digits and names
    /// of steps, `revealed` the number of steps that a server reveals. `nonce` is what a server issued, if one did.
    ///
    /// # Errors
    /// `INVALID_INPUT` for an operating point that the weights do not have, for what no session asks for, and for no nonce.
    #[wasm_bindgen(js_name = startSession)]
    pub fn start_session(
        &self,
        operating_point: &str,
        asked: JsValue,
        nonce: Option<String>,
    ) -> Result<WebSession, JsValue> {
        let Asked { challenge, revealed, passive_seconds } = read(asked, "this cannot be asked for")?;
        let setup = self.inner.pipeline.setup(operating_point, challenge).map_err(to_js)?;
        self.hold(Session::new(Setup { revealed, passive_seconds, ..setup }), nonce)
    }

    /// Goes on with a session that an engine of the same weights began, from its recording so far. Frames that follow are
    /// timed from that session's first one. `nonce` is the one that it had.
    ///
    /// # Errors
    /// `INVALID_INPUT` for what is no such recording or no nonce.
    #[wasm_bindgen(js_name = resumeSession)]
    pub fn resume_session(&self, recording: &str, nonce: Option<String>) -> Result<WebSession, JsValue> {
        let recording = Recording::parse(recording).map_err(to_js)?;
        let Setup { name, challenge, revealed, passive_seconds, .. } = recording.setup.clone();
        let own = self.inner.pipeline.setup(&name, challenge).map_err(to_js)?;
        if (Setup { revealed, passive_seconds, ..own }) != recording.setup {
            return Err(to_js(Error::invalid_input("the session was begun with other weights: start a new one")));
        }
        self.hold(recording.resume(), nonce)
    }
}

impl Engine {
    fn hold(&self, session: crate::Result<Session>, nonce: Option<String>) -> Result<WebSession, JsValue> {
        if let Some(nonce) = &nonce {
            check_nonce(nonce).map_err(to_js)?;
        }
        let watch = Rc::new(Watch::new(session.map_err(to_js)?));
        Ok(WebSession { inner: self.inner.clone(), watch, nonce })
    }
}

/// Many frames of one person until a verdict, on an engine's networks.
#[wasm_bindgen(js_name = Session)]
pub struct WebSession {
    inner: Rc<Inner>,
    watch: Rc<Watch>,
    nonce: Option<String>,
}

#[wasm_bindgen(js_class = Session)]
impl WebSession {
    /// Observes a source's picture, taken at `time_ms` on a clock that does not go backwards: a promise of
    /// `{ face: {x, y, width, height, confidence} | null, progress: {hint, fraction, prompt, notice, waitsForStep} | null,
    /// verdict }`,
    /// where the verdict is `null` until the frame that decides. The pixels are read before this returns.
    pub fn observe(&self, source: JsValue, time_ms: f64) -> Promise {
        let (inner, watch) = (self.inner.clone(), self.watch.clone());
        let pixels = inner.reader.borrow_mut().read(&source);
        future_to_promise(async move {
            let update = inner.observe(pixels.map_err(to_js)?, time_ms, &watch).await.map_err(to_js)?;
            to_object(&update)
        })
    }

    /// What the session has seen, as JSON that replays to the same verdict. Measures, scores and times, no pixels.
    pub fn recording(&self) -> String {
        self.watch.recording().to_json()
    }

    /// Tells the session the step that it waits for, by name.
    ///
    /// # Errors
    /// `INVALID_INPUT` for what is no step, and unless the session waits for one.
    pub fn reveal(&self, step: JsValue) -> Result<(), JsValue> {
        let step: Step = read(step, "this is no step")?;
        self.watch.reveal(step).map_err(to_js)
    }

    /// The same, bound to the session's nonce: `{ json, sha256 }` for the server that issued it, or `undefined` without a
    /// nonce. `attached` is the JSON of what else is to be bound, `{ release, signals }`, each of which may be left out.
    ///
    /// # Errors
    /// `INVALID_INPUT` for what cannot be attached.
    pub fn transcript(&self, attached: Option<String>) -> Result<JsValue, JsValue> {
        let Some(nonce) = &self.nonce else { return Ok(JsValue::UNDEFINED) };
        let attached = attached.map(|json| Attached::parse(&json)).transpose().map_err(to_js)?;
        let bound = Transcript::new(nonce, self.watch.recording()).map_err(to_js)?;
        let json = Transcript { attached, ..bound }.to_json();
        to_object(&PostedTranscript { sha256: digest(&json), json })
    }
}

/// # Errors
/// `INVALID_INPUT` that begins with `what`.
fn read<T: serde::de::DeserializeOwned>(value: JsValue, what: &str) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|e| to_js(Error::invalid_input(format!("{what}: {e}"))))
}

impl Inner {
    async fn observe(&self, pixels: Reduced, time_ms: f64, watch: &Watch) -> crate::Result<SessionUpdate> {
        let (face, update) = watch.observe(&self.pipeline, &pixels.frame()?, time_ms).await?;
        let face = face.map(|face| face.bounds.enlarged(pixels.factor));
        Ok(match update {
            Update::Progress(progress) => SessionUpdate { face, progress: Some(progress), verdict: None },
            Update::Verdict(verdict) => SessionUpdate { face, progress: None, verdict: Some(verdict) },
        })
    }
}
