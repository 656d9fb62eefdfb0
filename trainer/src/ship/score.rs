//! Photos -> faces, scores and each network's vote with the weights that ship, as a table or CSV, and the depth that the
//! network sees: `trainer score`.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use bonafide::{crop::CROP_SIZE, face::FaceBox, fusion::Votes, pipeline::Pipeline, score::Score};
use burn::tensor::Device;
use clap::Args;
use image::{ImageBuffer, Luma};

use crate::{
    fuse::columns,
    picture::{
        photo::{Photo, expand},
        sheet::write_png,
    },
    run::terminal::{Output, progress, remark},
};

/// Options of `trainer score`.
#[derive(Debug, Args)]
pub struct ScoreArgs {
    /// Photos, or folders that are searched for photos.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Write the rows to this CSV file instead of the terminal.
    #[arg(long)]
    csv: Option<PathBuf>,
    /// Take each photo as the face crop itself, without detection.
    #[arg(long)]
    whole: bool,
    /// Also draw the depth that the network sees in each face, into this folder: PNG, 16 bits, white is nearest; a
    /// photo's number and name.
    #[arg(long, conflicts_with = "whole")]
    depth: Option<PathBuf>,
    /// Folder with manifest.json and the weights that it names. Repeatable: files that the first folder lacks are looked for
    /// in the next (`--weights trainer/candidates/NAME --weights pkg/weights`).
    #[arg(long, default_value = "pkg/weights")]
    weights: Vec<PathBuf>,
}

/// What is known of one photo.
struct Row {
    face: Option<FaceBox>,
    scored: Option<(Score, Votes)>,
    error: String,
}

/// Loads the pipeline of a weights folder; what it lacks comes from the folders behind it.
///
/// # Errors
/// If a file is missing, damaged or of another release.
pub fn load_pipeline(weights: &[PathBuf], device: &Device) -> Result<Pipeline> {
    let path = weights.first().context("no folder of weights is named")?.join("manifest.json");
    let manifest = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Pipeline::load(&manifest, |file| find(weights, file), device)?)
}

/// The file of a name in the first folder that has it.
fn find(weights: &[PathBuf], file: &str) -> Option<Vec<u8>> {
    weights.iter().find_map(|folder| fs::read(folder.join(file)).ok())
}

/// Runs `trainer score`: exit code 0, or 1 if some file could not be read (its row says why; the others are scored).
///
/// # Errors
/// If paths or weights are missing, or the CSV cannot be written.
pub fn run(args: &ScoreArgs) -> Result<ExitCode> {
    let photos = expand(&args.paths)?;
    let pipeline = load_pipeline(&args.weights, &Device::flex())?;
    let cannot = || match &args.csv {
        Some(path) => format!("cannot write {}", path.display()),
        None => "cannot write to the standard output".into(),
    };
    let out: Box<dyn Write> = match &args.csv {
        Some(path) => Box::new(fs::File::create(path).with_context(cannot)?),
        None => Box::new(Output),
    };
    let mut csv = csv::Writer::from_writer(out);
    let mut header: Vec<String> =
        ["path", "face_x", "face_y", "face_width", "face_height", "face_confidence", "score", columns::CLASSIFIER]
            .map(Into::into)
            .into();
    header.extend(columns::experts());
    header.push("error".into());
    csv.write_record(header).with_context(cannot)?;
    if let Some(folder) = &args.depth {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        pipeline.load_decoder(|file| find(&args.weights, file))?;
    }
    let bar = progress(photos.len(), "scoring");
    let mut unreadable = 0;
    for (number, path) in photos.iter().enumerate() {
        let row = match Photo::read(path) {
            Ok(photo) => {
                let (photo, times) = photo.seen();
                let row = match &args.depth {
                    Some(folder) => {
                        let name = path.file_stem().unwrap_or_default().to_string_lossy();
                        depict(&pipeline, &photo, &folder.join(format!("{number:04}-{name}.png")))?
                    }
                    None => score(&pipeline, &photo, args.whole)?,
                };
                Row { face: row.face.map(|face| face.enlarged(times)), ..row }
            }
            Err(error) => {
                unreadable += 1;
                Row { face: None, scored: None, error: format!("{error:#}") }
            }
        };
        let face =
            |value: fn(&FaceBox) -> f32| row.face.as_ref().map_or_else(String::new, |face| value(face).to_string());
        let mut cells = vec![
            path.to_string_lossy().into_owned(),
            face(|face| face.x),
            face(|face| face.y),
            face(|face| face.width),
            face(|face| face.height),
            face(|face| face.confidence),
            row.scored.as_ref().map_or_else(String::new, |(score, _)| score.value().to_string()),
        ];
        cells.extend(columns::cells(row.scored.as_ref().map(|(_, votes)| votes)));
        cells.push(row.error);
        csv.write_record(cells).with_context(cannot)?;
        bar.inc(1);
    }
    csv.flush().with_context(cannot)?;
    bar.finish_and_clear();
    if unreadable > 0 {
        remark(format_args!("{unreadable} of {} files could not be read: their rows say why", photos.len()));
        return Ok(ExitCode::from(1));
    }
    Ok(ExitCode::SUCCESS)
}

fn score(pipeline: &Pipeline, photo: &Photo, whole: bool) -> Result<Row> {
    let frame = photo.frame();
    if whole {
        let scored = pollster::block_on(pipeline.score_whole(&frame))?;
        return Ok(Row { face: None, scored: Some(scored), error: String::new() });
    }
    Ok(match pollster::block_on(pipeline.score(&frame))? {
        Some(of) => Row { face: Some(of.face.bounds), scored: Some((of.score, of.votes)), error: String::new() },
        None => Row::without_a_face(),
    })
}

fn depict(pipeline: &Pipeline, photo: &Photo, to: &Path) -> Result<Row> {
    let Some(depicted) = pollster::block_on(pipeline.depict(&photo.frame()))? else {
        return Ok(Row::without_a_face());
    };
    let values = depicted.depth.iter().map(|depth| (depth * 65_535.0).round() as u16).collect();
    let map: ImageBuffer<Luma<u16>, _> =
        ImageBuffer::from_raw(CROP_SIZE as u32, CROP_SIZE as u32, values).expect("a map is of the crop's size");
    write_png(to, &map.into())?;
    let scored = Some((depicted.score, depicted.votes));
    Ok(Row { face: Some(depicted.face.bounds), scored, error: String::new() })
}

impl Row {
    /// No error: the photo was read, and this is what it shows.
    fn without_a_face() -> Self {
        Self { face: None, scored: None, error: "no face".into() }
    }
}
