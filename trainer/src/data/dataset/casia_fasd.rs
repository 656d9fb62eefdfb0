//! CASIA-FASD (Zhang et al., ICB 2012) -> samples.
//!
//! ```text
//! train_release/PERSON/NAME.avi    train_release/7/HR_3.avi    20 people
//! test_release/PERSON/NAME.avi                                 30 others
//! ```
//!
//! NAME 1, 2 and HR_1 are bona fide (an old, a new and a high-resolution camera); 3, 4 and HR_2 a print that is warped; 5, 6
//! and HR_3 a print whose eyes are cut out, still a print; 7, 8 and HR_4 a video on a tablet. The halves number their people
//! from 1 each, and share none. Of the training people 15 %, by the hash of their number, are the development split: with
//! so few of them that came out as six.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::{
    Attack, ListOptions, Listing, Sample, Split, carve,
    ffmpeg::VIDEOS,
    frames::{self, Recording},
};
use crate::recapture::PaiSpecies::{Print, Replay};

const SOURCE: &str = "casia-fasd";

pub(super) fn list(root: &Path, options: &ListOptions) -> Result<Listing> {
    ensure!(root.is_dir(), "cannot find the folder {}", root.display());
    let mut listing = Listing::default();
    for (half, people) in [("train", 20), ("test", 30)] {
        let folder = root.join(format!("{half}_release"));
        if !folder.is_dir() {
            listing.leave_out(folder, "is missing");
            continue;
        }
        let recordings = frames::find(&folder, &VIDEOS, &mut listing)?;
        let sample = |recording: &Recording| sample(&folder, half, people, recording);
        listing.append([frames::list(&recordings, options.frames_per_video, sample, |_, _| {})?]);
    }
    Ok(listing)
}

fn sample(folder: &Path, half: &str, people: u32, recording: &Recording) -> Result<Sample> {
    let place = recording.path().parent().and_then(|parent| parent.strip_prefix(folder).ok());
    let place = place.context("does not lie in the folder of a person")?.to_string_lossy();
    let person: Option<u32> = place.parse().ok().filter(|person| (1..=people).contains(person));
    let person = person.with_context(|| format!("does not lie in the folder of a person, 1 to {people}"))?;
    let attack = match recording.name()? {
        "1" | "2" | "HR_1" => None,
        "3" | "4" | "HR_2" => Some(Attack::new(Print, "warped print")),
        "5" | "6" | "HR_3" => Some(Attack::new(Print, "cut print")),
        "7" | "8" | "HR_4" => Some(Attack::new(Replay, "tablet")),
        _ => bail!("is not named 1 to 8 or HR_1 to HR_4"),
    };
    let subject = format!("{SOURCE}/{half}/{person:02}");
    let split = if half == "test" { Split::Test } else { carve(&subject) };
    Ok(recording.sample(SOURCE, subject, split, attack))
}
