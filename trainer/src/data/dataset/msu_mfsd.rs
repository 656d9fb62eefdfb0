//! MSU-MFSD (Wen, Han and Jain, IEEE TIFS 2015), the public part of 35 people -> samples with its boxes.
//!
//! ```text
//! scene01/real/real_CLIENT_CAMERA_QUALITY_scene01.{mp4,mov}                real_client001_android_SD_scene01.mp4
//! scene01/attack/attack_CLIENT_CAMERA_QUALITY_MEDIUM_scene01.{mp4,mov}     attack_client001_laptop_SD_ipad_video_scene01.mov
//! scene01/... .face                        a line a frame: number, left, top, right, bottom, and the two eyes
//! train_sub_list.txt, test_sub_list.txt    the people's numbers: 01
//! ```
//!
//! CAMERA is android or laptop, QUALITY SD or HD, MEDIUM ipad_video, iphone_video or printed_photo. The lists are the
//! published split; of the training people 15 %, by the hash of their number, are the development split. Six videos are
//! known to have boxes that lie on their side; boxes only choose among faces.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, bail, ensure};
use bonafide::face::FaceBox;

use super::{
    Attack, ListOptions, Listing, Sample, Split, boxes, carve,
    ffmpeg::VIDEOS,
    frames::{self, Recording},
    tree,
};
use crate::recapture::PaiSpecies::{Print, Replay};

const SOURCE: &str = "msu-mfsd";
/// A list has 20 lines.
const MAX_LIST: u64 = 1 << 20;

pub(super) fn list(root: &Path, options: &ListOptions) -> Result<Listing> {
    let halves = halves(root)?;
    let mut listing = Listing::default();
    for class in ["real", "attack"] {
        let folder = root.join("scene01").join(class);
        if !folder.is_dir() {
            listing.leave_out(folder, "is missing");
            continue;
        }
        let recordings = frames::find(&folder, &VIDEOS, &mut listing)?;
        let sample = |recording: &Recording| sample(class, &halves, recording);
        listing.append([frames::list(&recordings, options.frames_per_video, sample, give_boxes)?]);
    }
    Ok(listing)
}

/// Which list a person is in, by number.
fn halves(root: &Path) -> Result<BTreeMap<u32, &'static str>> {
    let mut halves = BTreeMap::new();
    for half in ["train", "test"] {
        let file = root.join(format!("{half}_sub_list.txt"));
        for word in tree::text(&file, MAX_LIST)?.split_whitespace() {
            let number = word.parse().ok();
            let number =
                number.with_context(|| format!("{} lists {word}, which is no person's number", file.display()))?;
            let other = halves.insert(number, half).filter(|&other| other != half);
            ensure!(
                other.is_none(),
                "person {word} is in train_sub_list.txt and in test_sub_list.txt of {}",
                root.display()
            );
        }
    }
    Ok(halves)
}

fn sample(class: &str, halves: &BTreeMap<u32, &str>, recording: &Recording) -> Result<Sample> {
    let fields: Vec<&str> = recording.name()?.split('_').collect();
    let (client, attack) = match (class, fields.as_slice()) {
        ("real", &["real", client, "android" | "laptop", "SD" | "HD", "scene01"]) => (client, None),
        ("real", _) => bail!("is not named like real_client001_android_SD_scene01.mp4"),
        (_, &["attack", client, "android" | "laptop", "SD" | "HD", medium, kind, "scene01"]) => {
            let attack = match (medium, kind) {
                ("ipad", "video") => Attack::new(Replay, "ipad"),
                ("iphone", "video") => Attack::new(Replay, "iphone"),
                ("printed", "photo") => Attack::new(Print, "a3"),
                _ => bail!("is of an unknown attack, {medium}_{kind}"),
            };
            (client, Some(attack))
        }
        _ => bail!("is not named like attack_client001_android_SD_ipad_video_scene01.mp4"),
    };
    let number: Option<u32> = client.strip_prefix("client").and_then(|number| number.parse().ok());
    let number = number.with_context(|| format!("names no person: {client} is not of the form client001"))?;
    let half = halves.get(&number);
    let half = half.with_context(|| format!("shows person {number}, who is in neither list of people"))?;
    let subject = format!("{SOURCE}/client{number:03}");
    let split = if *half == "test" { Split::Test } else { carve(&subject) };
    Ok(recording.sample(SOURCE, subject, split, attack))
}

fn give_boxes(recording: &Recording, listing: &mut Listing) {
    boxes::give(listing, &recording.beside("face"), |text, number| {
        boxes::numbered(text, number).map_or(Ok(None), |line| face(&line))
    });
}

fn face(line: &[f32]) -> Result<Option<FaceBox>> {
    let &[left, top, right, bottom, ..] = line else { bail!("a line is not a frame's number, a box and the eyes") };
    boxes::corners([left, top, right, bottom])
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_lists_must_be_there_and_disagree_on_nobody() {
        let root = tempfile::tempdir().unwrap();
        let write = |half: &str, text: &str| fs::write(root.path().join(format!("{half}_sub_list.txt")), text).unwrap();
        let says = || halves(root.path()).unwrap_err().to_string();
        assert!(says().ends_with("train_sub_list.txt"), "{}", says());
        write("train", "02\r\n03\n\n");
        assert!(says().ends_with("test_sub_list.txt"), "{}", says());
        write("test", "01 050\n");
        assert_eq!(
            halves(root.path()).unwrap(),
            BTreeMap::from([(1, "test"), (2, "train"), (3, "train"), (50, "test")])
        );
        write("test", "003");
        assert!(says().starts_with("person 003 is in train_sub_list.txt and in test_sub_list.txt"), "{}", says());
        write("test", "all");
        assert!(says().ends_with("lists all, which is no person's number"), "{}", says());
    }
}
