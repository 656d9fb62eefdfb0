//! The columns in which `trainer score --csv` says who voted what.

use bonafide::{fusion::Votes, network::minifasnet::Variant, views::SCALES};

/// The classifier's logit.
pub const CLASSIFIER: &str = "classifier";

/// One column for each expert and scale, in the order of [`Votes::experts`]: `minifasnet-v2@1.5` and so on.
pub fn experts() -> Vec<String> {
    let of = |variant: Variant| SCALES.map(|scale| format!("{}@{scale}", variant.name()));
    Variant::ALL.into_iter().flat_map(of).collect()
}

/// The cells of [`CLASSIFIER`] and [`experts`]. A picture that is itself a crop has one view for all scales: the first
/// column of each expert has it, the others are empty.
pub fn cells(votes: Option<&Votes>) -> Vec<String> {
    let mut cells = vec![votes.map_or_else(String::new, |votes| votes.classifier.to_string())];
    for expert in 0..Variant::ALL.len() {
        let views = votes.map_or(0, |votes| votes.experts.len() / Variant::ALL.len());
        let vote = |view: usize| votes.filter(|_| view < views).map(|votes| votes.experts[expert * views + view]);
        cells.extend((0..SCALES.len()).map(|view| vote(view).map_or_else(String::new, |vote| vote.to_string())));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_under_their_columns() {
        let names = experts();
        assert_eq!(
            (names.len(), names[0].as_str(), names[7].as_str()),
            (8, "minifasnet-v2@1.5", "minifasnet-v1se@2.7")
        );
        let all = Votes { classifier: 0.5, experts: (0..8).map(|vote| vote as f32).collect() };
        assert_eq!(cells(Some(&all)), ["0.5", "0", "1", "2", "3", "4", "5", "6", "7"]);
        let whole = Votes { classifier: 0.5, experts: vec![1.0, 2.0] };
        assert_eq!(cells(Some(&whole)), ["0.5", "1", "", "", "", "2", "", "", ""]);
        assert_eq!(cells(Some(&Votes { experts: Vec::new(), ..whole })), ["0.5", "", "", "", "", "", "", "", ""]);
        assert!(cells(None).iter().all(String::is_empty));
    }
}
