//! Data sets in their published layouts -> a list of samples: where the pixels are, who shows, which split, which class.
//!
//! Nothing here hands out pixels, which only [`same`] looks at; whoever wants them reads a sample's [`Media`].
//! Nothing is dropped in silence: what a layout should hold and does not, or what contradicts itself, is in
//! [`Listing::left_out`] with its reason. No person is in two splits, nor a picture. In every published layout a video may be a folder of its
//! frames (`frames`).

mod boxes;
mod casia_fasd;
mod celeba_spoof;
mod ffmpeg;
mod frames;
mod manifest;
mod msu_mfsd;
mod oulu_npu;
pub mod photos;
mod replay_attack;
mod rose_youtu;
mod same;
mod sample;
mod siw;
mod tree;
pub mod video;

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail, ensure};
use bonafide::weights::sha256;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

pub use sample::{Attack, Media, Sample, Semantics, Split};

/// What a layout holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// Usable pictures, in an order that follows from the files alone.
    pub samples: Vec<Sample>,
    /// Files that are not used, or of which a part is not, and why.
    pub left_out: Vec<LeftOut>,
}

/// A file that is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it: the rest of a sentence that begins with the path.
    pub reason: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path.display(), self.reason)
    }
}

impl Listing {
    fn leave_out(&mut self, path: impl Into<PathBuf>, reason: impl Into<String>) {
        self.left_out.push(LeftOut { path: path.into(), reason: reason.into() });
    }

    fn append(&mut self, parts: impl IntoIterator<Item = Self>) {
        for part in parts {
            self.samples.extend(part.samples);
            self.left_out.extend(part.left_out);
        }
    }
}

/// How the files of a data set lie in its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// CelebA-Spoof: `Data`, `metas/intra_test`.
    CelebaSpoof,
    /// Rose-Youtu: videos in folders of persons.
    RoseYoutu,
    /// SiW: `Train` and `Test`, each with `live` and `spoof`.
    Siw,
    /// OULU-NPU: `Protocols`, `Train_files`, `Dev_files`, `Test_files`.
    OuluNpu,
    /// Replay-Attack: `train`, `devel` and `test`, each with `real` and `attack`.
    ReplayAttack,
    /// MSU-MFSD: `scene01`, `train_sub_list.txt`, `test_sub_list.txt`.
    MsuMfsd,
    /// CASIA-FASD: `train_release` and `test_release`, videos in folders of persons.
    CasiaFasd,
    /// A table of your own files: path,class,species,instrument,subject,split,x,y,width,height.
    ///
    /// The header is that line, in full. One line a photo or video:
    ///
    /// | column | holds |
    /// |---|---|
    /// | `path` | relative to the table's folder, which it must not leave, by links neither |
    /// | `class` | `bona-fide` or `attack` |
    /// | `species` | attacks only: `print`, `replay` or `mask` |
    /// | `instrument` | attacks only, may be empty: a finer name such as `phone` |
    /// | `subject` | the person, any name |
    /// | `split` | `train`, `development`, `test`, or empty: by the hash of the person's name, 70, 15 and 15 % |
    /// | `x`, `y`, `width`, `height` | the face's box in pixels of the upright picture; all four, or all empty |
    ///
    /// Of a video (.mp4, .mov, .avi, .mkv, .webm, .m4v) the box holds for every frame.
    Csv,
}

/// As on the command line.
impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().expect("no layout is hidden").get_name())
    }
}

/// What a listing depends on, besides the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Args)]
#[serde(deny_unknown_fields, default)]
pub struct ListOptions {
    /// Frames taken of each video, evenly spaced, 1 to 1,000. A shorter video gives all it has.
    #[arg(long, default_value_t = 8)]
    pub frames_per_video: usize,
    /// OULU-NPU's protocol, 1 to 4.
    #[arg(long, default_value_t = 1)]
    pub oulu_protocol: u8,
    /// The part of OULU-NPU's protocols 3 and 4, 1 to 6: the phone that is left out.
    #[arg(long, default_value_t = 1)]
    pub oulu_fold: u8,
}

impl Default for ListOptions {
    fn default() -> Self {
        Self { frames_per_video: 8, oulu_protocol: 1, oulu_fold: 1 }
    }
}

/// The samples of the data set at `root`: its folder, or for [`Layout::Csv`] the table itself.
///
/// # Errors
/// If the layout's own files are missing or unreadable, no sample is left, a person is in two splits, an option is out of
/// its range, or a video is to be read and `ffmpeg` is not installed. A single bad file is no error but left out, except
/// in a table of your own, whose every bad line is named.
pub fn list(layout: Layout, root: &Path, options: &ListOptions) -> Result<Listing> {
    let frames = options.frames_per_video;
    ensure!((1..=1000).contains(&frames), "frames_per_video is {frames}: 1 to 1000 frames can be taken of each video");
    let mut listing = match layout {
        Layout::CelebaSpoof => celeba_spoof::list(root),
        Layout::RoseYoutu => rose_youtu::list(root, options),
        Layout::Siw => siw::list(root, options),
        Layout::OuluNpu => oulu_npu::list(root, options),
        Layout::ReplayAttack => replay_attack::list(root, options),
        Layout::MsuMfsd => msu_mfsd::list(root, options),
        Layout::CasiaFasd => casia_fasd::list(root, options),
        Layout::Csv => manifest::list(root, options),
    }?;
    // A table of your own has named them by their lines.
    match layout {
        Layout::Csv => {}
        Layout::CelebaSpoof => same::once(&mut listing, same::Files::Pictures),
        _ => same::once(&mut listing, same::Files::Recordings),
    }
    if listing.samples.is_empty() {
        match listing.left_out.first() {
            Some(first) => bail!(
                "{} holds nothing usable, {} left out, the first because {first}",
                root.display(),
                listing.left_out.len()
            ),
            None => bail!("{} holds no file of the layout {layout}", root.display()),
        }
    }
    check_disjoint(&listing.samples)?;
    Ok(listing)
}

/// Checks that every person is in one split.
///
/// # Errors
/// For the first one who is in two: the message names the person, both splits and a file of each.
pub fn check_disjoint(samples: &[Sample]) -> Result<()> {
    let mut first_of: HashMap<&str, &Sample> = HashMap::new();
    for sample in samples {
        let first = first_of.entry(&sample.subject).or_insert(sample);
        ensure!(
            first.split == sample.split,
            "{} is in two splits, {} ({}) and {} ({}): a person must be in one",
            sample.subject,
            first.split,
            first.media,
            sample.split,
            sample.media
        );
    }
    Ok(())
}

/// A fair and lasting draw in 0..100 from a person's name.
fn percent(name: &str) -> u32 {
    let hash = sha256(name.as_bytes());
    // The last digits: the first ones order the draw of some photos of many.
    u32::from_str_radix(&hash[hash.len() - 8..], 16).expect("a hash is hexadecimal") % 100
}

/// The split of a person for whom none was published. It follows from the name alone, so that it never changes when
/// others are added.
fn split(name: &str) -> Split {
    match percent(name) {
        0..70 => Split::Train,
        70..85 => Split::Development,
        _ => Split::Test,
    }
}

/// The split of a person of a published training half without a development part: 15 % of the people are set aside.
fn carve(name: &str) -> Split {
    if percent(name) < 15 { Split::Development } else { Split::Train }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_are_stable_disjoint_and_near_their_shares() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..1000 {
            std::fs::write(folder.path().join(format!("{number}.jpg")), number.to_string()).unwrap();
        }
        let of = |photos_per_source| photos::list(&[folder.path().to_owned()], photos_per_source).unwrap().samples;
        let all = of(0);
        let share = |split| all.iter().filter(|sample| sample.split == split).count();
        assert!((650..750).contains(&share(Split::Train)), "{}", share(Split::Train));
        assert!((110..190).contains(&share(Split::Development)), "{}", share(Split::Development));
        // A draw of some keeps each one's split.
        for sample in of(100) {
            assert!(all.contains(&sample));
        }
    }

    #[test]
    fn some_of_a_training_half_are_set_aside() {
        let names: Vec<String> = (0..1000).map(|number| format!("siw/{number:03}")).collect();
        let aside = names.iter().filter(|name| carve(name) == Split::Development).count();
        assert!((110..190).contains(&aside), "{aside}");
    }
}
