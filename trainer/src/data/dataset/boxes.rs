//! A text file beside a video, with a line a frame -> the face boxes of the video's samples. Knows nothing of layouts.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use bonafide::face::FaceBox;

use super::{Listing, Media, tree};

/// A box of a frame takes at most some 60 bytes.
const MAX_TEXT: u64 = 16 << 20;

/// Gives the samples of one recording their boxes. `read` finds a frame's box, by its number from 0, in the file's text;
/// `Ok(None)` is a frame in which no face was found. Whatever is missing goes to `listing.left_out`; the samples stay.
pub(super) fn give(listing: &mut Listing, file: &Path, read: impl Fn(&str, u64) -> Result<Option<FaceBox>>) {
    if listing.samples.iter().all(|sample| matches!(sample.media, Media::Photo(_))) {
        if file.exists() {
            listing.leave_out(
                file,
                "is not used: frames in a folder may have been cut, scaled or thinned out, they are kept without boxes",
            );
        }
        return;
    }
    if !file.exists() {
        listing.leave_out(file, "is missing, its frames are kept without boxes");
        return;
    }
    let text = match tree::text(file, MAX_TEXT) {
        Ok(text) => text,
        Err(error) => return listing.leave_out(file, format!("gives no boxes, its frames are kept: {error:#}")),
    };
    let mut problem = None;
    for sample in &mut listing.samples {
        let Media::VideoFrame { number, .. } = sample.media else { continue };
        match read(&text, number) {
            Ok(face) => sample.face = face,
            Err(error) => drop(problem.get_or_insert(error)),
        }
    }
    if let Some(error) = problem {
        listing.leave_out(file, format!("gives no boxes for some frames, which are kept: {error:#}"));
    } else if listing.samples.iter().all(|sample| sample.face.is_none()) {
        listing.leave_out(file, "gives a box for none of the frames, which are kept");
    }
}

/// The numbers of a line, between commas or blanks; none if one of them is no finite number.
pub(super) fn numbers(line: &str) -> Vec<f32> {
    let fields = line.split([' ', ',', '\t']).filter(|field| !field.is_empty());
    let numbers = fields.map(|field| field.parse().ok().filter(|number: &f32| number.is_finite()));
    numbers.collect::<Option<_>>().unwrap_or_default()
}

/// A line by its place in the text.
///
/// # Errors
/// If there is none, or `face` refuses it.
pub(super) fn at<T>(text: &str, number: u64, face: impl Fn(&str) -> Result<T>) -> Result<T> {
    let line = usize::try_from(number).ok().and_then(|number| text.lines().nth(number));
    let line = line.with_context(|| format!("it has no line {}", number + 1));
    line.and_then(face).with_context(|| format!("line {}", number + 1))
}

/// What follows a frame's number in the line that begins with it: none where no line does.
pub(super) fn numbered(text: &str, number: u64) -> Option<Vec<f32>> {
    let first = |line: &str| line.trim_start().split([' ', ',', '\t']).next().and_then(|first| first.parse().ok());
    let line = text.lines().find(|line| first(line) == Some(number))?;
    Some(numbers(line).into_iter().skip(1).collect())
}

/// A box from its corners; `None` if all are zero, which says that no face was found.
///
/// # Errors
/// If it is empty.
pub(super) fn corners([left, top, right, bottom]: [f32; 4]) -> Result<Option<FaceBox>> {
    if [left, top, right, bottom] == [0.0; 4] {
        return Ok(None);
    }
    ensure!(right > left && bottom > top, "its box is empty");
    Ok(Some(FaceBox { x: left, y: top, width: right - left, height: bottom - top, confidence: 1.0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_place_or_by_number() {
        assert_eq!(numbers("1, 2.5\t3  4"), [1.0, 2.5, 3.0, 4.0]);
        assert!(numbers("1 x 3").is_empty() && numbers("1 nan").is_empty() && numbers("").is_empty());
        let text = "3, 10, 20\n5 x\n\n7\n";
        assert_eq!(numbered(text, 3), Some(vec![10.0, 20.0]));
        assert_eq!((numbered(text, 5), numbered(text, 7)), (Some(Vec::new()), Some(Vec::new())));
        assert_eq!(numbered(text, 4), None);
        assert_eq!(at(text, 1, |line| Ok(line.to_owned())).unwrap(), "5 x");
        assert_eq!(format!("{:#}", at(text, 9, |_| Ok(())).unwrap_err()), "line 10: it has no line 10");
    }

    #[test]
    fn corners_are_a_box_or_none_or_an_error() {
        let face = corners([1.0, 2.0, 4.0, 6.0]).unwrap().unwrap();
        assert_eq!((face.x, face.y, face.width, face.height), (1.0, 2.0, 3.0, 4.0));
        assert!(corners([0.0; 4]).unwrap().is_none());
        assert!(corners([4.0, 2.0, 4.0, 6.0]).is_err());
    }
}
