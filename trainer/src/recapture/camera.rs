//! Linear light -> the sRGB picture that a webcam or phone makes of it. Shared by both classes, in distribution too.

use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    Picture,
    optics::{blur, resize, to_srgb},
};

/// Takes the photo: lens, sensor resolution, exposure and white balance, shot and read noise, tone curve, JPEG.
pub(super) fn shoot(light: Picture, rng: &mut ChaCha8Rng) -> Picture {
    let size = light.size;
    let lens = blur(&light, rng.random_range(0.2..1.0));
    let mut sensor = resize(&lens, (size as f32 * rng.random_range(0.65..1.0)) as usize);

    let exposure = rng.random_range(-0.35..0.25f32).exp();
    let balance: [f32; 3] = std::array::from_fn(|_| rng.random_range(-0.12..0.12f32).exp());
    let shot = rng.random_range(0.000_1..0.001_5f32);
    let read = rng.random_range(0.000_001..0.000_02f32);
    let plane = sensor.size * sensor.size;
    for (at, value) in sensor.planes.iter_mut().enumerate() {
        let light = *value * exposure * balance[at / plane];
        // The sum of four uniform draws is near enough to a normal one.
        let normal = (0..4).map(|_| rng.random_range(-0.866..0.866f32)).sum::<f32>();
        *value = light + (shot * light.max(0.0) + read).sqrt() * normal;
    }
    compress(&resize(&to_srgb(&sensor), size), rng.random_range(70..=96))
}

/// Through JPEG and back.
fn compress(picture: &Picture, quality: u8) -> Picture {
    let (size, plane) = (picture.size, picture.size * picture.size);
    let mut bytes = Vec::with_capacity(3 * plane);
    for at in 0..plane {
        for channel in 0..3 {
            bytes.push((picture.planes[channel * plane + at].clamp(0.0, 1.0) * 255.0).round() as u8);
        }
    }
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality)
        .write_image(&bytes, size as u32, size as u32, ExtendedColorType::Rgb8)
        .expect("an RGB buffer of this size encodes into memory");
    let decoded = image::load_from_memory_with_format(&file, image::ImageFormat::Jpeg)
        .expect("what was just encoded decodes")
        .into_rgb8();
    let mut planes = vec![0.0; 3 * plane];
    for (at, pixel) in decoded.pixels().enumerate() {
        for channel in 0..3 {
            planes[channel * plane + at] = f32::from(pixel.0[channel]) / 255.0;
        }
    }
    Picture { size, planes }
}
