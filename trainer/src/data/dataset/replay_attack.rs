//! Replay-Attack (Chingovska, Anjos and Marcel, BIOSIG 2012) -> samples with its boxes.
//!
//! ```text
//! {train,devel,test}/real/CLIENT_session01_webcam_authenticate_LIGHT_{1,2}.mov
//!     train/real/client001_session01_webcam_authenticate_adverse_1.mov
//! {train,devel,test}/attack/{fixed,hand}/attack_DEVICE_CLIENT_session01_CAMERA_MEDIUM_LIGHT.mov
//!     train/attack/hand/attack_mobile_client001_session01_mobile_video_controlled.mov
//! face-locations/... .face    a line a frame: number x y width height; optional, may lie beside the videos too
//! ```
//!
//! LIGHT is adverse or controlled, DEVICE what is held to the camera (print, mobile: an iPhone, highdef: an iPad), on a
//! tripod (fixed) or by hand, CAMERA what took the photo or video that it shows. A box of zeros, or none, says that no face
//! was found. The three parts, with no person in common, are the splits; `enroll`, for face recognition, is not read.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use bonafide::face::FaceBox;

use super::{
    Attack, ListOptions, Listing, Sample, Split, boxes,
    ffmpeg::VIDEOS,
    frames::{self, Recording},
};
use crate::recapture::PaiSpecies::{Print, Replay};

const SOURCE: &str = "replay-attack";

pub(super) fn list(root: &Path, options: &ListOptions) -> Result<Listing> {
    ensure!(root.is_dir(), "cannot find the folder {}", root.display());
    let mut listing = Listing::default();
    for (part, split) in [("train", Split::Train), ("devel", Split::Development), ("test", Split::Test)] {
        for class in ["real", "attack/fixed", "attack/hand"] {
            let folder = root.join(part).join(class);
            if !folder.is_dir() {
                listing.leave_out(folder, "is missing");
                continue;
            }
            let recordings = frames::find(&folder, &VIDEOS, &mut listing)?;
            let sample = |recording: &Recording| sample(class, split, recording);
            let complete = |recording: &Recording, part: &mut Listing| give_boxes(root, recording, part);
            listing.append([frames::list(&recordings, options.frames_per_video, sample, complete)?]);
        }
    }
    Ok(listing)
}

fn sample(class: &str, split: Split, recording: &Recording) -> Result<Sample> {
    let fields: Vec<&str> = recording.name()?.split('_').collect();
    let (client, attack) = match (class, fields.as_slice()) {
        ("real", &[client, "session01", "webcam", "authenticate", "adverse" | "controlled", "1" | "2"]) => {
            (client, None)
        }
        ("real", _) => bail!("is not named like client001_session01_webcam_authenticate_adverse_1.mov"),
        (_, &["attack", device, client, "session01", _camera, medium, "adverse" | "controlled"]) => {
            let attack = match (device, medium) {
                ("print", "photo") => Attack::new(Print, "a4"),
                ("mobile", "photo" | "video") => Attack::new(Replay, "phone"),
                ("highdef", "photo" | "video") => Attack::new(Replay, "tablet"),
                _ => bail!("is of an unknown attack, {medium} by {device}"),
            };
            (client, Some(attack))
        }
        _ => bail!("is not named like attack_mobile_client001_session01_mobile_video_adverse.mov"),
    };
    let number = client.strip_prefix("client").unwrap_or_default();
    ensure!(
        number.len() == 3 && number.bytes().all(|digit| digit.is_ascii_digit()),
        "names no person: {client} is not of the form client001"
    );
    Ok(recording.sample(SOURCE, format!("{SOURCE}/{client}"), split, attack))
}

fn give_boxes(root: &Path, recording: &Recording, listing: &mut Listing) {
    let beside = recording.beside("face");
    let all = root.join("face-locations");
    let file = match beside.strip_prefix(root) {
        Ok(place) if all.is_dir() && !beside.exists() => all.join(place),
        _ => beside,
    };
    // They are a download of their own: a copy without any lacks nothing.
    if all.is_dir() || file.exists() {
        boxes::give(listing, &file, |text, number| boxes::numbered(text, number).map_or(Ok(None), |line| face(&line)));
    }
}

fn face(line: &[f32]) -> Result<Option<FaceBox>> {
    let &[x, y, width, height] = line else { bail!("a line is not a frame's number and four numbers") };
    boxes::corners(if width == 0.0 && height == 0.0 { [0.0; 4] } else { [x, y, x + width, y + height] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_corner_and_size() {
        let face = |line: &[f32]| face(line).unwrap();
        let is = face(&[10.0, 20.0, 30.0, 40.0]).unwrap();
        assert_eq!((is.x, is.y, is.width, is.height), (10.0, 20.0, 30.0, 40.0));
        assert!(face(&[10.0, 20.0, 0.0, 0.0]).is_none() && face(&[0.0; 4]).is_none());
        assert!(super::face(&[1.0]).is_err() && super::face(&[1.0, 1.0, -2.0, 2.0]).is_err());
    }
}
