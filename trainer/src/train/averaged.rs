//! The weights of many steps -> their mean: flatter minima, which hold on other cameras than training's.

use std::collections::HashMap;

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId},
    tensor::Tensor,
};

use super::steps::Step;
use crate::run::config::Averaging;

/// Of an exponential mean: what stays of it at each step.
const DECAY: f64 = 0.998;

/// What stays of the mean at a step; the rest is that step's weights.
fn decay(averaging: Averaging, at: Step) -> f64 {
    let number = at.number as f64;
    match averaging {
        Averaging::None => 0.0,
        // Sooner at first, so that a short run's mean is not its start.
        Averaging::Exponential => DECAY.min((1.0 + number) / (10.0 + number)),
        Averaging::Dense => {
            let since = number - (at.of / 4) as f64;
            if since <= 0.0 { 0.0 } else { since / (since + 1.0) }
        }
    }
}

/// Moves a mean, batch norms' running statistics included, towards a step's weights. Neither records gradients.
pub fn average<M: Module>(mean: M, weights: &M, averaging: Averaging, at: Step) -> M {
    let decay = decay(averaging, at);
    let mut collect = Collect(HashMap::new());
    weights.visit(&mut collect);
    mean.map(&mut Blend { weights: collect.0, decay })
}

struct Collect(HashMap<ParamId, Tensor<1>>);

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values = param.val();
        let count = values.shape().num_elements();
        self.0.insert(param.id, values.reshape([count]));
    }
}

struct Blend {
    weights: HashMap<ParamId, Tensor<1>>,
    decay: f64,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, mean, mapper) = param.consume();
        let step = self.weights.remove(&id).expect("a mean has its network's parameters").reshape(mean.shape());
        Param::from_mapped_value(id, mean * self.decay + step * (1.0 - self.decay), mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bonafide::network::{Classifier, WIDTH};
    use burn::{
        nn::LinearConfig,
        tensor::{Device, Distribution},
    };

    const AT: Step = Step { epoch: 0, number: 0, of: 400 };

    #[test]
    fn a_dense_mean_is_the_mean_of_the_later_steps() {
        let steps = (0..400).map(|number| Step { number, ..AT });
        let mean = steps.fold(0.0, |mean, at| {
            let stays = decay(Averaging::Dense, at);
            stays * mean + (1.0 - stays) * at.number as f64
        });
        assert!((mean - (100.0 + 399.0) / 2.0).abs() < 1e-6, "{mean}");
    }

    #[test]
    fn an_exponential_mean_forgets_its_start_sooner_in_a_short_run() {
        assert!(decay(Averaging::Exponential, AT) < 0.2);
        assert_eq!(decay(Averaging::Exponential, Step { number: 100_000, ..AT }), DECAY);
        assert_eq!(decay(Averaging::None, AT), 0.0);
    }

    /// Adds 2 to every number.
    struct Move;

    impl ModuleMapper for Move {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (id, values, mapper) = param.consume();
            Param::from_mapped_value(id, values + 2.0, mapper)
        }
    }

    #[test]
    fn the_mean_of_equal_networks_is_that_network() {
        let device = Device::flex();
        let one = Classifier::new(WIDTH, &device);
        let x = Tensor::<4>::random([1, 3, 64, 64], Distribution::Uniform(0.0, 1.0), &device);
        // Whatever the decay, nothing moves, running statistics included.
        let same = average(one.clone(), &one, Averaging::Exponential, Step { number: 50, ..AT });
        let off = (same.forward(x.clone()) - one.forward(x)).abs().into_scalar::<f32>();
        assert!(off < 1e-5, "{off}");
    }

    #[test]
    fn the_mean_of_two_networks_lies_between_them() {
        let device = Device::flex();
        let one = LinearConfig::new(3, 1).init(&device);
        let moved = one.clone().map(&mut Move);
        let x = Tensor::<2>::from_floats([[1.0, 2.0, -0.5]], &device);
        let between = average(one.clone(), &moved, Averaging::Dense, Step { number: 101, ..AT });
        // Half of what the move adds: 2 for the bias, and 2 for each unit of input.
        let by = (between.forward(x.clone()) - one.forward(x)).into_scalar::<f32>();
        assert!((by - 0.5 * (2.0 + 2.0 * 2.5)).abs() < 1e-5, "{by}");
    }
}
