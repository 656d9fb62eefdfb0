//! The depth view: one frame -> its score, and the depth that the network sees in the face. The JavaScript face of
//! [`crate::pipeline::Pipeline::draw`].

use js_sys::{Float32Array, Object, Promise, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::{Engine, now, to_js, to_object, weights_in};
use crate::{crop::CROP_SIZE, region::Region};

#[wasm_bindgen]
impl Engine {
    /// Loads the decoder of the depth view. `weights` maps its file name in the manifest to a `Uint8Array`.
    ///
    /// # Errors
    /// `MODEL_INTEGRITY` for weights that are corrupt or missing, and if the manifest names none.
    #[wasm_bindgen(js_name = loadDecoder)]
    pub fn load_decoder(&self, weights: Object) -> Result<(), JsValue> {
        self.inner.pipeline.load_decoder(weights_in(&weights)).map_err(to_js)
    }

    /// As [`Engine::score`], with a `depth` beside the score: `{ region: {x, y, width, height}, width, height, data:
    /// Float32Array }`, or `null` without a face. Needs [`Engine::load_decoder`] before.
    pub fn depth(&self, source: JsValue) -> Promise {
        let began = now();
        let inner = self.inner.clone();
        let pixels = inner.reader.borrow_mut().read(&source);
        future_to_promise(async move {
            let (result, drawn) = inner.measure(pixels.map_err(to_js)?, began, true).await.map_err(to_js)?;
            let result = to_object(&result)?;
            let depth = drawn.map_or(Ok(JsValue::NULL), |drawn| drawn.to_object())?;
            Reflect::set(&result, &"depth".into(), &depth)?;
            Ok(result)
        })
    }
}

/// A map and the part of the frame that it shows.
pub(super) struct Drawn {
    pub(super) region: Region,
    /// `[CROP_SIZE, CROP_SIZE]`.
    pub(super) depth: Vec<f32>,
}

impl Drawn {
    fn to_object(&self) -> Result<JsValue, JsValue> {
        // The product's crops are upright.
        let ((x, y), side) = (self.region.to_frame(0.0, 0.0), self.region.side);
        let region = RegionObject { x, y, width: side, height: side };
        let object = to_object(&DepthObject { region, width: CROP_SIZE, height: CROP_SIZE })?;
        // The serialiser would make a plain array of it.
        Reflect::set(&object, &"data".into(), &Float32Array::from(self.depth.as_slice()))?;
        Ok(object)
    }
}

#[derive(Serialize)]
struct DepthObject {
    region: RegionObject,
    width: usize,
    height: usize,
}

#[derive(Serialize)]
struct RegionObject {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
}
