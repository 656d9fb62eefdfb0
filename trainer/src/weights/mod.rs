//! Published weights of others -> our networks' weights, in `pkg/weights`: `trainer import`.
//!
//! [`store`] writes any network as the package ships it. Nothing here knows how weights are learnt or what they are for.

pub mod mediapipe;
pub mod minifasnet;
pub mod onnx;
pub mod pytorch;
pub mod store;
pub mod tflite;

use std::path::PathBuf;

use anyhow::Result;

pub use mediapipe::CanonicalMesh;

use store::Precision;

/// Options of `trainer import`.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, clap::Subcommand)]
enum Source {
    /// Face detector and face mesh from the npm package @mediapipe/face_mesh 0.4.1657299874 (Apache-2.0).
    Mediapipe {
        /// Folder of the installed package.
        #[arg(long, default_value = "node_modules/@mediapipe/face_mesh")]
        package: PathBuf,
        /// Folder to write to.
        #[arg(long, default_value = "pkg/weights")]
        out: PathBuf,
    },
    /// The experts: MiniFASNetV2 and MiniFASNetV1SE (Apache-2.0), which Minivision trained on real attacks.
    Minifasnet {
        /// Each network's file: .onnx, or a state dict (.safetensors, .pth, .pt, .bin).
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Folder to write to.
        #[arg(long, default_value = "pkg/weights")]
        out: PathBuf,
        /// How finely the weights are stored.
        #[arg(long, value_enum, default_value = "int8")]
        precision: Precision,
    },
}

/// Runs `trainer import`.
///
/// # Errors
/// If the source is missing, damaged or another version, or the disk refuses.
pub fn run(args: &ImportArgs) -> Result<()> {
    match &args.source {
        Source::Mediapipe { package, out } => mediapipe::run(package, out),
        Source::Minifasnet { files, out, precision } => minifasnet::run(files, out, *precision),
    }
}

/// The values of a matrix of `rows` x `columns`, row by row -> column by column: PyTorch keeps `[out, in]`, burn and ONNX
/// `[in, out]`.
fn transposed([rows, columns]: [usize; 2], values: &[f32]) -> Vec<f32> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| values[row * columns + column])).collect()
}
