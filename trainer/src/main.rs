//! Command line of the trainer, nothing else.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use trainer::{
    cover,
    data::{prepare, preview},
    evaluate::{self, compare, steadiness},
    faces::{detect, draw},
    fuse, kernels, protocol,
    run::{preset, terminal::remark},
    sessions,
    ship::{card, export, precision, replay, score},
    simulate::{audit, contact, ruler, synthesize},
    train::{bench, depth_view, finetune, imagenet, pretrain},
    turns, weights,
};

/// Trains, evaluates and exports the networks of bonafide.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Turn published weights of others into ours.
    Import(weights::ImportArgs),
    /// Find the faces of a data set, cut crops and draw depth: once, for all runs.
    Prepare(prepare::PrepareArgs),
    /// Simulate attacks on bona fide photos, and write them as prepare does.
    Synthesize(synthesize::SynthesizeArgs),
    /// Rank a prepared set's crops by what must not give their classes away.
    Audit(audit::AuditArgs),
    /// Ask networks that know real attacks how real a prepared set looks.
    Realism(ruler::RealismArgs),
    /// Draw strips of simulated presentations, to judge them by eye.
    Contact(contact::ContactArgs),
    /// Print a preset, to start a config file of one's own from.
    Preset(preset::PresetArgs),
    /// Train the backbone on a folder of images in classes, ImageNet's layout.
    PretrainImagenet(imagenet::ImagenetArgs),
    /// Train and evaluate the rows of a table of the paper.
    Protocol(protocol::ProtocolArgs),
    /// Draw a contact sheet of augmented training crops.
    Augment(preview::AugmentArgs),
    /// Print the faces of photos as JSON lines.
    Detect(detect::DetectArgs),
    /// Draw the pseudo-depth of photos.
    Depth(draw::DepthArgs),
    /// Train the generator on pseudo-depth, first on L1 alone, then against the critic.
    Pretrain(pretrain::PretrainArgs),
    /// Train the classifier on a pretrained encoder.
    Finetune(finetune::FinetuneArgs),
    /// Train a decoder that draws the depth which a fine-tuned classifier's features hold: an illustration.
    DepthView(depth_view::DepthViewArgs),
    /// Measure a classifier on the test split.
    Evaluate(evaluate::EvaluateArgs),
    /// Measure what tone, detail and a box that jumps do to a classifier's logit.
    Steadiness(steadiness::SteadinessArgs),
    /// Set the scores of several models on the same presentations side by side.
    Compare(compare::CompareArgs),
    /// Measure what weights in fewer bits cost.
    Precision(precision::PrecisionArgs),
    /// Write the model card from run folders.
    Card(card::CardArgs),
    /// Fit how the networks' votes become one score, on scored and labelled presentations.
    Fuse(fuse::FuseArgs),
    /// Write a classifier as the weights that the package ships.
    Export(export::ExportArgs),
    /// Write the networks that ship as ONNX files, for other runtimes.
    #[cfg(feature = "onnx")]
    ExportOnnx(trainer::ship::onnx::OnnxArgs),
    /// Measure what a training step costs on the CPU (see `make bench-train`).
    Bench(bench::BenchArgs),
    /// Run a recorded check again: the same verdict, and what led to it.
    Replay(replay::ReplayArgs),
    /// Measure whole checks, on videos or on clips simulated from photos.
    Sessions(sessions::SessionsArgs),
    /// Score photos with exported weights.
    Score(score::ScoreArgs),
    /// Train and measure the network that sees covers over eyes and mouth, on covers drawn onto photos.
    Cover(cover::CoverArgs),
    /// Measure how often the challenge takes a turn of a rendered head, and of a picture.
    Turns(turns::TurnsArgs),
}

fn main() -> ExitCode {
    kernels::install();
    let done = match Cli::parse().command {
        Command::Import(args) => weights::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Prepare(args) => prepare::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Synthesize(args) => synthesize::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Audit(args) => audit::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Realism(args) => ruler::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Preset(args) => preset::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Contact(args) => contact::run(&args).map(|()| ExitCode::SUCCESS),
        Command::PretrainImagenet(args) => imagenet::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Protocol(args) => protocol::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Bench(args) => bench::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Augment(args) => preview::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Detect(args) => detect::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Depth(args) => draw::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Pretrain(args) => pretrain::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Finetune(args) => finetune::run(&args).map(|()| ExitCode::SUCCESS),
        Command::DepthView(args) => depth_view::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Evaluate(args) => evaluate::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Steadiness(args) => steadiness::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Compare(args) => compare::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Precision(args) => precision::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Card(args) => card::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Fuse(args) => fuse::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Export(args) => export::run(&args).map(|()| ExitCode::SUCCESS),
        #[cfg(feature = "onnx")]
        Command::ExportOnnx(args) => trainer::ship::onnx::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Replay(args) => replay::run(&args),
        Command::Sessions(args) => sessions::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Score(args) => score::run(&args),
        Command::Cover(args) => cover::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Turns(args) => turns::run(&args).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        remark(format_args!("error: {error:#}"));
        ExitCode::from(2)
    })
}
