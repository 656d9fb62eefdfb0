//! Data sets or photos -> presentations: who shows what, and the videos of it, as frames so many a second.

use std::{collections::HashMap, fmt, path::PathBuf};

use anyhow::{Context, Result};
use bonafide::pipeline::Pipeline;
use clap::ValueEnum;

use crate::{
    data::{
        dataset::{Sample, Split, photos, video},
        prepared::Cut,
        scene::scene,
    },
    picture::photo::Photo,
    recapture::{Clip, Instrument, Simulator},
};

/// Width of a simulated frame in face boxes: a face of 0.38 of the frame, where the gate asks for 0.3 to 0.75.
const VIEW: f32 = 2.6;

/// One person before one camera with one instrument or none: what may be tried again.
#[derive(Debug, Clone)]
pub struct Presentation {
    /// The data set or folder.
    pub source: String,
    /// The person, unique across sources.
    pub subject: String,
    /// The species, such as `print` or `replay/phone`; `None` is bona fide.
    pub attack: Option<String>,
    /// In the order in which they are played; at least one.
    pub videos: Vec<Video>,
}

/// Where frames come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Video {
    /// A video file.
    File(PathBuf),
    /// Images in their order, taken to be as many a second as are asked for.
    Frames(Vec<PathBuf>),
    /// A photo that the simulator shows to a camera.
    Simulated {
        /// The photo.
        photo: PathBuf,
        /// `None`: the person stands before the camera.
        instrument: Option<Instrument>,
        /// The first, second ... time: held otherwise.
        take: u64,
    },
}

/// For messages.
impl fmt::Display for Video {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) | Self::Simulated { photo: path, .. } => write!(f, "{}", path.display()),
            Self::Frames(paths) => write!(f, "{} and what follows it", paths[0].display()),
        }
    }
}

/// How frames are made.
#[derive(Debug, Clone, Copy)]
pub struct Playing {
    /// Frames a second.
    pub rate: f64,
    /// Length of a simulated clip, seconds.
    pub seconds: f64,
    /// Of what is simulated.
    pub seed: u64,
}

/// Frames in their order.
pub type Frames = Box<dyn Iterator<Item = Result<Photo>>>;

impl Video {
    /// Its frames, read or simulated as they are asked for.
    ///
    /// # Errors
    /// If the file cannot be read, `ffmpeg` is missing, or the photo to simulate shows no face; each frame may be an error too.
    pub fn frames(&self, pipeline: &Pipeline, playing: &Playing) -> Result<Frames> {
        match self {
            Self::File(path) => Ok(Box::new(video::stream(path, playing.rate)?)),
            Self::Frames(paths) => Ok(Box::new(paths.clone().into_iter().map(|path| Ok(Photo::read(&path)?.seen().0)))),
            Self::Simulated { photo, instrument, take } => {
                let pixels = Photo::read(photo)?;
                let faces = pollster::block_on(pipeline.detect(&pixels.frame()))?;
                let face = faces.first().with_context(|| format!("{} shows no face", photo.display()))?;
                let scene = scene(&pixels.frame(), &face.bounds, &Cut { margin: VIEW, reach: 1.0 });
                let kind = instrument.map_or_else(|| "live".into(), |instrument| instrument.to_string());
                let name = format!("{}/{kind}", photo.display());
                let rate = playing.rate as f32;
                let clip =
                    Clip::new(&Simulator::default(), &scene, *instrument, playing.seed, (name.as_str(), *take), rate);
                let count = (playing.seconds * playing.rate).round() as usize;
                Ok(Box::new(clip.take(count).map(|picture| {
                    let side = picture.size as u32;
                    Photo::from_rgba(picture.rgba(), side, side)
                })))
            }
        }
    }
}

/// The presentations of a data set's samples: pictures of one video, or of one folder, are one video, and videos of one
/// person with one instrument one presentation.
pub fn of_samples(samples: &[Sample]) -> Vec<Presentation> {
    let mut found: Vec<Presentation> = Vec::new();
    let mut places: HashMap<(&str, Option<String>), usize> = HashMap::new();
    for sample in samples {
        let attack = sample.attack.as_ref().map(ToString::to_string);
        let path = sample.media.path().to_owned();
        let place = *places.entry((&sample.subject, attack.clone())).or_insert_with(|| {
            let (source, subject) = (sample.source.clone(), sample.subject.clone());
            found.push(Presentation { source, subject, attack, videos: Vec::new() });
            found.len() - 1
        });
        let videos = &mut found[place].videos;
        if sample.media.frame().is_some() {
            let video = Video::File(path);
            if !videos.contains(&video) {
                videos.push(video);
            }
            continue;
        }
        let beside = videos.iter_mut().find_map(|video| match video {
            Video::Frames(paths) if paths[0].parent() == path.parent() => Some(paths),
            _ => None,
        });
        match beside {
            Some(paths) => paths.push(path),
            None => videos.push(Video::Frames(vec![path])),
        }
    }
    found
}

/// Simulated presentations of the photos of some folders, one person a file, at most `per_source` of each folder, of these
/// splits or without any of all: live, and as one kind of print and of screen, in turn; each up to `takes` times.
///
/// # Errors
/// If two folders have the same name, or there is no photo.
pub fn of_photos(folders: &[PathBuf], per_source: usize, splits: &[Split], takes: u64) -> Result<Vec<Presentation>> {
    let mut samples = photos::list(folders, per_source)?.samples;
    samples.retain(|sample| splits.is_empty() || splits.contains(&sample.split));
    // Print, screen, print, screen, as they are declared.
    let kinds = Instrument::value_variants();
    let presentations = samples.iter().enumerate().flat_map(|(number, sample)| {
        let first = 2 * (number % 2);
        [None, Some(kinds[first]), Some(kinds[first + 1])].map(|instrument| Presentation {
            source: sample.source.clone(),
            subject: sample.subject.clone(),
            attack: instrument.map(|of| format!("{}/{of}", of.species())),
            videos: (0..takes)
                .map(|take| Video::Simulated { photo: sample.media.path().to_owned(), instrument, take })
                .collect(),
        })
    });
    Ok(presentations.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::dataset::{Attack, Media, Split},
        recapture::PaiSpecies,
    };

    fn sample(subject: &str, attack: Option<&str>, media: Media) -> Sample {
        let attack = attack.map(|name| Attack { species: PaiSpecies::Replay, instrument: Some(name.into()) });
        let source = "s".into();
        Sample { media, source, subject: subject.into(), split: Split::Test, attack, face: None, labels: None }
    }

    #[test]
    fn pictures_of_a_video_or_folder_are_one_video_and_videos_of_an_instrument_one_presentation() {
        let frame = |path: &str, number| Media::VideoFrame { path: path.into(), number };
        let photo = |path: &str| Media::Photo(path.into());
        let found = of_samples(&[
            sample("a", None, frame("1.mp4", 3)),
            sample("a", None, frame("1.mp4", 9)),
            sample("a", Some("phone"), photo("x/1.png")),
            sample("a", Some("phone"), photo("x/2.png")),
            sample("a", Some("phone"), photo("y/1.png")),
            sample("b", None, frame("2.mp4", 0)),
        ]);
        let videos: Vec<_> =
            found.iter().map(|of| (of.subject.as_str(), of.attack.as_deref(), of.videos.len())).collect();
        assert_eq!(videos, [("a", None, 1), ("a", Some("replay/phone"), 2), ("b", None, 1)]);
        assert_eq!(found[1].videos[0], Video::Frames(vec!["x/1.png".into(), "x/2.png".into()]));
    }

    #[test]
    fn each_person_shows_a_print_and_a_screen() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            std::fs::write(folder.path().join(format!("{name}.jpg")), name).unwrap();
        }
        let found = of_photos(&[folder.path().to_owned()], 0, &[], 3).unwrap();
        let species: Vec<_> = found.iter().map(|of| of.attack.as_deref().unwrap_or("-")).collect();
        assert_eq!(species, ["-", "print/laser", "replay/stripes", "-", "print/inkjet", "replay/pentile"]);
        assert!(found.iter().all(|of| of.videos.len() == 3));
    }
}
