//! `trainer detect`: the faces of photos as JSON lines.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use bonafide::face::Face;
use clap::Args;
use serde_json::{Value, json};

use super::DetectorArgs;
use crate::{
    picture::photo::{Photo, expand},
    run::terminal::say,
};

/// Options of `trainer detect`.
#[derive(Debug, Args)]
pub struct DetectArgs {
    /// Photos, or folders that are searched for photos.
    #[arg(required = true)]
    photos: Vec<PathBuf>,
    #[command(flatten)]
    detector: DetectorArgs,
}

/// Runs `trainer detect`: one JSON line a photo on the standard output, in the photos' order.
///
/// `{"file", "faces": [{"box": [x, y, width, height], "confidence", "landmarks": [[x, y]; 6]}]}`, in pixels, most confident
/// first; a file that cannot be read has `"error"` in the place of `"faces"`.
///
/// # Errors
/// If paths or weights are missing, or no photo could be read at all.
pub fn run(args: &DetectArgs) -> Result<()> {
    let photos = expand(&args.photos)?;
    let detector = args.detector.open()?;
    let mut unreadable = 0;
    for path in &photos {
        let line = match Photo::read(path) {
            Ok(photo) => line(path, &detector.detect(&photo.frame())?),
            Err(error) => {
                unreadable += 1;
                json!({ "file": path.display().to_string(), "error": format!("{error:#}") })
            }
        };
        say(line)?;
    }
    ensure!(unreadable < photos.len(), "none of the files could be read");
    Ok(())
}

fn line(path: &Path, faces: &[Face]) -> Value {
    let faces: Vec<Value> = faces
        .iter()
        .map(|Face { bounds, landmarks }| {
            json!({
                "box": [bounds.x, bounds.y, bounds.width, bounds.height],
                "confidence": bounds.confidence,
                "landmarks": landmarks,
            })
        })
        .collect();
    json!({ "file": path.display().to_string(), "faces": faces })
}
