//! OULU-NPU (Boulkenafet et al., FG 2017) -> the samples of one of its four protocols.
//!
//! ```text
//! Protocols/Protocol_{1,2}/{Train,Dev,Test}.txt      +1,1_1_01_1
//! Protocols/Protocol_{3,4}/{Train,Dev,Test}_K.txt    K from 1 to 6, the phone that is left out
//! {Train,Dev,Test}_files/PHONE_SESSION_USER_FILE.avi
//! {Train,Dev,Test}_files/PHONE_SESSION_USER_FILE.txt    a line a frame: number,x,y,x,y of the two eyes in pixels
//! ```
//!
//! A protocol's label +1 and file 1 are bona fide, -1 and files 2, 3 the two printers, -2 and files 4, 5 the two screens.
//! The three parts, with no person in common, are the splits. The publication has no boxes; one is drawn around the
//! eyes. Videos that the protocol does not list are not meant to be used, and not named.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use anyhow::{Context, Result, bail, ensure};
use bonafide::face::FaceBox;

use super::{
    Attack, ListOptions, Listing, Split, boxes,
    frames::{self, Recording},
    tree,
};
use crate::recapture::PaiSpecies::{Print, Replay};

const SOURCE: &str = "oulu-npu";
/// A protocol has at most 1,800 lines.
const MAX_TEXT: u64 = 16 << 20;

/// What a protocol's line says of a video.
struct Listed {
    subject: String,
    attack: Option<Attack>,
}

pub(super) fn list(root: &Path, options: &ListOptions) -> Result<Listing> {
    let (protocol, fold) = (options.oulu_protocol, options.oulu_fold);
    ensure!((1..=4).contains(&protocol), "OULU-NPU has the protocols 1 to 4, and no {protocol}");
    ensure!((1..=6).contains(&fold), "OULU-NPU's protocols 3 and 4 have the parts 1 to 6, and no {fold}");
    let mut listing = Listing::default();
    for (part, split) in [("Train", Split::Train), ("Dev", Split::Development), ("Test", Split::Test)] {
        let name = if protocol < 3 { format!("{part}.txt") } else { format!("{part}_{fold}.txt") };
        let file = root.join(format!("Protocols/Protocol_{protocol}")).join(name);
        let listed = lines(&file, &mut listing)?;
        let folder = root.join(format!("{part}_files"));
        let found = frames::find(&folder, &["avi"], &mut listing)?;
        let mut named: HashMap<&str, &Recording> = HashMap::new();
        named.extend(found.iter().filter_map(|recording| Some((recording.name().ok()?, recording))));
        let mut recordings = Vec::new();
        for name in listed.keys() {
            match named.get(name.as_str()) {
                Some(&recording) => recordings.push(recording.clone()),
                None => listing.leave_out(
                    folder.join(format!("{name}.avi")),
                    "is listed, but neither it nor a folder of its frames is there",
                ),
            }
        }
        let sample = |recording: &Recording| {
            let Listed { subject, attack } = &listed[recording.name()?];
            Ok(recording.sample(SOURCE, subject.clone(), split, attack.clone()))
        };
        listing.append([frames::list(&recordings, options.frames_per_video, sample, give_boxes)?]);
    }
    Ok(listing)
}

/// The videos that a protocol's file lists, by name; its bad lines are left out.
fn lines(file: &Path, listing: &mut Listing) -> Result<BTreeMap<String, Listed>> {
    let text = tree::text(file, MAX_TEXT)?;
    let mut all = BTreeMap::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match listed(line) {
            Ok((name, _)) if all.contains_key(&name) => {
                listing.leave_out(file, format!("lists {name} again in line {}", number + 1));
            }
            Ok((name, video)) => drop(all.insert(name, video)),
            Err(error) => listing.leave_out(file, format!("has a bad line {}: {error:#}", number + 1)),
        }
    }
    Ok(all)
}

fn listed(line: &str) -> Result<(String, Listed)> {
    let (label, name) = line.split_once(',').context("it is not a label, a comma and a name")?;
    let (label, name) = (label.trim(), name.trim());
    let fields: Vec<&str> = name.split('_').collect();
    let &[_phone, _session, user, file] = fields.as_slice() else { bail!("{name} is not named like 1_1_01_1") };
    ensure!(
        fields.iter().all(|field| !field.is_empty() && field.bytes().all(|digit| digit.is_ascii_digit())),
        "{name} is not named like 1_1_01_1"
    );
    let (expected, attack) = match file {
        "1" => ("+1", None),
        "2" => ("-1", Some(Attack::new(Print, "printer 1"))),
        "3" => ("-1", Some(Attack::new(Print, "printer 2"))),
        "4" => ("-2", Some(Attack::new(Replay, "screen 1"))),
        "5" => ("-2", Some(Attack::new(Replay, "screen 2"))),
        _ => bail!("{name} is of an unknown file number, {file}"),
    };
    ensure!(label == expected, "{name} is labelled {label}, but its file number {file} means {expected}");
    Ok((name.to_owned(), Listed { subject: format!("{SOURCE}/{user}"), attack }))
}

fn give_boxes(recording: &Recording, listing: &mut Listing) {
    boxes::give(listing, &recording.beside("txt"), |text, number| {
        Ok(usize::try_from(number).ok().and_then(|number| text.lines().nth(number)).and_then(face))
    });
}

/// From eyebrows to chin around two eyes. In a grown-up's face, whose eyes are 63 mm apart, that is about 2.2 times as
/// wide and as high, and its centre lies 0.75 of the distance below the eyes.
fn face(line: &str) -> Option<FaceBox> {
    let &[_, x1, y1, x2, y2] = boxes::numbers(line).as_slice() else { return None };
    let distance = (x2 - x1).hypot(y2 - y1);
    if !distance.is_finite() || distance <= 0.0 {
        return None;
    }
    let side = 2.2 * distance;
    Some(FaceBox {
        x: (x1 + x2 - side) / 2.0,
        y: (y1 + y2 - side) / 2.0 + 0.75 * distance,
        width: side,
        height: side,
        confidence: 1.0,
    })
}
