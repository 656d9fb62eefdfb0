//! A checkpoint with PyTorch's tensor names -> one of our networks. Knows neither networks nor their names.
//!
//! A PyTorch file is parsed by burn's restricted reader (the crate `pytorch-reader`), never unpickled: it interprets the
//! opcodes of a state dict, builds tensors from the few calls that PyTorch writes for them, and keeps any other object as
//! its name alone or refuses the file. Nothing that a file names is ever called, so that a file cannot run code.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use burn::store::{ModuleSnapshot, ModuleStore, PyTorchToBurnAdapter, PytorchStore, SafetensorsStore};

/// Fills `module` from a checkpoint: .safetensors, or PyTorch's .pth, .pt or .bin.
///
/// `names` are pairs of a regular expression and what replaces it (`$1` is a group), applied to every tensor's name in
/// order. Tensors that the module does not have are left out.
///
/// # Errors
/// One sentence if the file cannot be read, is not a checkpoint, has another ending, or lacks one of the module's tensors
/// or has it in another shape.
pub fn load_pytorch<M: ModuleSnapshot, S: AsRef<str>>(path: &Path, mut module: M, names: &[(S, S)]) -> Result<M> {
    // Told apart here from a file that is there but damaged.
    ensure!(
        std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?.metadata()?.is_file(),
        "{} is no file",
        path.display()
    );
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "safetensors" => {
            let mut store = SafetensorsStore::from_file(path).with_from_adapter(PyTorchToBurnAdapter);
            for (from, to) in names {
                store = store.with_key_remapping(from.as_ref(), to.as_ref());
            }
            fill(&mut module, store.allow_partial(true).validate(false))?;
        }
        "pth" | "pt" | "bin" => {
            // Our indices have no gaps once renamed.
            let mut store = PytorchStore::from_file(path).map_indices_contiguous(false);
            for (from, to) in names {
                store = store.with_key_remapping(from.as_ref(), to.as_ref());
            }
            fill(&mut module, store.allow_partial(true).validate(false))?;
        }
        _ => bail!("its name must end in .safetensors, .pth, .pt or .bin"),
    }
    Ok(module)
}

/// The store must leave missing and misshapen tensors to be reported here: its own report is a page long.
fn fill<M: ModuleSnapshot, S: ModuleStore>(module: &mut M, mut store: S) -> Result<()> {
    let applied = module.load_from(&mut store).map_err(|error| anyhow::anyhow!("{error}"))?;
    if let Some(error) = applied.errors.first() {
        bail!("{error}");
    }
    match applied.missing.as_slice() {
        [] => Ok(()),
        [missing] => bail!("it lacks {}", missing.0),
        [first, others @ ..] => bail!("it lacks {} and {} other tensors", first.0, others.len()),
    }
}
