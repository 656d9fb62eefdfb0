//! Whatever the browser calls a picture -> the RGBA bytes that are looked at.

use js_sys::{Object, Reflect, Uint8Array, Uint8ClampedArray};
use wasm_bindgen::prelude::*;
use web_sys::{
    HtmlCanvasElement, HtmlVideoElement, ImageBitmap, ImageData, OffscreenCanvas, OffscreenCanvasRenderingContext2d,
    VideoFrame,
};

use crate::{
    error::{Error, Result},
    frame::{Frame, MAX_SIDE},
    reduced::{Reduced, Reduction, factor},
};

/// Pixels of a picture that are taken out of the browser at once.
const STRIP: u32 = 1 << 21;

/// Raw bytes of a picture -> what is looked at of it. Only that much of it is ever in the module's memory, which never shrinks.
///
/// # Errors
/// `INVALID_INPUT` if the bytes are no picture of that size.
pub(super) fn reduced(bytes: &Uint8Array, width: u32, height: u32) -> Result<Reduced> {
    Frame::check(bytes.length() as usize, width, height)?;
    if factor(width, height) == 1 {
        return Ok(Reduced::of(bytes.to_vec(), width, height));
    }
    let mut reduction = Reduction::new(width, height);
    for (top, bottom) in strips(width, height) {
        reduction.take(&mut bytes.subarray(top * width * 4, bottom * width * 4).to_vec());
    }
    Ok(reduction.end())
}

/// Rows from one to before another, until the last.
fn strips(width: u32, height: u32) -> impl Iterator<Item = (u32, u32)> {
    let rows = (STRIP / width).max(1);
    (0..height.div_ceil(rows)).map(move |at| (at * rows, ((at + 1) * rows).min(height)))
}

/// Reads pictures through one canvas that it keeps, since a new one per frame would be garbage sixty times a second.
#[derive(Default)]
pub(super) struct FrameReader {
    canvas: Option<(OffscreenCanvas, OffscreenCanvasRenderingContext2d)>,
}

impl FrameReader {
    /// The pixels of a source, at its own size where that is small enough.
    ///
    /// # Errors
    /// `INVALID_INPUT` if it is no picture, is empty, detached, absurdly large, or its pixels may not be read.
    pub(super) fn read(&mut self, source: &JsValue) -> Result<Reduced> {
        if let Some(image) = source.dyn_ref::<ImageData>() {
            // Not `image.data()`, which copies all of it.
            let data: Uint8ClampedArray = Reflect::get(image, &"data".into()).unwrap_or_default().unchecked_into();
            let bytes = Uint8Array::new_with_byte_offset_and_length(&data.buffer(), data.byte_offset(), data.length());
            return reduced(&bytes, image.width(), image.height());
        }
        if let Some(video) = source.dyn_ref::<HtmlVideoElement>() {
            return self.draw(video.video_width(), video.video_height(), |context, top| {
                context.draw_image_with_html_video_element(video, 0.0, -top)
            });
        }
        if let Some(canvas) = source.dyn_ref::<HtmlCanvasElement>() {
            return self.draw(canvas.width(), canvas.height(), |context, top| {
                context.draw_image_with_html_canvas_element(canvas, 0.0, -top)
            });
        }
        if let Some(canvas) = source.dyn_ref::<OffscreenCanvas>() {
            return self.draw(canvas.width(), canvas.height(), |context, top| {
                context.draw_image_with_offscreen_canvas(canvas, 0.0, -top)
            });
        }
        if let Some(bitmap) = source.dyn_ref::<ImageBitmap>() {
            return self.draw(bitmap.width(), bitmap.height(), |context, top| {
                context.draw_image_with_image_bitmap(bitmap, 0.0, -top)
            });
        }
        if let Some(frame) = source.dyn_ref::<VideoFrame>() {
            return self.draw(frame.display_width(), frame.display_height(), |context, top| {
                context.draw_image_with_video_frame(frame, 0.0, -top)
            });
        }
        Err(Error::invalid_input(
            "the source is not a picture: give an HTMLVideoElement, HTMLCanvasElement, OffscreenCanvas, ImageBitmap, VideoFrame or ImageData",
        ))
    }

    /// `draw` puts the picture on a canvas, so many pixels above its upper edge.
    fn draw(
        &mut self,
        width: u32,
        height: u32,
        draw: impl Fn(&OffscreenCanvasRenderingContext2d, f64) -> std::result::Result<(), JsValue>,
    ) -> Result<Reduced> {
        if width == 0 || height == 0 || width > MAX_SIDE || height > MAX_SIDE {
            return Err(Error::invalid_input(format!(
                "the source is {width} x {height} pixels: give one with 1 to {MAX_SIDE} on a side (a video has none before it plays, a transferred bitmap none any more)"
            )));
        }
        let unreadable = |e: JsValue| {
            let reason = e.dyn_ref::<js_sys::Error>().map_or_else(String::new, |e| String::from(e.message()));
            Error::invalid_input(format!("the source's pixels cannot be read: {reason}"))
        };
        if factor(width, height) == 1 {
            let rgba = self.strip(width, (0, height), &draw).map_err(unreadable)?;
            return Ok(Reduced::of(rgba, width, height));
        }
        let mut reduction = Reduction::new(width, height);
        for rows in strips(width, height) {
            reduction.take(&mut self.strip(width, rows, &draw).map_err(unreadable)?);
        }
        Ok(reduction.end())
    }

    /// Some rows of a picture, through the canvas.
    fn strip(
        &mut self,
        width: u32,
        (top, bottom): (u32, u32),
        draw: impl Fn(&OffscreenCanvasRenderingContext2d, f64) -> std::result::Result<(), JsValue>,
    ) -> std::result::Result<Vec<u8>, JsValue> {
        let (canvas, context) = self.canvas()?;
        let height = bottom - top;
        if canvas.width() != width || canvas.height() != height {
            canvas.set_width(width);
            canvas.set_height(height);
        } else {
            // A transparent source must not show the frame before it.
            context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        }
        draw(context, f64::from(top))?;
        Ok(context.get_image_data(0.0, 0.0, f64::from(width), f64::from(height))?.data().0)
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
