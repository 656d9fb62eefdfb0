//! The one error of the crate: a stable code for programs, a sentence for people.
//!
//! It covers bad input (pixels, weights, manifests) and missing devices. A broken invariant of our own code panics.

use std::fmt;

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What was wrong with the input and what to do about it.
///
/// Opaque on purpose: ask [`Error::code`] or a predicate, so that causes can be added without breaking callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    InvalidInput,
    Weights,
    Incompatible,
    Device,
    DeviceLost,
}

impl Error {
    /// The caller's pixels or arguments cannot be used.
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidInput, message)
    }

    /// Weights or their manifest are missing, corrupt, truncated or not the bytes that the manifest describes.
    pub fn weights(message: impl Into<String>) -> Self {
        Self::new(Kind::Weights, message)
    }

    /// Intact weights that were made for another input contract or network than this code's.
    pub fn incompatible(message: impl Into<String>) -> Self {
        Self::new(Kind::Incompatible, message)
    }

    /// There is no such compute device, or it did not open.
    pub fn device(message: impl Into<String>) -> Self {
        Self::new(Kind::Device, message)
    }

    /// The compute device failed while it worked.
    pub fn device_lost(message: impl Into<String>) -> Self {
        Self::new(Kind::DeviceLost, message)
    }

    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Stable code, the one that JavaScript sees: `INVALID_INPUT`, `MODEL_INTEGRITY` (corrupt or incompatible weights),
    /// `WEBGPU_UNAVAILABLE` or `GPU_DEVICE_LOST`.
    pub fn code(&self) -> &'static str {
        match self.kind {
            Kind::InvalidInput => "INVALID_INPUT",
            Kind::Weights | Kind::Incompatible => "MODEL_INTEGRITY",
            Kind::Device => "WEBGPU_UNAVAILABLE",
            Kind::DeviceLost => "GPU_DEVICE_LOST",
        }
    }

    /// True if the caller's pixels or arguments were at fault.
    pub fn is_invalid_input(&self) -> bool {
        self.kind == Kind::InvalidInput
    }

    /// True if weights or manifest were corrupt, truncated or missing.
    pub fn is_weights(&self) -> bool {
        self.kind == Kind::Weights
    }

    /// True if the weights are intact but made for another contract.
    pub fn is_incompatible(&self) -> bool {
        self.kind == Kind::Incompatible
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
