//! Rose-Youtu (Li et al., IEEE TIFS 2018) -> samples.
//!
//! ```text
//! [train|test/]PERSON/L_S_D_x_E_p_N.mp4    2/G_NT_5s_wg_E_2_1.mp4
//! ```
//!
//! L is the class, S speaking or not, D the phone, x glasses or not, E the background, p the person, N a number. L is G
//! genuine, Ps still and Pq quivering printed paper, Vl a video on a Lenovo screen and Vm on a Mac screen, and of paper
//! masks Mc with eyes and mouth cut out, Mf whole, Mu cut in the upper and Ml in the lower part. All masks are printed
//! paper, therefore prints.
//!
//! The published split: of the 20 people the first ten (2 to 12, there is no 8) train and the others (13 to 23) test.
//! There is no development part; 11 and 12 are it here, as in bob.gradiant.face.databases.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::{
    Attack, ListOptions, Listing, Sample, Split,
    frames::{self, Recording},
};
use crate::recapture::PaiSpecies::{Print, Replay};

const SOURCE: &str = "rose-youtu";

pub(super) fn list(root: &Path, options: &ListOptions) -> Result<Listing> {
    let mut listing = Listing::default();
    let recordings = frames::find(root, &["mp4"], &mut listing)?;
    let sample = |recording: &Recording| sample(root, recording);
    listing.append([frames::list(&recordings, options.frames_per_video, sample, |_, _| {})?]);
    Ok(listing)
}

fn sample(root: &Path, recording: &Recording) -> Result<Sample> {
    let (path, name) = (recording.path(), recording.name()?);
    let fields: Vec<&str> = name.split('_').collect();
    let &[class, _speaking, _device, _glasses, _background, person, _number] = fields.as_slice() else {
        bail!("is not named like G_NT_5s_wg_E_2_1.mp4");
    };
    let person: u32 = person.parse().ok().with_context(|| format!("names no person: {person} is no number"))?;
    let split = match person {
        2..=10 => Split::Train,
        11 | 12 => Split::Development,
        13..=23 => Split::Test,
        _ => bail!("shows person {person}, who is in neither half of the published split"),
    };
    for folder in path.strip_prefix(root).unwrap_or(path).parent().into_iter().flat_map(Path::iter) {
        let folder = folder.to_string_lossy();
        // Some copies name the folder _2.
        let other = folder.trim_start_matches('_').parse().is_ok_and(|number: u32| number != person);
        ensure!(!other, "is named after person {person}, but lies in the folder {folder}");
        let half = if split == Split::Test { "test" } else { "train" };
        ensure!(
            !matches!(&*folder, "train" | "test") || folder == half,
            "shows person {person}, who is in the published {half} half, but lies in the folder {folder}"
        );
    }
    let attack = match class {
        "G" => None,
        "Ps" => Some(Attack::new(Print, "still paper")),
        "Pq" => Some(Attack::new(Print, "quivering paper")),
        "Vl" => Some(Attack::new(Replay, "lenovo screen")),
        "Vm" => Some(Attack::new(Replay, "mac screen")),
        "Mc" => Some(Attack::new(Print, "paper mask with holes")),
        "Mf" => Some(Attack::new(Print, "paper mask")),
        "Mu" => Some(Attack::new(Print, "paper mask cut above")),
        "Ml" => Some(Attack::new(Print, "paper mask cut below")),
        _ => bail!("is of an unknown class, {class}"),
    };
    Ok(recording.sample(SOURCE, format!("{SOURCE}/{person}"), split, attack))
}
