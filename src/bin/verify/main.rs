//! Command line of the server's side: issues tickets, and says whether a transcript answers one. Rules are the library's
//! (`bonafide::verify`); this keeps the ledger in a file.
//!
//!     verify issue --ledger tickets.json --weights pkg/weights
//!     verify check transcript.json --ledger tickets.json --weights pkg/weights

mod ledger;

use std::{
    fs::{self, File},
    io::{ErrorKind, Read, Write, stderr, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use bonafide::{
    Error, picture,
    pipeline::Pipeline,
    reduced::Reduced,
    session::{Step, Verdict},
    transcript::{self, Attached},
    verify::{Entry, Rejection, Submission, Verifier, Wish},
    weights::Manifest,
};
use clap::{Args, Parser, Subcommand};
use ledger::Ledger;
use serde::Serialize;

type Failure = Box<dyn std::error::Error>;
type Result<T> = std::result::Result<T, Failure>;

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
    /// files cannot be used; with 2 for a picture that cannot be read, the report still comes, and says which.
    Check(CheckArgs),
}

#[derive(Args)]
struct Shared {
    /// File that remembers open tickets; made if it is missing. Beside it lies a folder of what transcripts held, a file
    /// each, by which copies are known: it is never cleared.
    #[arg(long)]
    ledger: PathBuf,
    /// Folder with manifest.json: the weights that pages load. Several while pages change from one to the next.
    #[arg(long, required = true)]
    weights: Vec<PathBuf>,
    /// Another release than this program's whose pages are still in use.
    #[arg(long)]
    release: Vec<String>,
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
    /// Seconds to watch at least.
    #[arg(long)]
    passive_seconds: Option<u32>,
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
    /// What the page bound beside the check.
    attached: Option<Attached>,
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
    /// Why it could not be scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Issue(args) => issue(&args).map(|()| ExitCode::SUCCESS),
        Command::Check(args) => check(&args),
    };
    done.unwrap_or_else(|error| {
        let unread = |error: &std::io::Error| error.kind() == ErrorKind::BrokenPipe;
        if !error.downcast_ref().is_some_and(unread) {
            complain(&error.to_string());
        }
        ExitCode::from(2)
    })
}

fn complain(sentence: &str) {
    // Where even this cannot be written, the exit code is left.
    let _ = writeln!(stderr(), "verify: {sentence}");
}

/// Prints a result, the one thing on the standard output. Where nobody reads it any more, the error is a broken pipe, of which
/// nothing is said.
fn say(text: &str) -> Result<()> {
    let done = writeln!(stdout(), "{text}").and_then(|()| stdout().flush());
    done.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => error.into(),
        _ => format!("cannot write to the standard output: {error}").into(),
    })
}

fn issue(args: &IssueArgs) -> Result<()> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    let now = now_ms()?;
    let wish = Wish {
        steps: args.challenge.clone(),
        passive_seconds: args.passive_seconds,
        ..Wish::at(&args.operating_point)
    };
    let ticket = verifier(&args.shared)?.ticket(&wish, args.minutes * 60_000, random, now)?;
    let mut ledger = Ledger::open(&args.shared.ledger)?;
    ledger.entries.retain(|_, entry| !entry.is_over(now));
    ledger.entries.insert(ticket.nonce.clone(), Entry::new(ticket.clone()));
    ledger.save()?;
    let told = say(&serde_json::to_string(&ticket)?);
    if told.is_err() {
        // Nobody has it: as if it had not been issued.
        ledger.entries.remove(&ticket.nonce);
        ledger.save()?;
    }
    told
}

fn verifier(Shared { weights, release, .. }: &Shared) -> Result<Verifier> {
    let mut manifests = weights.iter().map(|folder| Ok(Manifest::parse(&read_manifest(folder)?)?));
    let first = manifests.next().expect("clap requires one")?;
    let all = manifests
        .try_fold(Verifier::new(first), |all, next: Result<Manifest>| Ok::<_, Failure>(all.and_weights(next?)))?;
    Ok(release.iter().fold(all, |all, sdk| all.and_release(sdk)))
}

fn check(args: &CheckArgs) -> Result<ExitCode> {
    let verifier = verifier(&args.shared)?;
    let outcome = match read_transcript(&args.transcript)? {
        Ok(text) => answer(&verifier, &text, &args.shared.ledger)?,
        Err(rejection) => Err(rejection),
    };
    let accepted = outcome.is_ok();
    // Pictures of a transcript that is not taken are not worth the work.
    let pictures = match &outcome {
        Ok((sent, _)) => score(sent.weights(), &args.shared.weights, &args.pictures)?,
        Err(_) => Vec::new(),
    };
    let report = match outcome {
        Ok((sent, verdict)) => Report {
            accepted,
            digest: Some(sent.digest().to_owned()),
            verdict: Some(verdict),
            attached: sent.attached().cloned(),
            code: None,
            message: None,
            pictures,
        },
        Err(rejection) => Report {
            accepted,
            digest: None,
            verdict: None,
            attached: None,
            code: Some(rejection.code()),
            message: Some(rejection.to_string()),
            pictures,
        },
    };
    say(&serde_json::to_string_pretty(&report)?)?;
    let unread: Vec<&String> = report.pictures.iter().filter_map(|picture| picture.error.as_ref()).collect();
    unread.iter().for_each(|error| complain(error));
    Ok(if unread.is_empty() { ExitCode::from(u8::from(!accepted)) } else { ExitCode::from(2) })
}

/// What was sent and the verdict, or why not; the ticket is used up and the ledger saved before either is known.
fn answer(
    verifier: &Verifier,
    text: &str,
    ledger: &Path,
) -> Result<std::result::Result<(Submission, Verdict), Rejection>> {
    let mut ledger = Ledger::open(ledger)?;
    let now = now_ms()?;
    let (submission, entry, received) = match ledger.redeem(text, now)? {
        Ok(taken) => taken,
        Err(rejection) => return Ok(Err(rejection)),
    };
    ledger.save()?;
    Ok(verifier.verify(&submission, &entry, received).map(|verdict| (submission, verdict)))
}

/// What a page sent, however long or odd.
fn read_transcript(file: &Path) -> Result<std::result::Result<String, Rejection>> {
    let mut bytes = Vec::new();
    let most = transcript::MAX_BYTES as u64 + 1;
    File::open(file).and_then(|open| open.take(most).read_to_end(&mut bytes)).map_err(|e| named(file, e))?;
    let malformed = |_| Rejection::Malformed(Error::invalid_input("the transcript is no UTF-8 text"));
    Ok(String::from_utf8(bytes).map_err(malformed))
}

/// Every picture through the networks that the page ran: those of the folder whose manifest has this digest.
fn score(digest: &str, weights: &[PathBuf], pictures: &[PathBuf]) -> Result<Vec<Picture>> {
    if pictures.is_empty() {
        return Ok(Vec::new());
    }
    let read = weights.iter().map(|folder| Ok((folder, read_manifest(folder)?))).collect::<Result<Vec<_>>>()?;
    let ran =
        |(_, manifest): &&(_, String)| Manifest::parse(manifest).is_ok_and(|manifest| manifest.digest() == digest);
    let (weights, manifest) = read.iter().find(ran).ok_or("the weights were replaced meanwhile")?;
    let fetch = |file: &str| fs::read(weights.join(file)).ok();
    let pipeline = Pipeline::load(manifest, fetch, &burn::tensor::Device::flex())?;
    pictures
        .iter()
        .map(|file| {
            let (score, error) = match seen(file) {
                Ok(seen) => (pollster::block_on(pipeline.score(&seen.frame()?))?, None),
                Err(error) => (None, Some(error.to_string())),
            };
            Ok(Picture { file: file.clone(), score: score.map(|scored| scored.score.value()), error })
        })
        .collect()
}

fn seen(file: &Path) -> Result<Reduced> {
    let bytes = File::open(file).and_then(picture::bytes).map_err(|e| named(file, e))?;
    let picture = picture::decode(&bytes).map_err(|e| named(file, e))?;
    let (width, height) = picture.dimensions();
    Ok(Reduced::of(picture.into_raw(), width, height))
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
