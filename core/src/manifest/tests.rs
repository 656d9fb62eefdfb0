//! Damage, other contracts, parts of experts and flawed operating points are refused; the digest names what decides.

use super::*;
use crate::fusion::Term;

fn manifest(bytes: &[u8]) -> Manifest {
    Manifest {
        format: FORMAT,
        contract: Contract::current(false),
        networks: [(CLASSIFIER.to_string(), NetworkFile::describe("classifier.safetensors", bytes))].into(),
        fusion: Fusion::default(),
        operating_points: [("balanced".to_string(), OperatingPoint::new(0.5, 0.1, 0.1))].into(),
        largest_change: None,
        training: Training { data: String::new(), commit: String::new(), config: serde_json::Value::Null },
    }
}

#[test]
fn damaged_bytes_are_refused() {
    let bytes: Vec<u8> = (0..8_000_u32).map(|at| (at * 7919 % 251) as u8).collect();
    let manifest = manifest(&bytes);
    assert!(manifest.bytes(CLASSIFIER, |_| Some(bytes.clone())).is_ok());
    let mut flipped = bytes.clone();
    flipped[5_000] ^= 1;
    for damaged in [None, Some(vec![]), Some(bytes[..bytes.len() - 1].to_vec()), Some(flipped)] {
        assert!(manifest.bytes(CLASSIFIER, |_| damaged).unwrap_err().is_weights());
    }
    assert!(manifest.bytes("nonesuch", |_| Some(bytes.clone())).unwrap_err().is_weights());
}

#[test]
fn other_contracts_and_formats_are_refused() {
    let good = serde_json::to_value(manifest(b"")).unwrap();
    assert!(Manifest::parse(&good.to_string()).is_ok());
    for (pointer, value) in [
        ("/contract/margin", serde_json::json!(2.7)),
        ("/contract/range", serde_json::json!([0.0, 255.0])),
        ("/contract/channels", serde_json::json!("bgr")),
        ("/format", serde_json::json!(FORMAT + 1)),
    ] {
        let mut other = good.clone();
        *other.pointer_mut(pointer).unwrap() = value;
        assert!(Manifest::parse(&other.to_string()).unwrap_err().is_incompatible(), "{pointer}");
    }
    for text in ["", "{", "[]", "null", "{\"format\":1}"] {
        assert!(Manifest::parse(text).unwrap_err().is_weights(), "{text}");
    }
}

#[test]
fn flawed_operating_points_are_named_with_their_flaw() {
    let refusal = |threshold, refuse| {
        let mut manifest = manifest(b"");
        let point = OperatingPoint { refuse, ..OperatingPoint::new(threshold, 0.1, 0.1) };
        manifest.operating_points.insert("strict".into(), point);
        let error = Manifest::parse(&serde_json::to_string(&manifest).unwrap()).unwrap_err();
        assert!(error.is_weights());
        error.to_string()
    };
    let above = refusal(0.5, Some(0.6));
    assert!(above.contains("a `refuse` above its threshold at the operating point \"strict\""), "{above}");
    for outside in [refusal(1.5, None), refusal(0.5, Some(1.5))] {
        assert!(outside.contains("numbers outside 0 to 1"), "{outside}");
    }
}

#[test]
fn a_largest_change_is_a_cosine_distance_above_0() {
    for (largest, good) in [(0.03, true), (2.0, true), (0.0, false), (2.1, false), (-0.3, false)] {
        let json = serde_json::to_string(&Manifest { largest_change: Some(largest), ..manifest(b"") }).unwrap();
        match Manifest::parse(&json) {
            Ok(read) => assert!(good && read.largest_change == Some(largest), "{largest}"),
            Err(error) => {
                assert!(!good && error.is_weights() && error.to_string().contains("a largest change of"), "{error}")
            }
        }
    }
}

fn with_experts() -> Manifest {
    let mut manifest = manifest(b"");
    manifest.contract = Contract::current(true);
    manifest.fusion.experts = Some(Term { weight: 0.5, limit: 12.0 });
    for expert in EXPERTS {
        manifest.networks.insert(expert.into(), NetworkFile::describe(expert, b""));
    }
    manifest
}

#[test]
fn experts_come_whole_or_not_at_all() {
    let json = |manifest: &Manifest| serde_json::to_string(manifest).unwrap();
    assert_eq!(Manifest::parse(&json(&with_experts())).unwrap(), with_experts());
    // A manifest from before experts: their absence is not written either.
    let old = json(&Manifest { format: 1, ..manifest(b"") });
    assert!(!old.contains("experts") && !old.contains("fusion"));
    assert!(!Manifest::parse(&old).unwrap().has_experts());
    let parts: [fn(&mut Manifest); 4] = [
        |m| m.contract.experts = None,
        |m| m.fusion.experts = None,
        |m| drop(m.networks.remove(EXPERTS[0])),
        |m| m.networks.retain(|name, _| name == CLASSIFIER),
    ];
    for part in parts {
        let mut manifest = with_experts();
        part(&mut manifest);
        assert!(Manifest::parse(&json(&manifest)).unwrap_err().is_weights());
    }
    let mut other = with_experts();
    other.contract.experts.as_mut().unwrap().scales[0] = 1.4;
    assert!(Manifest::parse(&json(&other)).unwrap_err().is_incompatible());
}

#[test]
fn the_digest_names_all_that_decides_and_nothing_else() {
    let digest = with_experts().digest();
    let changed = |change: &dyn Fn(&mut Manifest)| {
        let mut manifest = with_experts();
        change(&mut manifest);
        manifest.digest() != digest
    };
    for network in [CLASSIFIER, EXPERTS[0], EXPERTS[1]] {
        assert!(changed(&|m| m.networks.get_mut(network).unwrap().sha256 = "0".repeat(64)), "{network}");
    }
    assert!(changed(&|m| drop(m.networks.insert(DETECTOR.into(), NetworkFile::describe("d", b"d")))));
    assert!(changed(&|m| m.fusion.offset += 0.25) && changed(&|m| m.fusion.classifier.limit = 7.0));
    assert!(!changed(&|m| drop(m.networks.insert(COVER.into(), NetworkFile::describe("c", b"c")))));
    assert!(!changed(&|m| drop(m.networks.insert(DECODER.into(), NetworkFile::describe("d", b"d")))));
    assert!(!changed(&|m| m.largest_change = Some(0.1)));
    assert!(!changed(&|m| m.training.data = "other words".into()));
}
