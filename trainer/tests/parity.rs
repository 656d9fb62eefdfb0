//! Networks, losses and one optimiser step equal PyTorch's, from the same weights and batch.
//!
//! tests/golden/training.py made the values, from the same formula weights; rerun it after a change of the networks. burn's
//! running variances are biased and PyTorch's are not, so only the running means are compared.

use bonafide::network::{Classifier, Generator, WIDTH};
use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Device, Gradients, Tensor, TensorData},
};
use serde_json::Value;
use trainer::{
    data::examples::Batch,
    kernels,
    run::config::Config,
    train::{critic::Critic, finetune, liveness::Liveness, losses, parallel::Rank, pretrain, steps::Step},
};

const SIDE: usize = 64;
const BATCH: usize = 4;

/// Relative error of values (the bar for float32).
const VALUES: f64 = 1e-4;
/// Relative error of gradients.
const GRADIENTS: f64 = 1e-4;
/// The critic's: sums over whole maps that nearly cancel (PyTorch's own float32 is off by 5e-5 from its float64).
const CRITIC_GRADIENTS: f64 = 3e-4;
/// Relative error of what a step changes. Adam's first step moves every weight by the learning rate in its gradient's
/// direction, so a gradient within rounding of zero moves it either way; and SGD's changes here are some 1e-6 of the weights,
/// of which a float keeps two digits.
const CHANGES: f64 = 0.2;

/// `count` numbers in `[-1, 1)`: splitmix64 of FNV-1a(name) + index, its upper 24 bits.
fn uniform(name: &str, count: usize) -> Vec<f32> {
    let seed = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    (0..count as u64)
        .map(|index| {
            let z = seed.wrapping_add(index).wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 40) as f32 / 8_388_608.0 - 1.0
        })
        .collect()
}

/// Where a tensor is, as PyTorch names it.
#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn name(&self) -> String {
        let name = self.0.join(".");
        name.replace(".gamma", ".weight").replace(".beta", ".bias")
    }

    fn is_norm(&self) -> bool {
        matches!(self.0.last().map(String::as_str), Some("gamma" | "beta"))
    }
}

/// Fills a network as the script does.
struct Fill(Path);

impl ModuleMapper for Fill {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.0.0.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.0.0.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.0.name();
        if name.contains(".running_") {
            return param;
        }
        param.map(|tensor| {
            let dims = tensor.dims();
            let count = dims.iter().product();
            let u = uniform(&name, count);
            let scale = |factor: f32, plus: f32| u.iter().map(|u| plus + factor * u).collect::<Vec<_>>();
            let values = match (self.0.is_norm(), name.ends_with(".weight")) {
                (true, true) => scale(0.2, 1.0),
                (_, false) => scale(0.1, 0.0),
                // A linear layer's weights are [in, out] here and [out, in] there.
                (false, true) if D == 2 => {
                    let all = scale((3.0 / dims[0] as f32).sqrt(), 0.0);
                    (0..count).map(|at| all[at % dims[1] * dims[0] + at / dims[1]]).collect()
                }
                (false, true) => scale((3.0 / dims[1..].iter().product::<usize>() as f32).sqrt(), 0.0),
            };
            Tensor::from_data(TensorData::new(values, dims), &tensor.device())
        })
    }
}

fn filled<M: Module>(module: M, name: &str) -> M {
    let mut fill = Fill(Path(vec![name.into()]));
    let filled = module.map(&mut fill);
    // Mapped values are new tensors: the network must still learn.
    filled.valid().train()
}

/// All tensors by PyTorch's name, in PyTorch's order of elements.
struct Collect<'a>(Path, Option<&'a Gradients>, Vec<(String, Vec<f32>)>);

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.0.0.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.0.0.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.0.name();
        let tensor = match self.1 {
            None => param.val(),
            Some(gradients) => match param.val().grad(gradients) {
                Some(gradient) => gradient,
                None => return,
            },
        };
        let tensor = if D == 2 { tensor.transpose() } else { tensor };
        self.2.push((name, tensor.into_data().try_into_vec().unwrap()));
    }
}

fn tensors<M: Module>(module: &M, name: &str) -> Vec<(String, Vec<f32>)> {
    let mut collect = Collect(Path(vec![name.into()]), None, Vec::new());
    // Newest running statistics included.
    module.valid().visit(&mut collect);
    collect.2
}

/// The gradients of a loss, against the golden ones.
fn same_gradients<M: Module>(module: &M, name: &str, loss: Tensor<1>, golden: &Value, tolerance: f64) {
    let gradients = loss.backward();
    let mut collect = Collect(Path(vec![name.into()]), Some(&gradients), Vec::new());
    module.visit(&mut collect);
    assert_eq!(collect.2.len(), golden.as_object().unwrap().len(), "{name} has other gradients");
    for (name, gradient) in collect.2 {
        same("gradient of", &name, &gradient, &golden[name.as_str()]["gradient"], tolerance);
    }
}

fn batch(device: &Device) -> Batch {
    let half = |name: &str, count| uniform(name, count).into_iter().map(|u| u / 2.0 + 0.5).collect::<Vec<_>>();
    let mut depth = half("depth/1", BATCH * SIDE * SIDE);
    for sample in [1, 3] {
        depth[sample * SIDE * SIDE..(sample + 1) * SIDE * SIDE].fill(0.0);
    }
    let attack = Tensor::<1>::from_floats([0.0, 1.0, 0.0, 1.0], device);
    Batch {
        images: Tensor::from_data(
            TensorData::new(half("images/1", BATCH * 3 * SIDE * SIDE), [BATCH, 3, SIDE, SIDE]),
            device,
        ),
        depth: Tensor::from_data(TensorData::new(depth, [BATCH, 1, SIDE, SIDE]), device),
        types: attack.clone().int(),
        attack,
        experts: None,
        twins: None,
        semantics: None,
    }
}

fn golden() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/training.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn close(what: &str, ours: f64, theirs: &Value, tolerance: f64) {
    let theirs = theirs.as_f64().unwrap_or_else(|| panic!("{what} is not in the golden file"));
    assert!((ours - theirs).abs() <= tolerance * theirs.abs(), "{what}: {ours}, PyTorch {theirs}");
}

/// A tensor against its digest: its norm, and its products with three vectors, whose error is `tolerance` times as large as
/// the product with a random vector of the same length would be.
fn same(what: &str, name: &str, values: &[f32], digest: &Value, tolerance: f64) {
    let values: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
    let norm = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    close(&format!("norm of {what} {name}"), norm, &digest["norm"], tolerance);
    for along in 0..3 {
        let direction = uniform(&format!("{name}/{along}"), values.len());
        let ours: f64 = values.iter().zip(&direction).map(|(value, u)| value * f64::from(*u)).sum();
        let theirs = digest["along"][along].as_f64().unwrap();
        assert!(
            (ours - theirs).abs() <= 3.0 * tolerance * norm.max(1e-12),
            "{what} {name}, {along}: {ours}, PyTorch {theirs}"
        );
    }
}

fn stepped<M: Module>(before: &[(String, Vec<f32>)], after: &M, prefix: &str, golden: &Value) {
    let mut compared = 0;
    for ((name, before), (other, after)) in before.iter().zip(tensors(after, prefix)) {
        assert_eq!(*name, other);
        if name.contains(".running_") {
            continue;
        }
        let golden = &golden[name.as_str()];
        same("value of", name, &after, &golden["value"], VALUES);
        let change: Vec<f32> = after.iter().zip(before).map(|(after, before)| after - before).collect();
        same("change of", name, &change, &golden["change"], CHANGES);
        compared += 1;
    }
    assert_eq!(compared, golden.as_object().unwrap().len(), "{prefix} has other tensors");
}

fn running_means<M: Module>(module: &M, prefix: &str, golden: &Value) {
    let means: Vec<_> =
        tensors(module, prefix).into_iter().filter(|(name, _)| name.ends_with("running_mean")).collect();
    assert_eq!(means.len(), golden.as_object().unwrap().len());
    for (name, mean) in means {
        same("running mean", &name, &mean, &golden[name.as_str()], VALUES);
    }
}

fn pretraining(adversarial: bool, golden: &Value) {
    // As the trainer does: these are the operations that train on CPU.
    kernels::install();
    let device = Device::flex().autodiff();
    let config = Config::load("inter").unwrap().pretrain;
    let mut trainee = pretrain::Trainee::new(&config, Generator::new(WIDTH, &device), &device);
    trainee.generator = filled(trainee.generator, "generator");
    trainee.critic = filled(Critic::new(&device), "critic");
    let before = (tensors(&trainee.generator, "generator"), tensors(&trainee.critic, "critic"));
    let batch = batch(&device);
    // Copies: batch norms count every pass of the networks themselves.
    let (generator, critic) = (trainee.generator.valid().train(), trainee.critic.valid().train());
    let generated = generator.forward(batch.images.clone());
    let map = generated.clone().into_data().try_into_vec::<f32>().unwrap();
    same("map", "generated", &map, &golden["generated"], VALUES);
    let mut loss = losses::l1(batch.depth.clone(), generated.clone()) * config.lambda_l;
    if adversarial {
        let opinion = critic.clone().no_grad().forward(generated.clone());
        loss = loss + losses::generator_adversarial(&config, opinion, batch.attack.clone());
        let (truth, opinion) = (critic.forward(batch.depth.clone()), critic.forward(generated.detach()));
        let loss = losses::critic(&config, truth, opinion, batch.attack.clone());
        same_gradients(&critic, "critic", loss, &golden["critic"], CRITIC_GRADIENTS);
    }
    same_gradients(&generator, "generator", loss, &golden["generator"], GRADIENTS);

    let losses = trainee.losses(&batch, adversarial, adversarial, &Rank::alone(device.clone())).unwrap();
    close("L1", f64::from(losses.l1), &golden["l1"], VALUES);
    close("generator loss", f64::from(losses.generator), &golden["generator_loss"], VALUES);
    stepped(&before.0, &trainee.generator, "generator", &golden["generator"]);
    running_means(&trainee.generator, "generator", &golden["running"]);
    if adversarial {
        close("critic loss", f64::from(losses.critic.unwrap()), &golden["critic_loss"], VALUES);
        stepped(&before.1, &trainee.critic, "critic", &golden["critic"]);
    }
}

#[test]
fn a_warm_up_step() {
    pretraining(false, &golden()["warm_up"]);
}

#[test]
fn an_adversarial_step_of_generator_and_critic() {
    pretraining(true, &golden()["adversarial"]);
}

#[test]
fn a_fine_tuning_step() {
    kernels::install();
    let golden = &golden()["finetuning"];
    let device = Device::flex().autodiff();
    let classifier = filled(Classifier::new(WIDTH, &device), "classifier");
    let before = tensors(&classifier, "classifier");
    let copy = classifier.valid().train();
    let logits = copy.forward(batch(&device).images);
    let loss = losses::binary_cross_entropy(logits.clone(), batch(&device).attack * -1.0 + 1.0);
    same_gradients(&copy, "classifier", loss, &golden["classifier"], GRADIENTS);
    for (ours, theirs) in
        logits.into_data().try_into_vec::<f32>().unwrap().into_iter().zip(golden["logits"].as_array().unwrap())
    {
        close("logit", f64::from(ours), theirs, VALUES);
    }
    let config = Config::load("inter").unwrap();
    let mut trainee = finetune::Trainee::new(Liveness::Classifier(classifier), &config, &device);
    let first = Step { epoch: 0, number: 0, of: 1 };
    let loss = trainee.learn(&batch(&device), first, &Rank::alone(device.clone())).unwrap();
    close("loss", f64::from(loss), &golden["loss"], VALUES);
    let classifier = trainee.lesson.network.classifier().unwrap();
    stepped(&before, &classifier, "classifier", &golden["classifier"]);
    running_means(&classifier, "classifier", &golden["running"]);
}
