//! Examples -> trained networks in run folders.
//!
//! ```text
//! parallel, feed -> steps -> stage -> init -> imagenet
//!                                      '----> pretrain (critic, losses, drawn) -> finetune (liveness, aenet; lesson, averaged,
//!                                                                                   shipped) -> depth_view
//! ```
//!
//! Nothing here knows thresholds, reports or what ships: of figures, an epoch's log has the AUC alone.

pub mod aenet;
pub mod averaged;
pub mod bench;
pub mod critic;
pub mod depth_view;
pub mod drawn;
pub mod feed;
pub mod finetune;
pub mod imagenet;
pub mod init;
pub mod lesson;
pub mod liveness;
pub mod losses;
pub mod parallel;
pub mod pretrain;
pub mod shipped;
pub mod stage;
pub mod steps;
