//! People whom the network never saw, uncovered and with covers drawn -> the threshold, and how often it errs.

use anyhow::Result;
use bonafide::{
    crop::{COVER_MARGIN, COVER_SIZE},
    frame::Frame,
    network::Cover,
    region::sample,
};
use rayon::prelude::*;

use super::{
    example::{changed, frame},
    kind::Kind,
    learn::log_odds,
    sitter::Sitter,
};
use crate::{faces::detect::Detector, run};

/// Most of the uncovered pictures of the development split that may fire.
pub(super) const MOST_FALSE: f64 = 0.01;
/// Changed pictures of each face, for the threshold.
const CHANGED: u64 = 4;

/// One picture's answer.
#[derive(Debug, Clone)]
pub(super) struct Answer<'a> {
    pub sitter: &'a Sitter,
    pub kind: Kind,
    /// Above 0: covered. `None` if no face was found in it.
    pub log_odds: Option<f32>,
}

/// What the network says of the most confident face of a frame, cut as the product does it.
///
/// # Errors
/// If the device fails.
pub(super) fn ask(network: &Cover, detector: &Detector, frame: &Frame<'_>) -> Result<Option<f32>> {
    let face = detector.detect(frame)?.into_iter().next();
    Ok(face.map(|face| log_odds(network, sample(frame, &face.bounds.square(COVER_MARGIN), COVER_SIZE))))
}

/// Every kind on every face.
///
/// # Errors
/// If the device fails.
pub(super) fn answers<'a>(
    network: &Cover,
    detector: &Detector,
    sitters: &[&'a Sitter],
    seed: u64,
) -> Result<Vec<Answer<'a>>> {
    let each: Vec<Vec<Answer<'a>>> = sitters
        .par_iter()
        .map(|sitter| {
            Kind::ALL
                .iter()
                .enumerate()
                .map(|(number, kind)| {
                    let drawn =
                        kind.draw(sitter, &mut run::rng(seed, &format!("measure/{}", sitter.subject), number as u64));
                    Ok(Answer { sitter, kind: *kind, log_odds: ask(network, detector, &frame(&drawn))? })
                })
                .collect::<Result<_>>()
        })
        .collect::<Result<_>>()?;
    Ok(each.into_iter().flatten().collect())
}

/// The least log-odds above which at most [`MOST_FALSE`] of each kind of uncovered pictures lie: as photographed, with clear
/// glasses, with something beside, and photographed otherwise.
pub(super) fn threshold(network: &Cover, answers: &[Answer<'_>], sitters: &[&Sitter], seed: u64) -> f32 {
    let mut groups: Vec<Vec<f32>> = Kind::ALL
        .iter()
        .filter(|kind| !kind.covers())
        .map(|kind| answers.iter().filter(|answer| answer.kind == *kind).filter_map(|answer| answer.log_odds).collect())
        .collect();
    groups.push(
        sitters
            .par_iter()
            .flat_map_iter(|sitter| {
                (0..CHANGED).map(|number| {
                    let mut rng = run::rng(seed, &format!("changed/{}", sitter.subject), number);
                    let drawn = Kind::Bare.draw(sitter, &mut rng);
                    log_odds(network, changed(sitter, &drawn, &mut rng))
                })
            })
            .collect(),
    );
    groups.into_iter().map(|group| limit(group, MOST_FALSE)).fold(f32::NEG_INFINITY, f32::max)
}

/// The least of the values above which no more than `share` of them lie; without values, negative infinity.
fn limit(mut values: Vec<f32>, share: f64) -> f32 {
    values.sort_by(|a, b| b.total_cmp(a));
    let above = (share * values.len() as f64) as usize;
    values.get(above).copied().unwrap_or(f32::NEG_INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_lets_no_more_than_its_share_lie_above() {
        let values: Vec<f32> = (0..200).map(|value| value as f32).collect();
        let at = limit(values.clone(), 0.01);
        assert_eq!(values.iter().filter(|value| **value > at).count(), 2);
        assert_eq!(limit(vec![3.0, 1.0], 0.01), 3.0);
        assert_eq!(limit(vec![], 0.01), f32::NEG_INFINITY);
    }
}
