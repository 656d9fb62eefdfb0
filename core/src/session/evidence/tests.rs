//! Scores in, findings out.

use super::*;
use crate::session::random::SplitMix64;

const POINT: OperatingPoint = OperatingPoint { threshold: 0.8, refuse: Some(0.4), apcer: 0.0, bpcer: 0.0 };

fn evidence(scores: &[f32], step: f64) -> Evidence {
    let mut evidence = Evidence::new(&POINT);
    for (i, score) in scores.iter().enumerate() {
        evidence.add(i as f64 * step, Score::try_from(*score).unwrap());
    }
    evidence
}

fn feed(evidence: &mut Evidence, score: f32, frames: u32) {
    for i in 0..frames {
        evidence.add(f64::from(i) * 100.0, Score::try_from(score).unwrap());
    }
}

fn score(scores: &[f32]) -> f32 {
    evidence(scores, 100.0).score().unwrap().value()
}

#[test]
fn equal_scores_fuse_to_themselves_at_every_operating_point() {
    for p in [1e-6, 0.01, 0.5, 0.8, 0.985, 0.999_999] {
        for threshold in [0.0, 0.3, 0.9, 1.0] {
            let mut evidence = Evidence::new(&OperatingPoint::new(threshold, 0.0, 0.0));
            feed(&mut evidence, p, 6);
            let fused = evidence.score().unwrap().value();
            assert!((fused / p - 1.0).abs() < 1e-4, "{fused} for {p} at {threshold}");
        }
    }
    assert_eq!(evidence(&[], 100.0).score(), None);
}

#[test]
fn raising_a_score_never_lowers_the_fused_one_and_order_within_the_window_does_not_matter() {
    let mut random = SplitMix64(11);
    for _ in 0..300 {
        let mut scores: Vec<f32> = (0..1 + random.below(30)).map(|_| random.below(1_001) as f32 / 1_000.0).collect();
        let before = score(&scores);
        random.shuffle(&mut scores);
        assert_eq!(score(&scores), before);
        let which = random.below(scores.len());
        scores[which] += (1.0 - scores[which]) * random.below(1_001) as f32 / 1_000.0;
        assert!(score(&scores) >= before);
    }
}

#[test]
fn a_tenth_of_a_second_counts_once() {
    assert_eq!(evidence(&[0.9; 300], 10.0).count(), 30);
    assert_eq!(evidence(&[0.9; 30], 1_000.0 / 30.0).count(), 10);
    assert_eq!(evidence(&[0.9; 30], 0.0).count(), 1);
}

#[test]
fn no_single_frame_decides() {
    assert_eq!(evidence(&[1.0], 100.0).decide(false), None);
    // One certain frame among doubtful ones is cut away.
    let mut scores = [0.7; 31];
    scores[4] = 1.0;
    assert_eq!(evidence(&scores, 100.0).decide(false), Some(Finding::Doubtful));
    assert!((score(&scores) - 0.7).abs() < 1e-6);
    // And one bad one among good ones, unless it is the newest: then the next ones tell.
    for at in 0..31 {
        let mut scores = vec![0.85; 31];
        scores[at] = 0.01;
        let finding = evidence(&scores, 100.0).decide(false);
        assert_eq!(finding, (at < 30).then_some(Finding::BonaFide), "{at}");
    }
}

#[test]
fn clear_scores_decide_early_and_others_at_the_windows_end() {
    for (score, frames, finding) in [
        (0.999, 11, Finding::BonaFide),
        (0.05, 11, Finding::Attack),
        (0.85, 31, Finding::BonaFide),
        (0.8, 31, Finding::BonaFide),
        (0.75, 31, Finding::Doubtful),
        (0.4, 31, Finding::Doubtful),
        (0.35, 31, Finding::Attack),
    ] {
        assert_eq!(evidence(&vec![score; frames - 1], 100.0).decide(false), None, "{score}");
        assert_eq!(evidence(&vec![score; frames], 100.0).decide(false), Some(finding), "{score}");
    }
}

#[test]
fn what_came_before_the_window_does_not_help_and_a_clear_attack_in_it_bars() {
    let mut scores = vec![0.99; 100];
    scores.extend([0.6; 16]);
    assert_eq!(evidence(&scores, 100.0).decide(false), Some(Finding::Doubtful));
    scores.extend([0.02; 16]);
    assert_eq!(evidence(&scores, 100.0).decide(false), Some(Finding::Attack));
    let mut returned = vec![0.02; 4];
    returned.extend([0.999; 60]);
    let mut evidence = evidence(&returned, 100.0);
    assert_eq!(evidence.decide(false), Some(Finding::Doubtful));
    evidence.clear();
    feed(&mut evidence, 0.999, 40);
    assert_eq!(evidence.decide(false), Some(Finding::Doubtful), "a new presence does not lift it");
}

#[test]
fn each_part_of_a_challenge_has_to_hold() {
    let mut evidence = evidence(&[0.95; 10], 100.0);
    for (part, score) in [0.6, 0.95].into_iter().enumerate() {
        evidence.part();
        assert!(!evidence.part_is_ready());
        for i in 0..40 {
            evidence.add(5_000.0 * (1.0 + part as f64) + 100.0 * f64::from(i), Score::try_from(score).unwrap());
        }
        assert!(evidence.part_is_ready());
    }
    assert_eq!((evidence.decide(true), evidence.decide(false)), (None, Some(Finding::Doubtful)));
}

#[test]
fn sparse_frames_decide_nothing() {
    assert_eq!(evidence(&[0.999; 100], 200.0).decide(false), Some(Finding::BonaFide));
    assert_eq!(evidence(&[0.999; 100], 240.0).decide(false), None);
}

#[test]
fn extreme_thresholds_keep_their_meaning() {
    for (threshold, score, finding) in
        [(1.0, 1.0, Finding::BonaFide), (1.0, 0.9999, Finding::Attack), (0.0, 0.0, Finding::BonaFide)]
    {
        let mut evidence = Evidence::new(&OperatingPoint::new(threshold, 0.0, 0.0));
        feed(&mut evidence, score, 31);
        assert_eq!(evidence.decide(false), Some(finding), "{threshold} {score}");
    }
}
