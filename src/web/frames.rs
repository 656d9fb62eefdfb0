//! Whatever the browser calls a picture -> RGBA bytes.

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{
    HtmlCanvasElement, HtmlVideoElement, ImageBitmap, ImageData, OffscreenCanvas, OffscreenCanvasRenderingContext2d,
    VideoFrame,
};

use crate::{
    error::{Error, Result},
    frame::{MAX_SIDE, over_black},
};

/// Owned RGBA bytes of a picture.
pub(super) struct Pixels {
    pub(super) rgba: Vec<u8>,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Pixels {
    /// Laid over black, as canvases show what is transparent, whatever a source keeps beneath it.
    pub(super) fn new(mut rgba: Vec<u8>, width: u32, height: u32) -> Self {
        over_black(&mut rgba);
        Self { rgba, width, height }
    }
}

/// Reads pictures through one canvas that it keeps, since a new one per frame would be garbage sixty times a second.
#[derive(Default)]
pub(super) struct FrameReader {
    canvas: Option<(OffscreenCanvas, OffscreenCanvasRenderingContext2d)>,
}

impl FrameReader {
    /// The pixels of a source at its own size.
    ///
    /// # Errors
    /// `INVALID_INPUT` if it is no picture, is empty, detached, absurdly large, or its pixels may not be read.
    pub(super) fn read(&mut self, source: &JsValue) -> Result<Pixels> {
        if let Some(image) = source.dyn_ref::<ImageData>() {
            return Ok(Pixels::new(image.data().0, image.width(), image.height()));
        }
        if let Some(video) = source.dyn_ref::<HtmlVideoElement>() {
            return self.draw(video.video_width(), video.video_height(), |context| {
                context.draw_image_with_html_video_element(video, 0.0, 0.0)
            });
        }
        if let Some(canvas) = source.dyn_ref::<HtmlCanvasElement>() {
            return self.draw(canvas.width(), canvas.height(), |context| {
                context.draw_image_with_html_canvas_element(canvas, 0.0, 0.0)
            });
        }
        if let Some(canvas) = source.dyn_ref::<OffscreenCanvas>() {
            return self.draw(canvas.width(), canvas.height(), |context| {
                context.draw_image_with_offscreen_canvas(canvas, 0.0, 0.0)
            });
        }
        if let Some(bitmap) = source.dyn_ref::<ImageBitmap>() {
            return self.draw(bitmap.width(), bitmap.height(), |context| {
                context.draw_image_with_image_bitmap(bitmap, 0.0, 0.0)
            });
        }
        if let Some(frame) = source.dyn_ref::<VideoFrame>() {
            return self.draw(frame.display_width(), frame.display_height(), |context| {
                context.draw_image_with_video_frame(frame, 0.0, 0.0)
            });
        }
        Err(Error::invalid_input(
            "the source is not a picture: give an HTMLVideoElement, HTMLCanvasElement, OffscreenCanvas, ImageBitmap, VideoFrame or ImageData",
        ))
    }

    fn draw(
        &mut self,
        width: u32,
        height: u32,
        draw: impl FnOnce(&OffscreenCanvasRenderingContext2d) -> std::result::Result<(), JsValue>,
    ) -> Result<Pixels> {
        if width == 0 || height == 0 || width > MAX_SIDE || height > MAX_SIDE {
            return Err(Error::invalid_input(format!(
                "the source is {width} x {height} pixels: give one with 1 to {MAX_SIDE} on a side (a video has none before it plays, a transferred bitmap none any more)"
            )));
        }
        let unreadable = |e: JsValue| {
            let reason = e.dyn_ref::<js_sys::Error>().map_or_else(String::new, |e| String::from(e.message()));
            Error::invalid_input(format!("the source's pixels cannot be read: {reason}"))
        };
        let (canvas, context) = self.canvas().map_err(unreadable)?;
        if canvas.width() != width || canvas.height() != height {
            canvas.set_width(width);
            canvas.set_height(height);
        } else {
            // A transparent source must not show the frame before it.
            context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        }
        draw(context).map_err(unreadable)?;
        let image = context.get_image_data(0.0, 0.0, f64::from(width), f64::from(height)).map_err(unreadable)?;
        Ok(Pixels::new(image.data().0, width, height))
    }

    fn canvas(&mut self) -> std::result::Result<&(OffscreenCanvas, OffscreenCanvasRenderingContext2d), JsValue> {
        if self.canvas.is_none() {
            let canvas = OffscreenCanvas::new(1, 1)?;
            let options = Object::new();
            // Every frame is read back: keep the canvas in main memory.
            Reflect::set(&options, &"willReadFrequently".into(), &true.into())?;
            let context = canvas
                .get_context_with_context_options("2d", &options)?
                .ok_or_else(|| js_sys::Error::new("no 2d context"))?
                .dyn_into::<OffscreenCanvasRenderingContext2d>()?;
            self.canvas = Some((canvas, context));
        }
        Ok(self.canvas.as_ref().expect("made above"))
    }
}
