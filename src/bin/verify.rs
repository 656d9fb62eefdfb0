//! Command line of the server's side: issues tickets, and says whether a transcript answers one. Rules are the library's
//! (`bonafide::verify`); this keeps the ledger in a file.
//!
//!     verify issue --ledger tickets.json --weights pkg/weights
//!     verify check transcript.json --ledger tickets.json --weights pkg/weights

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use bonafide::{
    Error,
    frame::{Frame, MAX_SIDE},
    pipeline::Pipeline,
    session::{Step, Verdict},
    transcript,
    verify::{Entry, Rejection, Submission, Verifier},
    weights::Manifest,
};
use clap::{Args, Parser, Subcommand};
use serde::Serialize;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Issues tickets for liveness checks in pages, and verifies the transcripts that come back.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print a new ticket as JSON, for the page to hand to `check()`.
    Issue(IssueArgs),
    /// Verify a transcript: exit code 0 if it answers its ticket, whatever the verdict, 1 if it is rejected, 2 if the
    /// files cannot be used.
    Check(CheckArgs),
}

#[derive(Args)]
struct Shared {
    /// File that remembers tickets; made if it is missing.
    #[arg(long)]
    ledger: PathBuf,
    /// Folder with manifest.json: the weights that the page loads.
    #[arg(long)]
    weights: PathBuf,
}

#[derive(Args)]
struct IssueArgs {
    #[command(flatten)]
    shared: Shared,
    /// Name of an operating point of the weights.
    #[arg(long, default_value = "balanced")]
    operating_point: String,
    /// Movements to ask for, in an order that the ticket's seed decides: turn-left, turn-right, move-closer.
    #[arg(long, value_delimiter = ',', value_parser = step)]
    challenge: Vec<Step>,
    /// How long the ticket is good for.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    minutes: u64,
}

#[derive(Args)]
struct CheckArgs {
    /// The transcript's JSON, byte for byte as it came.
    transcript: PathBuf,
    #[command(flatten)]
    shared: Shared,
    /// Pictures that the page chose to upload, to be scored here.
    #[arg(long)]
    pictures: Vec<PathBuf>,
}

/// What `check` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    accepted: bool,
    digest: Option<String>,
    verdict: Option<Verdict>,
    code: Option<&'static str>,
    message: Option<String>,
    pictures: Vec<Picture>,
}

/// A picture, scored here.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Picture {
    file: PathBuf,
    /// P(bona fide) of its most confident face; `None` without a face.
    score: Option<f32>,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Issue(args) => issue(&args).map(|()| ExitCode::SUCCESS),
        Command::Check(args) => check(&args),
    };
    done.unwrap_or_else(|error| {
        eprintln!("verify: {error}");
        ExitCode::from(2)
    })
}

fn issue(args: &IssueArgs) -> Result<()> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    let now = now_ms()?;
    let verifier = Verifier::new(Manifest::parse(&read_manifest(&args.shared.weights)?)?);
    let ticket = verifier.ticket(&args.operating_point, &args.challenge, args.minutes * 60_000, random, now)?;
    let mut ledger = Ledger::open(&args.shared.ledger)?;
    ledger.entries.retain(|_, entry| !entry.is_over(now));
    ledger.entries.insert(ticket.nonce.clone(), Entry::new(ticket.clone()));
    ledger.save()?;
    println!("{}", serde_json::to_string(&ticket)?);
    Ok(())
}

fn check(args: &CheckArgs) -> Result<ExitCode> {
    let manifest = read_manifest(&args.shared.weights)?;
    let verifier = Verifier::new(Manifest::parse(&manifest)?);
    let outcome = match read_transcript(&args.transcript)? {
        Ok(text) => answer(&verifier, &text, &args.shared.ledger)?,
        Err(rejection) => Err(rejection),
    };
    let accepted = outcome.is_ok();
    // Pictures of a transcript that is not taken are not worth the work.
    let pictures = if accepted { score(&manifest, &args.shared.weights, &args.pictures)? } else { Vec::new() };
    let report = match outcome {
        Ok((digest, verdict)) => {
            Report { accepted, digest: Some(digest), verdict: Some(verdict), code: None, message: None, pictures }
        }
        Err(rejection) => Report {
            accepted,
            digest: None,
            verdict: None,
            code: Some(rejection.code()),
            message: Some(rejection.to_string()),
            pictures,
        },
    };
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(if accepted { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The digest and the verdict, or why not; the ticket is used up and the ledger saved before either is known.
fn answer(verifier: &Verifier, text: &str, ledger: &Path) -> Result<std::result::Result<(String, Verdict), Rejection>> {
    let submission = match Submission::parse(text) {
        Ok(submission) => submission,
        Err(rejection) => return Ok(Err(rejection)),
    };
    let mut ledger = Ledger::open(ledger)?;
    let now = now_ms()?;
    let Some(entry) = ledger.entries.get_mut(submission.nonce()) else { return Ok(Err(Rejection::UnknownNonce)) };
    let received = match entry.redeem(&submission, now) {
        Ok(received) => received,
        Err(rejection) => return Ok(Err(rejection)),
    };
    let verdict = verifier.verify(&submission, &entry.ticket, received);
    ledger.save()?;
    Ok(verdict.map(|verdict| (submission.digest().to_owned(), verdict)))
}

/// What a page sent, however long or odd.
fn read_transcript(file: &Path) -> Result<std::result::Result<String, Rejection>> {
    let mut bytes = Vec::new();
    let most = transcript::MAX_BYTES as u64 + 1;
    File::open(file).and_then(|open| open.take(most).read_to_end(&mut bytes)).map_err(|e| named(file, e))?;
    let malformed = |_| Rejection::Malformed(Error::invalid_input("the transcript is no UTF-8 text"));
    Ok(String::from_utf8(bytes).map_err(malformed))
}

/// Every picture through the networks that the page runs.
fn score(manifest: &str, weights: &Path, pictures: &[PathBuf]) -> Result<Vec<Picture>> {
    if pictures.is_empty() {
        return Ok(Vec::new());
    }
    let fetch = |file: &str| fs::read(weights.join(file)).ok();
    let pipeline = Pipeline::load(manifest, fetch, &burn::tensor::Device::flex())?;
    pictures
        .iter()
        .map(|file| {
            let picture = read_picture(file).map_err(|e| named(file, e))?;
            let (width, height) = picture.dimensions();
            let frame = Frame::new(picture.as_raw(), width, height)?;
            let scored = pollster::block_on(pipeline.score(&frame))?;
            Ok(Picture { file: file.clone(), score: scored.map(|scored| scored.score.value()) })
        })
        .collect()
}

/// A few bytes can claim to be a picture of any size: one that no frame may have is refused before it is unpacked.
fn read_picture(file: &Path) -> image::ImageResult<image::RgbaImage> {
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    let mut reader = image::ImageReader::open(file)?.with_guessed_format()?;
    reader.limits(limits);
    Ok(reader.decode()?.into_rgba8())
}

/// Tickets in a JSON file. One process at a time: the lock is held until the ledger is dropped.
struct Ledger {
    file: PathBuf,
    entries: BTreeMap<String, Entry>,
    _lock: File,
}

impl Ledger {
    fn open(file: &Path) -> Result<Self> {
        // A file of its own, since saving replaces the ledger's.
        let path = file.with_added_extension("lock");
        let lock = File::create(&path).map_err(|e| named(&path, e))?;
        lock.lock().map_err(|e| named(&path, e))?;
        let entries = match fs::read_to_string(file) {
            Ok(text) => serde_json::from_str(&text).map_err(|e| named(file, e))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(named(file, error)),
        };
        Ok(Self { file: file.into(), entries, _lock: lock })
    }

    /// All of it or nothing, even if the machine stops now.
    fn save(&self) -> Result<()> {
        let path = self.file.with_added_extension("new");
        let mut new = File::create(&path).map_err(|e| named(&path, e))?;
        new.write_all(&serde_json::to_vec(&self.entries)?)
            .and_then(|()| new.sync_all())
            .map_err(|e| named(&path, e))?;
        fs::rename(&path, &self.file).map_err(|e| named(&self.file, e))?;
        // The new name must last as well, or a used ticket could be good again. Elsewhere folders are no files.
        #[cfg(unix)]
        {
            let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| named(folder, e))?;
        }
        Ok(())
    }
}

fn read_manifest(weights: &Path) -> Result<String> {
    let path = weights.join("manifest.json");
    fs::read_to_string(&path).map_err(|e| named(&path, e))
}

fn now_ms() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis().try_into()?)
}

fn step(name: &str) -> std::result::Result<Step, String> {
    serde_json::from_value(name.into()).map_err(|_| "steps are turn-left, turn-right and move-closer".to_owned())
}

fn named(path: &Path, error: impl std::fmt::Display) -> Box<dyn std::error::Error> {
    format!("{}: {error}", path.display()).into()
}
