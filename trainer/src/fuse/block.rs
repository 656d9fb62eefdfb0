//! Fusion and operating points <-> JSON; and into a folder of weights, together with the experts' files that lie there.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use bonafide::{
    fusion::Fusion,
    network::minifasnet::Variant,
    pipeline::Pipeline,
    score::OperatingPoint,
    weights::{Contract, FORMAT, Manifest, NetworkFile},
};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::{
    run::write_atomic,
    weights::{minifasnet::file_name, store::manifest_text},
};

/// What a manifest says of how votes become a score, and what the score's thresholds are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Block {
    /// How votes become a score.
    pub fusion: Fusion,
    /// Thresholds of that score, by name.
    pub operating_points: BTreeMap<String, OperatingPoint>,
}

impl Block {
    /// Reads a block.
    ///
    /// # Errors
    /// If the file cannot be read or is no block.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} holds no fusion", path.display()))
    }

    /// Writes it.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn write(&self, path: &Path) -> Result<()> {
        write_atomic(path, format!("{}\n", serde_json::to_string_pretty(self)?).as_bytes())
    }

    /// Puts it into a manifest, and the experts' files that lie in `folder`, if it counts experts in.
    ///
    /// # Errors
    /// If such a file is missing.
    pub fn into_manifest(self, folder: &Path, manifest: &mut Manifest) -> Result<()> {
        let experts = self.fusion.experts.is_some();
        for variant in Variant::ALL {
            manifest.networks.remove(variant.name());
            if experts {
                let file = file_name(variant);
                let bytes = fs::read(folder.join(&file)).with_context(|| {
                    format!("{} has no {file}: run `trainer import minifasnet` first", folder.display())
                })?;
                manifest.networks.insert(variant.name().into(), NetworkFile::describe(&file, &bytes));
            }
        }
        manifest.format = FORMAT;
        manifest.contract = Contract { margin: manifest.contract.margin, ..Contract::current(experts) };
        manifest.fusion = self.fusion;
        manifest.operating_points = self.operating_points;
        Ok(())
    }

    /// Puts it into the manifest of the weights in `folder`, and checks that they load.
    ///
    /// # Errors
    /// If they do not, before or after, or the disk refuses. The manifest is then as it was.
    pub fn apply(self, folder: &Path) -> Result<()> {
        let path = folder.join("manifest.json");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut manifest = Manifest::parse(&text)?;
        self.into_manifest(folder, &mut manifest)?;
        let text = manifest_text(&manifest)?;
        Pipeline::load(&text, |file| fs::read(folder.join(file)).ok(), &Device::flex())?;
        write_atomic(&path, text.as_bytes())
    }
}
