//! What may be trained on.

use super::*;
use crate::{
    data::{augment::Augmentation, batches::Data},
    recapture::PaiSpecies,
    run::config::Config,
};

fn examples(attacks: usize, of: usize) -> Examples {
    let attack = Attack { species: PaiSpecies::Print, instrument: None };
    let example = |at: usize| Example {
        image: format!("{at}.png").into(),
        cut: Cut::default(),
        face: [0.0, 0.0, 100.0, 100.0],
        depth: None,
        reconstructed: true,
        attack: (at < attacks).then(|| attack.clone()),
        subject: at.to_string(),
        source: "a test".into(),
        split: Split::Train,
        tone: None,
        labels: None,
    };
    let examples = (0..of).map(example).collect();
    Examples { examples, unscored: Vec::new(), description: String::new(), types: vec![attack.to_string()] }
}

#[test]
fn a_training_set_of_one_class_is_refused_at_the_start() {
    let config = Config::load("small").unwrap();
    assert!(examples(2, 8).training(4, 1, &config).is_ok());
    for attacks in [0, 8] {
        let error = examples(attacks, 8).training(4, 1, &config).unwrap_err().to_string();
        assert!(error.contains(&format!("{} bona fide crops and {attacks} attacks", 8 - attacks)), "{error}");
    }
}

#[test]
fn every_second_crop_is_a_patch_where_the_config_asks_for_it() {
    let patches = |config: &Config| {
        let all = examples(2, 8);
        let items = all.training(8, 1, config).unwrap().epoch(0).concat();
        items.iter().filter(|item| item.augmentation.map(Augmentation::whole) != item.augmentation).count()
    };
    let mut config = Config::load("small").unwrap();
    assert_eq!(patches(&config), 0);
    config.finetune.patches = true;
    assert_eq!(patches(&config), 4);
}

#[test]
fn every_second_crop_has_a_twin_through_another_camera_and_sharp_bona_fide_ones_between_them_a_lower_one() {
    let config = Config::load("small").unwrap();
    for (side, retaken, lower) in [(200.0, true, true), (200.0, false, true), (100.0, true, true), (200.0, true, false)]
    {
        let mut all = examples(20, 80);
        all.examples.iter_mut().for_each(|example| example.face = [0.0, 0.0, side, side]);
        let items = all.training(8, 1, &config).unwrap().with_twins(retaken, lower).epoch(0).concat();
        let mut blurred = 0;
        for (at, item) in items.iter().enumerate() {
            let retouch = item.augmentation.unwrap().retouch;
            let (second, sharp) = (at % 2 == 0, item.example.attack.is_none() && retouch.is_sharp());
            blurred += usize::from(!second && !sharp);
            match item.twin {
                Some(Twin::Retaken(twin)) => assert!(retaken && second && twin.retouch != retouch),
                Some(Twin::Lower(twin)) => {
                    assert!(lower && !second && sharp && side >= 130.0 && twin.retouch != retouch);
                    assert_eq!(twin.retouch.is_sharp(), at % 4 == 3, "without detail and behind a grid, in turn");
                }
                None => assert!(if second { !retaken } else { !lower || !sharp || side < 130.0 }),
            }
        }
        assert!((1..40).contains(&blurred));
    }
}
