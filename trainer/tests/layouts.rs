//! A tiny tree of each published layout -> its samples, and a sentence for everything that is wrong with one.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use bonafide::face::FaceBox;
use image::{Rgb, RgbImage};
use tempfile::{TempDir, tempdir};
use trainer::data::dataset::{Layout, ListOptions, Listing, Media, Sample, Split, check_disjoint, list, photos, video};

const HEADER: &str = "path,class,species,instrument,subject,split,x,y,width,height";

fn write(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A picture of one colour, another one each time.
fn photo(path: impl AsRef<Path>, width: u32, height: u32) {
    fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
    RgbImage::from_pixel(width, height, Rgb(next_colour())).save(path).unwrap();
}

/// Far enough from the others for a JPEG to tell it from them.
fn next_colour() -> [u8; 3] {
    static DRAWN: AtomicU32 = AtomicU32::new(0);
    let number = DRAWN.fetch_add(1, Ordering::Relaxed);
    [number, number >> 4, number >> 8].map(|part| (part % 16 * 16) as u8)
}

/// A grey video whose frame n has the level 10 n, and a title of its own; false where SKIP leaves out what needs ffmpeg.
fn clip(path: impl AsRef<Path>, frames: u32) -> bool {
    let path = path.as_ref();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let source = format!("color=black:s=64x48:r=25,format=gray,geq=lum='10*N',trim=end_frame={frames}");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", &source, "-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p"])
        .args(["-metadata", &format!("title={:?}", next_colour())])
        .arg(path)
        .status();
    match made {
        Ok(status) => assert!(status.success(), "ffmpeg made no {}", path.display()),
        Err(error) => {
            let skips = std::env::var("SKIP").is_ok_and(|skips| skips.split(' ').any(|one| one == "ffmpeg"));
            assert!(skips, "ffmpeg cannot be started ({error}): install it, or leave these tests out with SKIP=ffmpeg");
            return false;
        }
    }
    true
}

/// The same video as another recording: other bytes, in a box that players pass over.
fn copy_of(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    let [a, b, c] = next_colour();
    write(to, [&fs::read(from).unwrap()[..], &[0, 0, 0, 12], b"free", &[a, b, c, 0]].concat());
}

fn options(frames_per_video: usize) -> ListOptions {
    ListOptions { frames_per_video, ..ListOptions::default() }
}

fn error(layout: Layout, root: &Path) -> String {
    let error = format!("{:#}", list(layout, root, &options(2)).unwrap_err());
    error.replace(root.to_str().unwrap(), "ROOT")
}

/// What is left out, without the root.
fn left_out(listing: &Listing, root: &Path) -> Vec<String> {
    listing.left_out.iter().map(|left| left.to_string().replace(&format!("{}/", root.display()), "")).collect()
}

fn find<'a>(listing: &'a Listing, name: &str) -> Vec<&'a Sample> {
    listing.samples.iter().filter(|sample| sample.media.path().ends_with(name)).collect()
}

fn class(sample: &Sample) -> String {
    sample.attack.as_ref().map_or("bona fide".into(), ToString::to_string)
}

fn near(face: &FaceBox, expected: [f32; 4]) -> bool {
    [face.x, face.y, face.width, face.height].iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.01)
}

// Photos

#[test]
fn a_folder_of_photos_is_a_person_a_file() {
    let root = tempdir().unwrap();
    photo(root.path().join("a.png"), 8, 6);
    photo(root.path().join("b/c.png"), 8, 6);
    // The same picture: with a byte after its end, packed otherwise, and both in one.
    let bytes = fs::read(root.path().join("a.png")).unwrap();
    write(root.path().join("b/d.png"), [&bytes[..], b"!"].concat());
    image::open(root.path().join("a.png")).unwrap().save(root.path().join("b/e.webp")).unwrap();
    for name in ["notes.txt", ".DS_Store"] {
        write(root.path().join(name), "");
    }
    std::os::unix::fs::symlink(root.path(), root.path().join("b/loop")).unwrap();
    let listing = photos::list(&[root.path().to_owned()], 0).unwrap();
    let source = root.path().file_name().unwrap().to_str().unwrap();
    let subjects: Vec<&str> = listing.samples.iter().map(|sample| sample.subject.as_str()).collect();
    assert_eq!(subjects, [format!("{source}/a"), format!("{source}/b/c")]);
    assert!(listing.samples.iter().all(|sample| sample.attack.is_none() && sample.face.is_none()));
    let mut named = left_out(&listing, root.path());
    named.sort();
    let kind = "is of a kind that is not read: jpg, jpeg, jfif, png, webp are";
    let expected = [
        format!(".DS_Store {kind}"),
        "b/d.png is the same picture as a.png".into(),
        "b/e.webp is the same picture as a.png".into(),
        "b/loop is a link, and links are not followed".into(),
        format!("notes.txt {kind}"),
    ];
    assert_eq!(named, expected);

    // A draw of some knows copies by the same names as all.
    fs::remove_file(root.path().join("b/e.webp")).unwrap();
    for number in 0..20 {
        write(root.path().join(format!("b/d{number}.png")), &bytes);
    }
    fs::remove_file(root.path().join("b/d.png")).unwrap();
    let drawn = photos::list(&[root.path().to_owned()], 1).unwrap().samples;
    assert!(drawn.len() == 1 && listing.samples.contains(&drawn[0]));

    let empty = tempdir().unwrap();
    let refused = |folders: &[&Path]| {
        let folders: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
        format!("{:#}", photos::list(&folders, 0).unwrap_err())
    };
    assert!(refused(&[empty.path()]).ends_with("holds no photo"));
    assert!(refused(&[&empty.path().join("x")]).starts_with("cannot list "));
    assert!(refused(&[root.path(), root.path()]).contains("have the same name"));
}

#[test]
fn a_picture_in_two_folders_of_photos_is_one_person() {
    let root = tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| root.path().join(name));
    for name in ["a", "b"] {
        photo(one.join(format!("{name}.png")), 8, 6);
        fs::create_dir_all(&two).unwrap();
        fs::copy(one.join(format!("{name}.png")), two.join(format!("other-{name}.png"))).unwrap();
    }
    photo(two.join("c.png"), 8, 6);
    for roots in [[one.clone(), two.clone()], [two, one]] {
        let listing = photos::list(&roots, 0).unwrap();
        let subjects: Vec<&str> = listing.samples.iter().map(|sample| sample.subject.as_str()).collect();
        assert_eq!(subjects, ["one/a", "one/b", "two/c"]);
        let named = left_out(&listing, root.path());
        assert_eq!(
            named,
            ["two/other-a.png is the same picture as one/a.png", "two/other-b.png is the same picture as one/b.png"]
        );
    }
}

#[test]
fn a_picture_of_two_classes_or_splits_is_used_in_neither() {
    let label = |path: &str, spoof| format!(r#""Data/{path}": {}"#, labels(spoof, spoof, spoof));
    let train = ["train/1/live/1.png", "train/1/live/2.png"].map(|path| label(path, 0)).join(",");
    let test = [("test/9/live/1.png", 0), ("test/8/spoof/1.png", 1), ("test/8/spoof/2.png", 1)];
    let test = test.map(|(path, spoof)| label(path, spoof)).join(",");
    let root = celeba(&format!("{{{train}}}"), &format!("{{{test}}}"));
    let data = root.path().join("Data");
    photo(data.join("train/1/live/1.png"), 32, 32);
    photo(data.join("train/1/live/2.png"), 32, 32);
    photo(data.join("test/8/spoof/1.png"), 32, 32);
    for (from, to) in [("train/1/live/1.png", "test/9/live/1.png"), ("test/8/spoof/1.png", "test/8/spoof/2.png")] {
        fs::create_dir_all(data.join(to).parent().unwrap()).unwrap();
        fs::copy(data.join(from), data.join(to)).unwrap();
    }
    let listing = list(Layout::CelebaSpoof, root.path(), &options(1)).unwrap();
    assert!(find(&listing, "train/1/live/1.png").is_empty() && find(&listing, "test/9/live/1.png").is_empty());
    assert_eq!((find(&listing, "spoof/1.png").len(), find(&listing, "spoof/2.png").len()), (1, 0));
    assert_eq!(listing.samples.len(), 2);
    let named = left_out(&listing, root.path()).join("\n");
    assert!(
        named.contains(
            "Data/test/9/live/1.png is the same picture as Data/train/1/live/1.png, yet bona fide in the split test"
        ),
        "{named}"
    );
    assert!(named.contains("Data/test/8/spoof/2.png is the same picture as Data/test/8/spoof/1.png"), "{named}");
}

// CelebA-Spoof

/// 44 labels: no attribute but the first, then these.
fn labels(spoof_type: i64, illumination: i64, spoof: i64) -> String {
    format!("[1,{}{spoof_type},{illumination},1,{spoof}]", "0,".repeat(39))
}

fn celeba(train: &str, test: &str) -> TempDir {
    let root = tempdir().unwrap();
    write(root.path().join("metas/intra_test/train_label.json"), train);
    write(root.path().join("metas/intra_test/test_label.json"), test);
    root
}

#[test]
fn celeba_spoof_has_boxes_labels_and_a_development_split() {
    let mut train = Vec::new();
    for subject in 0..60 {
        train.push(format!(r#""Data/train/{subject}/live/1.png": {}"#, labels(0, 0, 0)));
    }
    train.push(format!(r#""Data/train/7/spoof/2.jpg": {}"#, labels(3, 4, 1)));
    let types: Vec<String> = (1..=10)
        .map(|spoof_type| format!(r#""Data/test/9000/spoof/{spoof_type}.png": {}"#, labels(spoof_type, 1, 1)))
        .collect();
    let root = celeba(&format!("{{{}}}", train.join(",")), &format!("{{{}}}", types.join(",")));
    let data = root.path().join("Data");
    for subject in 0..60 {
        photo(data.join(format!("train/{subject}/live/1.png")), 448, 112);
        write(data.join(format!("train/{subject}/live/1_BB.txt")), "61 45 61.5 112 0.9970805\n");
    }
    photo(data.join("train/7/spoof/2.jpg"), 32, 32);
    for spoof_type in 1..=10 {
        photo(data.join(format!("test/9000/spoof/{spoof_type}.png")), 32, 32);
        write(data.join(format!("test/9000/spoof/{spoof_type}_BB.txt")), "0 0 224 224 1");
    }

    let listing = list(Layout::CelebaSpoof, root.path(), &options(1)).unwrap();
    assert_eq!(
        left_out(&listing, root.path())
            .iter()
            .map(|left| left.split(": ROOT").next().unwrap().to_owned())
            .filter(|left| !left.starts_with("Data/train/7/spoof/2_BB.txt gives no box, its picture is kept: "))
            .collect::<Vec<_>>(),
        [] as [String; 0]
    );
    assert_eq!(listing.left_out.len(), 1);
    assert_eq!(listing.samples.len(), 71);

    let bona_fide = find(&listing, "7/live/1.png")[0];
    assert_eq!((bona_fide.source.as_str(), bona_fide.subject.as_str()), ("celeba-spoof", "celeba-spoof/7"));
    assert!(near(&bona_fide.face.unwrap(), [122.0, 22.5, 123.0, 56.0]), "{:?}", bona_fide.face);
    assert!((bona_fide.face.unwrap().confidence - 0.997).abs() < 0.001);
    let semantics = bona_fide.labels.as_ref().unwrap();
    assert_eq!(semantics.attributes, 1);
    assert_eq!((semantics.spoof_type, semantics.illumination), (0, 0));

    let print = find(&listing, "7/spoof/2.jpg")[0];
    assert_eq!((class(print), print.split, print.face), ("print/a4".into(), bona_fide.split, None));
    assert_eq!(print.labels.as_ref().unwrap().illumination, 4);

    let classes: Vec<String> =
        (1..=10).map(|name| class(find(&listing, &format!("9000/spoof/{name}.png"))[0])).collect();
    assert_eq!(
        classes,
        [
            "print/photo",
            "print/poster",
            "print/a4",
            "print/paper face mask",
            "print/paper upper-body mask",
            "print/paper region mask",
            "replay/pc",
            "replay/pad",
            "replay/phone",
            "mask/3d mask"
        ]
    );
    let of = |split| listing.samples.iter().filter(|sample| sample.split == split).count();
    assert_eq!(of(Split::Test), 10);
    assert!((3..18).contains(&of(Split::Development)), "{}", of(Split::Development));
}

#[test]
fn celeba_spoof_names_what_contradicts_itself() {
    let good = labels(0, 0, 0);
    let train = format!(
        r#"{{"Data/train/1/live/1.png": {good}, "Data/train/1/live/1.png": {good}, "Data/train/1/live/2.png": {good},
            "Data/test/2/live/1.png": {good}, "Data/train/../live/1.png": {good}, "../1/live/1.png": {good},
            "Data/train/1/live/3.png": [1, 2], "Data/train/1/live/4.png": {}, "Data/train/1/live/5.png": {},
            "Data/train/1/live/6.png": {good}, "Data/train/1/live/7.png": {good}}}"#,
        labels(9, 1, 1),
        labels(11, 1, 1)
    );
    let root = celeba(&train, "{}");
    let folder = root.path().join("Data/train/1/live");
    for name in ["1.png", "3.png", "4.png", "5.png", "7.png", "8.png"] {
        photo(folder.join(name), 8, 8);
    }
    write(folder.join("1_BB.txt"), "1 1 4 4 0.5");
    write(folder.join("7_BB.txt"), "1 1 0 4 0.5");
    write(folder.join("6.png"), "no picture");
    let listing = list(Layout::CelebaSpoof, root.path(), &options(1)).unwrap();
    assert_eq!(listing.samples.len(), 2);
    let says = left_out(&listing, root.path()).join("\n");
    for sentence in [
        "Data/train/1/live/1.png is listed again in train_label.json",
        "Data/train/1/live/2.png is listed but cannot be found: ",
        "Data/test/2/live/1.png is listed in train_label.json, but lies in the folder test",
        "Data/train/../live/1.png is listed in train_label.json, but leaves its folder",
        "../1/live/1.png is listed in train_label.json, but not of the form Data/train/SUBJECT/live or spoof/FILE",
        "Data/train/1/live/3.png has 2 labels, not 44",
        "Data/train/1/live/4.png contradicts itself: folder live, spoof type 9, last label 1",
        "Data/train/1/live/5.png has a label outside its range",
        "Data/train/1/live/6.png is no image that can be decoded: ",
        "Data/train/1/live/7_BB.txt gives no box, its picture is kept: its box is empty",
        "Data/train/1/live/8.png is in neither label file",
    ] {
        assert!(says.contains(sentence), "{sentence}\nis not in\n{says}");
    }
    assert_eq!(listing.left_out.len(), 11, "{says}");

    for (train, sentence) in [
        ("{\"a\"", "ROOT/metas/intra_test/train_label.json is not a JSON object of paths and lists of integers: "),
        ("[]", "ROOT/metas/intra_test/train_label.json is not a JSON object of paths and lists of integers: "),
    ] {
        let says = error(Layout::CelebaSpoof, celeba(train, "{}").path());
        assert!(says.starts_with(sentence), "{says}");
    }
    assert!(error(Layout::CelebaSpoof, tempdir().unwrap().path()).starts_with("cannot read ROOT/metas/"));
    let nothing = celeba(&format!(r#"{{"Data/train/1/live/1.png": {good}}}"#), "{}");
    let says = error(Layout::CelebaSpoof, nothing.path());
    assert!(says.starts_with("ROOT holds nothing usable, 1 left out, the first because ROOT/Data/train/1"), "{says}");
}

// Rose-Youtu

#[test]
fn rose_youtu_is_read_from_its_names() {
    let root = tempdir().unwrap();
    if !clip(root.path().join("2/G_NT_5s_wg_E_2_1.mp4"), 10) {
        return;
    }
    let copy = |name: &str| copy_of(&root.path().join("2/G_NT_5s_wg_E_2_1.mp4"), &root.path().join(name));
    for (number, class) in ["Ps", "Pq", "Vl", "Vm", "Mc", "Mf", "Mu", "Ml"].iter().enumerate() {
        copy(&format!("test/_13/{class}_T_HS_g_E_13_{number}.mp4"));
    }
    copy("11/G_NT_IP_g_E_11_7.mp4");
    let good = list(Layout::RoseYoutu, root.path(), &options(3)).unwrap();
    assert_eq!((good.left_out.len(), good.samples.len()), (0, 30), "{:?}", good.left_out);
    let genuine = find(&good, "2/G_NT_5s_wg_E_2_1.mp4");
    assert_eq!((genuine[0].subject.as_str(), genuine[0].split), ("rose-youtu/2", Split::Train));
    assert_eq!(genuine[0].attack, None);
    let numbers: Vec<String> = genuine.iter().map(|sample| sample.media.to_string()).collect();
    let path = root.path().join("2/G_NT_5s_wg_E_2_1.mp4");
    assert_eq!(numbers, [1, 5, 8].map(|number| format!("{}, frame {number}", path.display())));
    assert_eq!(find(&good, "11/G_NT_IP_g_E_11_7.mp4")[0].split, Split::Development);
    for (name, expected) in [
        ("Ps_T_HS_g_E_13_0", "print/still paper"),
        ("Pq_T_HS_g_E_13_1", "print/quivering paper"),
        ("Vl_T_HS_g_E_13_2", "replay/lenovo screen"),
        ("Vm_T_HS_g_E_13_3", "replay/mac screen"),
        ("Mc_T_HS_g_E_13_4", "print/paper mask with holes"),
        ("Mf_T_HS_g_E_13_5", "print/paper mask"),
        ("Mu_T_HS_g_E_13_6", "print/paper mask cut above"),
        ("Ml_T_HS_g_E_13_7", "print/paper mask cut below"),
    ] {
        let sample = find(&good, &format!("{name}.mp4"))[0];
        assert_eq!((class(sample).as_str(), sample.split), (expected, Split::Test));
    }

    copy("3/G_NT_5s_wg_E_2_9.mp4");
    copy("train/13/G_NT_5s_wg_E_13_9.mp4");
    copy("2/holiday.mp4");
    copy("2/X_NT_5s_wg_E_2_9.mp4");
    copy("25/G_NT_5s_wg_E_25_9.mp4");
    copy("2/G_NT_5s_wg_E_x_9.mp4");
    write(root.path().join("2/G_NT_5s_wg_E_2_5.mp4"), "no video");
    let bytes = fs::read(&path).unwrap();
    write(root.path().join("2/G_NT_5s_wg_E_2_6.mp4"), &bytes[..bytes.len() / 2]);
    write(root.path().join("2/G_NT_5s_wg_E_2_7.mp4"), "");
    // Some file systems refuse such a name.
    let odd = root.path().join("2").join(std::ffi::OsStr::from_bytes(b"G_NT_5s_wg_E_2_\xff.mp4"));
    let odd = fs::write(odd, &bytes).is_ok();
    let listing = list(Layout::RoseYoutu, root.path(), &options(3)).unwrap();
    assert_eq!(listing.samples, good.samples);
    let says = left_out(&listing, root.path()).join("\n");
    for sentence in [
        "3/G_NT_5s_wg_E_2_9.mp4 is named after person 2, but lies in the folder 3",
        "13, who is in the published test half, but lies in the folder train",
        "2/holiday.mp4 is not named like G_NT_5s_wg_E_2_1.mp4",
        "2/X_NT_5s_wg_E_2_9.mp4 is of an unknown class, X",
        "25_9.mp4 shows person 25, who is in neither half of the published split",
        "E_x_9.mp4 names no person: x is no number",
        "2/G_NT_5s_wg_E_2_5.mp4 is no video that can be read: ",
        "2/G_NT_5s_wg_E_2_6.mp4 is no video that can be read: ",
        "2/G_NT_5s_wg_E_2_7.mp4 is no video that can be read: ",
    ] {
        assert!(says.contains(sentence), "{sentence}\nis not in\n{says}");
    }
    assert_eq!(says.contains(".mp4 has a name that is not UTF-8"), odd, "{says}");
    assert_eq!(listing.left_out.len(), 9 + usize::from(odd), "{says}");
}

// SiW

#[test]
fn siw_has_boxes_a_frame() {
    let root = tempdir().unwrap();
    let recording = root.path().join("Train/live/003/003-1-1-1-1.mov");
    if !clip(&recording, 4) {
        return;
    }
    let copy = |name: &str| copy_of(&recording, &root.path().join(name));
    copy("Train/live/003/003-2-1-1-1.m.mov");
    copy("Train/spoof/003/003-1-2-1-1.mov");
    copy("Test/live/004/004_1_1_1_1.mp4");
    copy("Test/spoof/004/004-1-3-2-1.mov");
    write(recording.with_extension("face"), "1 1 1 1\n10 5 30 35\n9 9 9\n0 0 0 0\n");
    for name in ["Train/live/003/003-2-1-1-1", "Train/spoof/003/003-1-2-1-1", "Test/spoof/004/004-1-3-2-1"] {
        write(root.path().join(format!("{name}.face")), "1 1 2 2\n".repeat(4));
    }
    let listing = list(Layout::Siw, root.path(), &options(2)).unwrap();
    let missing = "Test/live/004/004_1_1_1_1.face is missing, its frames are kept without boxes";
    assert_eq!(left_out(&listing, root.path()), [missing]);
    assert_eq!(listing.samples.len(), 10);
    assert!(find(&listing, "003-2-1-1-1.m.mov")[0].face.is_some());
    let frames = find(&listing, "003-1-1-1-1.mov");
    assert_eq!(frames[0].media, Media::VideoFrame { path: recording.clone(), number: 1 });
    assert!(near(&frames[0].face.unwrap(), [10.0, 5.0, 20.0, 30.0]), "{:?}", frames[0].face);
    assert_eq!(frames[1].media, Media::VideoFrame { path: recording.clone(), number: 3 });
    assert_eq!(frames[1].face, None);
    assert_eq!((frames[0].subject.as_str(), frames[0].attack.as_ref()), ("siw/003", None));
    assert_ne!(frames[0].split, Split::Test);
    assert_eq!(class(find(&listing, "003-1-2-1-1.mov")[0]), "print/glossy paper");
    let replay = find(&listing, "004-1-3-2-1.mov")[0];
    assert_eq!((class(replay).as_str(), replay.split), ("replay/iphone 7 plus", Split::Test));
}

#[test]
fn siw_names_what_is_wrong() {
    let root = tempdir().unwrap();
    let recording = root.path().join("Train/live/003/003-1-1-1-1.mov");
    if !clip(&recording, 4) {
        return;
    }
    write(recording.with_extension("face"), "a b c d\n");
    for name in ["003-1-2-1-1", "004-1-1-1-1", "clip", "x-1-1-1-1", "003-1-7-1-1"] {
        copy_of(&recording, &recording.with_file_name(format!("{name}.mov")));
    }
    let listing = list(Layout::Siw, root.path(), &options(2)).unwrap();
    assert_eq!(listing.samples.len(), 2);
    let says = left_out(&listing, root.path()).join("\n");
    for sentence in [
        "003-1-1-1-1.face gives no boxes for some frames, which are kept: line 2: it has no line 2",
        "003-1-2-1-1.mov is of type 2, but lies in the folder live",
        "004-1-1-1-1.mov is named after person 004, but lies in the folder 003",
        "clip.mov is not named like 003-1-2-1-1.mov",
        "x-1-1-1-1.mov names no person: x is no number",
        "003-1-7-1-1.mov is of an unknown type, 7",
        "Test/live is missing",
    ] {
        assert!(says.contains(sentence), "{sentence}\nis not in\n{says}");
    }
    let to = root.path().join("Test/live/003/003-1-1-1-1.mov");
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    copy_of(&recording, &to);
    let says = error(Layout::Siw, root.path());
    assert!(says.starts_with("siw/003 is in two splits, "), "{says}");
    assert!(
        says.ends_with("and test (ROOT/Test/live/003/003-1-1-1-1.mov, frame 1): a person must be in one"),
        "{says}"
    );
    assert_eq!(error(Layout::Siw, &root.path().join("x")), "cannot find the folder ROOT");
}

// OULU-NPU

#[test]
fn oulu_npu_is_read_from_its_protocols() {
    let root = tempdir().unwrap();
    let protocols = root.path().join("Protocols");
    let first = root.path().join("Train_files/1_1_01_1.avi");
    if !clip(&first, 6) {
        return;
    }
    let copy = |name: &str| {
        let to = root.path().join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        copy_of(&first, &to);
    };
    for name in ["Train_files/1_1_01_2", "Dev_files/1_1_21_3", "Test_files/1_3_36_4", "Test_files/1_3_36_5"] {
        copy(&format!("{name}.avi"));
    }
    write(first.with_extension("txt"), "0,1,1,1,1\n1,10,20,30,20\n2,0,0,0,0\n3,9,9,x,9\n");
    write(protocols.join("Protocol_1/Train.txt"), "+1,1_1_01_1\r\n-1, 1_1_01_2\n\n");
    write(protocols.join("Protocol_1/Dev.txt"), "-1,1_1_21_3\n");
    write(protocols.join("Protocol_1/Test.txt"), "-2,1_3_36_4\n-2,1_3_36_5\n");
    let listing = list(Layout::OuluNpu, root.path(), &options(2)).unwrap();
    assert_eq!(left_out(&listing, root.path()).len(), 4, "the other videos have no eyes");
    assert!(
        left_out(&listing, root.path())[0]
            .starts_with("Train_files/1_1_01_2.txt is missing, its frames are kept without boxes")
    );
    let classes: Vec<(String, Split)> = listing.samples.iter().map(|s| (class(s), s.split)).collect();
    let expected = [
        ("bona fide", Split::Train),
        ("print/printer 1", Split::Train),
        ("print/printer 2", Split::Development),
        ("replay/screen 1", Split::Test),
        ("replay/screen 2", Split::Test),
    ];
    assert_eq!(classes, expected.map(|(class, split)| vec![(class.to_owned(), split); 2]).concat());
    let face = listing.samples[0].face.unwrap();
    assert!(near(&face, [-2.0, 13.0, 44.0, 44.0]), "{face:?}");
    assert_eq!(listing.samples[1].face, None);
    assert_eq!(listing.samples[0].subject, "oulu-npu/01");

    // Another protocol: what is listed again, missing, misnamed or mislabelled.
    write(protocols.join("Protocol_4/Train_2.txt"), "+1,1_1_01_1\n+1,1_1_01_1\n+1,1_1_02_1\n-1,1_1_01_1\n");
    write(protocols.join("Protocol_4/Dev_2.txt"), "+1\n+1,../x\n+1,1_1_21_7\n-1,1_1_21_3\n");
    write(protocols.join("Protocol_4/Test_2.txt"), [0xff, 0xfe]);
    let fourth = ListOptions { oulu_protocol: 4, oulu_fold: 2, frames_per_video: 1 };
    let says = format!("{:#}", list(Layout::OuluNpu, root.path(), &fourth).unwrap_err());
    assert!(says.ends_with("Protocol_4/Test_2.txt is not UTF-8 text"), "{says}");
    write(protocols.join("Protocol_4/Test_2.txt"), "-2,1_3_36_4\n");
    let listing = list(Layout::OuluNpu, root.path(), &fourth).unwrap();
    assert_eq!(listing.samples.len(), 3);
    let says = left_out(&listing, root.path()).join("\n");
    for sentence in [
        "Train_2.txt lists 1_1_01_1 again in line 2",
        "Train_files/1_1_02_1.avi is listed, but neither it nor a folder of its frames is there",
        "Train_2.txt has a bad line 4: 1_1_01_1 is labelled -1, but its file number 1 means +1",
        "Dev_2.txt has a bad line 1: it is not a label, a comma and a name",
        "Dev_2.txt has a bad line 2: ../x is not named like 1_1_01_1",
        "Dev_2.txt has a bad line 3: 1_1_21_7 is of an unknown file number, 7",
    ] {
        assert!(says.contains(sentence), "{sentence}\nis not in\n{says}");
    }
    // And the eyes: unreadable in frame 3 of one video, missing beside two.
    assert_eq!(listing.left_out.len(), 9, "{says}");

    for (protocol, fold) in [(0, 1), (5, 1), (3, 7)] {
        let bad = ListOptions { oulu_protocol: protocol, oulu_fold: fold, ..ListOptions::default() };
        assert!(list(Layout::OuluNpu, root.path(), &bad).unwrap_err().to_string().starts_with("OULU-NPU"));
    }
    assert!(error(Layout::OuluNpu, tempdir().unwrap().path()).starts_with("cannot read ROOT/Protocols/Protocol_1/"));
}

// Replay-Attack, MSU-MFSD, CASIA-FASD

/// Ten empty frames in a folder: listing decodes none.
fn frames(folder: impl AsRef<Path>) {
    for number in 0..10 {
        write(folder.as_ref().join(format!("{number}.jpg")), "");
    }
}

/// Each recording's class and split, by its folder's name: the pictures of a recording agree, and are as many as asked for.
fn recordings(listing: &Listing, per_recording: usize) -> BTreeMap<String, (String, Split)> {
    let mut told: BTreeMap<String, Vec<(String, Split)>> = BTreeMap::new();
    for sample in &listing.samples {
        let folder = sample.media.path().parent().unwrap().file_name().unwrap().to_str().unwrap();
        told.entry(folder.to_owned()).or_default().push((class(sample), sample.split));
    }
    let agree = |of: Vec<(String, Split)>| {
        assert!(of.len() == per_recording && of.iter().all(|one| *one == of[0]), "{of:?}");
        of[0].clone()
    };
    told.into_iter().map(|(name, of)| (name, agree(of))).collect()
}

#[test]
fn replay_attack_is_read_from_folders_of_frames() {
    let root = tempdir().unwrap();
    let good = [
        ("train/real/client001_session01_webcam_authenticate_adverse_1", "bona fide", Split::Train),
        ("devel/real/client004_session01_webcam_authenticate_controlled_2.mov", "bona fide", Split::Development),
        ("train/attack/fixed/attack_print_client001_session01_highdef_photo_adverse", "print/a4", Split::Train),
        ("test/attack/hand/attack_mobile_client009_session01_mobile_video_controlled", "replay/phone", Split::Test),
        ("test/attack/hand/attack_highdef_client009_session01_highdef_photo_adverse.mov", "replay/tablet", Split::Test),
    ];
    for (name, ..) in good {
        frames(root.path().join(name));
    }
    for folder in ["test/real", "devel/attack/fixed", "devel/attack/hand", "train/attack/hand", "test/attack/fixed"] {
        fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    // For face recognition.
    frames(root.path().join("enroll/train/client001_session01_webcam_enroll_controlled_1"));
    let listing = list(Layout::ReplayAttack, root.path(), &options(3)).unwrap();
    assert_eq!(listing.left_out, []);
    let name = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let expected = good.map(|(path, class, split)| (name(path), (class.to_owned(), split)));
    assert_eq!(recordings(&listing, 3), expected.into());
    let first = &listing.samples[0];
    assert_eq!((first.source.as_str(), first.subject.as_str()), ("replay-attack", "replay-attack/client001"));
    let numbers: Vec<_> = listing.samples[..3].iter().map(|one| one.media.path().file_stem().unwrap()).collect();
    assert_eq!(numbers, ["1", "5", "8"]);

    let odd = [
        ("train/real/client1_session01_webcam_authenticate_adverse_1", "names no person: client1 is not of the form"),
        ("train/real/attack_print_client001_session01_highdef_photo_adverse", "is not named like client001_session01_"),
        ("train/real/holiday", "is not named like client001_session01_webcam_authenticate_adverse_1.mov"),
        ("train/attack/hand/client001_session01_webcam_authenticate_adverse_1", "is not named like attack_mobile_"),
        (
            "train/attack/hand/attack_print_client001_session01_highdef_video_adverse",
            "is of an unknown attack, video by",
        ),
    ];
    for (name, _) in odd {
        frames(root.path().join(name));
    }
    fs::remove_dir(root.path().join("test/attack/fixed")).unwrap();
    write(root.path().join("train/real/loose.jpg"), "");
    let again = list(Layout::ReplayAttack, root.path(), &options(3)).unwrap();
    assert_eq!(again.samples, listing.samples);
    let says = left_out(&again, root.path());
    for (name, sentence) in odd {
        assert!(says.iter().any(|left| left.starts_with(&format!("{name} {sentence}"))), "{name}: {says:?}");
    }
    assert!(says.contains(&"test/attack/fixed is missing".to_owned()), "{says:?}");
    assert_eq!(says.len(), 5 + 2, "the loose picture too: {says:?}");

    frames(root.path().join("test/real/client001_session01_webcam_authenticate_adverse_2"));
    assert!(error(Layout::ReplayAttack, root.path()).starts_with("replay-attack/client001 is in two splits, train ("));
    assert_eq!(error(Layout::ReplayAttack, &root.path().join("x")), "cannot find the folder ROOT");
}

#[test]
fn replay_attack_has_boxes_of_videos_where_its_face_locations_are() {
    let root = tempdir().unwrap();
    let name = "train/real/client001_session01_webcam_authenticate_adverse_1";
    if !clip(root.path().join(format!("{name}.mov")), 4) {
        return;
    }
    for class in ["real", "attack/fixed", "attack/hand"] {
        for part in ["train", "devel", "test"] {
            fs::create_dir_all(root.path().join(part).join(class)).unwrap();
        }
    }
    let folder = "train/attack/hand/attack_print_client001_session01_highdef_photo_adverse";
    frames(root.path().join(folder));
    // Beside the video lies a copy of its frames.
    frames(root.path().join(name));
    let listing = list(Layout::ReplayAttack, root.path(), &options(2)).unwrap();
    let instead = format!("{name} is not read, since {} is", root.path().join(format!("{name}.mov")).display());
    assert_eq!(left_out(&listing, root.path()), [instead.replace(&format!("{}/", root.path().display()), "")]);
    assert!(listing.samples.iter().all(|sample| sample.face.is_none()));

    write(root.path().join(format!("face-locations/{name}.face")), "0 1 1 1 1\n1 10 5 20 30\n3 0 0 0 0\n");
    write(root.path().join(format!("face-locations/{folder}.face")), "1 10 5 20 30\n");
    let listing = list(Layout::ReplayAttack, root.path(), &options(2)).unwrap();
    let video: Vec<&Sample> = listing.samples.iter().filter(|one| one.attack.is_none()).collect();
    assert!(near(&video[0].face.unwrap(), [10.0, 5.0, 20.0, 30.0]), "{:?}", video[0].face);
    assert_eq!((video[1].face, listing.samples.len()), (None, 4));
    let says = left_out(&listing, root.path());
    assert!(says[1].starts_with(&format!("face-locations/{folder}.face is not used: frames in a folder")), "{says:?}");
}

#[test]
fn msu_mfsd_is_split_by_its_lists() {
    let root = tempdir().unwrap();
    let good = [
        ("real/real_client002_android_SD_scene01.mp4", "bona fide", false),
        ("real/real_client001_laptop_SD_scene01", "bona fide", true),
        ("attack/attack_client002_android_SD_printed_photo_scene01", "print/a3", false),
        ("attack/attack_client001_android_HD_ipad_video_scene01", "replay/ipad", true),
        ("attack/attack_client001_laptop_SD_iphone_video_scene01.mov", "replay/iphone", true),
    ];
    for (name, ..) in good {
        frames(root.path().join("scene01").join(name));
    }
    let (train, test) = (root.path().join("train_sub_list.txt"), root.path().join("test_sub_list.txt"));
    assert!(error(Layout::MsuMfsd, root.path()).starts_with("cannot read ROOT/train_sub_list.txt"));
    write(&train, "02\n");
    assert!(error(Layout::MsuMfsd, root.path()).starts_with("cannot read ROOT/test_sub_list.txt"));
    write(&test, "01\n");
    let listing = list(Layout::MsuMfsd, root.path(), &options(2)).unwrap();
    assert_eq!(listing.left_out, []);
    let told = recordings(&listing, 2);
    assert_eq!(told.len(), good.len());
    for (path, class, is_test) in good {
        let (of, split) = &told[path.rsplit('/').next().unwrap()];
        assert!(of == class && (*split == Split::Test) == is_test, "{path} is {of} in {split}");
    }
    assert!(listing.samples.iter().any(|sample| sample.subject == "msu-mfsd/client001"));

    let odd = [
        ("real/real_client003_android_SD_scene01", "shows person 3, who is in neither list of people"),
        ("real/real_someone_android_SD_scene01", "names no person: someone is not of the form client001"),
        ("real/attack_client001_android_SD_ipad_video_scene01", "is not named like real_client001_"),
        ("attack/attack_client001_android_SD_ipad_photo_scene01", "is of an unknown attack, ipad_photo"),
        ("attack/attack_client001_phone_SD_ipad_video_scene01", "is not named like attack_client001_"),
    ];
    for (name, _) in odd {
        frames(root.path().join("scene01").join(name));
    }
    let again = list(Layout::MsuMfsd, root.path(), &options(2)).unwrap();
    assert_eq!(again.samples, listing.samples);
    let says = left_out(&again, root.path());
    for (name, sentence) in odd {
        assert!(says.iter().any(|left| left.starts_with(&format!("scene01/{name} {sentence}"))), "{name}: {says:?}");
    }
    assert_eq!(says.len(), odd.len(), "{says:?}");

    let recording = root.path().join("scene01/real/real_client002_laptop_SD_scene01.mov");
    if clip(&recording, 2) {
        write(recording.with_extension("face"), "0, 10, 5, 30, 35, 15, 20, 25, 20\n1, 0, 0, 0, 0, 0, 0, 0, 0\n");
        let listing = list(Layout::MsuMfsd, root.path(), &options(2)).unwrap();
        let video = find(&listing, "real_client002_laptop_SD_scene01.mov");
        assert!(near(&video[0].face.unwrap(), [10.0, 5.0, 20.0, 30.0]), "{:?}", video[0].face);
        assert_eq!(video[1].face, None);
    }
    fs::remove_dir_all(root.path().join("scene01/real")).unwrap();
    let listing = list(Layout::MsuMfsd, root.path(), &options(2)).unwrap();
    assert_eq!(left_out(&listing, root.path())[0], "scene01/real is missing");
}

#[test]
fn casia_fasd_numbers_its_people_twice() {
    let root = tempdir().unwrap();
    for person in 1..=20 {
        frames(root.path().join(format!("train_release/{person}/1.avi")));
    }
    let good = [
        ("1", "bona fide"),
        ("2.avi", "bona fide"),
        ("HR_1", "bona fide"),
        ("3", "print/warped print"),
        ("HR_2", "print/warped print"),
        ("6", "print/cut print"),
        ("HR_3.avi", "print/cut print"),
        ("7", "replay/tablet"),
        ("HR_4", "replay/tablet"),
    ];
    for (name, _) in good {
        frames(root.path().join("test_release/1").join(name));
    }
    let listing = list(Layout::CasiaFasd, root.path(), &options(1)).unwrap();
    assert_eq!(listing.left_out, []);
    for (name, expected) in good {
        let of =
            |sample: &&Sample| sample.split == Split::Test && sample.media.path().parent().unwrap().ends_with(name);
        let sample = listing.samples.iter().find(of).unwrap();
        assert_eq!((class(sample).as_str(), sample.subject.as_str()), (expected, "casia-fasd/test/01"), "{name}");
    }
    let mut aside: Vec<&str> = listing
        .samples
        .iter()
        .filter(|sample| sample.split == Split::Development)
        .map(|sample| sample.subject.as_str())
        .collect();
    // By hash, for ever.
    aside.sort_unstable();
    assert_eq!(aside, ["07", "08", "10", "11", "12", "13"].map(|number| format!("casia-fasd/train/{number}")));

    let odd = [
        ("train_release/21/1", "does not lie in the folder of a person, 1 to 20"),
        ("train_release/1/9", "is not named 1 to 8 or HR_1 to HR_4"),
        ("train_release/extra/1/1", "does not lie in the folder of a person"),
        ("test_release/31/1", "does not lie in the folder of a person, 1 to 30"),
    ];
    for (name, _) in odd {
        frames(root.path().join(name));
    }
    write(root.path().join("test_release/2/0.jpg"), "");
    let again = list(Layout::CasiaFasd, root.path(), &options(1)).unwrap();
    assert_eq!(again.samples, listing.samples);
    let says = left_out(&again, root.path());
    for (name, sentence) in odd {
        assert!(says.iter().any(|left| left.starts_with(&format!("{name} {sentence}"))), "{name}: {says:?}");
    }
    assert_eq!(says.len(), odd.len() + 1, "{says:?}");
    fs::remove_dir_all(root.path().join("test_release")).unwrap();
    let listing = list(Layout::CasiaFasd, root.path(), &options(1)).unwrap();
    assert!(left_out(&listing, root.path()).contains(&"test_release is missing".to_owned()));
}

#[test]
fn older_layouts_are_read_from_folders_of_frames_too() {
    let rose = tempdir().unwrap();
    frames(rose.path().join("2/G_NT_5s_wg_E_2_1"));
    frames(rose.path().join("test/_13/Ps_T_HS_g_E_13_0.mp4"));
    let listing = list(Layout::RoseYoutu, rose.path(), &options(4)).unwrap();
    let told = recordings(&listing, 4);
    assert_eq!(told["G_NT_5s_wg_E_2_1"], ("bona fide".into(), Split::Train));
    assert_eq!(told["Ps_T_HS_g_E_13_0.mp4"], ("print/still paper".into(), Split::Test));

    let siw = tempdir().unwrap();
    for name in ["Train/live/003/003-1-1-1-1", "Train/spoof/003/003-1-2-1-1.m", "Test/live/004/004-1-1-1-1.mov"] {
        frames(siw.path().join(name));
    }
    fs::create_dir_all(siw.path().join("Test/spoof")).unwrap();
    write(siw.path().join("Train/live/003/003-1-1-1-1.face"), "1 1 2 2\n".repeat(10));
    let listing = list(Layout::Siw, siw.path(), &options(4)).unwrap();
    assert_eq!((recordings(&listing, 4).len(), listing.left_out.len()), (3, 1), "{:?}", listing.left_out);
    assert!(listing.left_out[0].path.ends_with("003-1-1-1-1.face"));
    assert!(listing.samples.iter().all(|sample| sample.face.is_none()));

    let oulu = tempdir().unwrap();
    let protocols = oulu.path().join("Protocols/Protocol_1");
    for (part, line) in [("Train", "+1,1_1_01_1"), ("Dev", "-1,1_1_21_3"), ("Test", "-2,1_3_36_4")] {
        write(protocols.join(format!("{part}.txt")), line);
        let name = line.split_once(',').unwrap().1;
        frames(oulu.path().join(format!("{part}_files/{name}{}", if part == "Dev" { ".avi" } else { "" })));
    }
    // What the protocol does not list is not named.
    frames(oulu.path().join("Train_files/1_1_02_1"));
    let listing = list(Layout::OuluNpu, oulu.path(), &options(4)).unwrap();
    assert_eq!(listing.left_out, []);
    assert_eq!(recordings(&listing, 4)["1_1_21_3.avi"], ("print/printer 2".into(), Split::Development));
}

// CSV

fn table(lines: &str) -> (TempDir, PathBuf) {
    let root = tempdir().unwrap();
    photo(root.path().join("a.png"), 8, 8);
    photo(root.path().join("in/b c.jpg"), 8, 8);
    let table = root.path().join("mine.csv");
    write(&table, format!("{HEADER}\n{lines}"));
    (root, table)
}

#[test]
fn a_table_of_your_own() {
    let (root, path) = table(
        "./a.png,bona-fide,,,ann,train,1,2.5,3,4\n\"in/b c.jpg\",attack,replay,\"a \"\"big\"\" phone\",bob,,,,,\n",
    );
    let listing = list(Layout::Csv, &path, &options(2)).unwrap();
    assert_eq!(listing.left_out, []);
    let [a, b] = listing.samples.as_slice() else { panic!("{listing:?}") };
    assert_eq!((a.subject.as_str(), a.split, a.source.as_str()), ("mine/ann", Split::Train, "mine"));
    assert_eq!(a.media.path(), root.path().canonicalize().unwrap().join("a.png"));
    assert!(near(&a.face.unwrap(), [1.0, 2.5, 3.0, 4.0]));
    assert_eq!((class(b).as_str(), b.face), ("replay/a \"big\" phone", None));

    if clip(root.path().join("v.mov"), 5) {
        write(&path, format!("\u{feff}{HEADER}\r\nv.mov,attack,mask,,eve,test,0,0,9,9\r\n"));
        let listing = list(Layout::Csv, &path, &options(2)).unwrap();
        assert_eq!(listing.samples.len(), 2);
        assert!(listing.samples.iter().all(|sample| sample.face.is_some() && class(sample) == "mask"));
    }
}

#[test]
fn every_bad_line_of_a_table_is_named() {
    let (root, path) = table("");
    let outside = tempdir().unwrap();
    photo(outside.path().join("o.png"), 8, 8);
    std::os::unix::fs::symlink(outside.path().join("o.png"), root.path().join("out.png")).unwrap();
    std::os::unix::fs::symlink("loop.png", root.path().join("loop.png")).unwrap();
    // Opening it would wait for its other end.
    assert!(Command::new("mkfifo").arg(root.path().join("pipe.png")).status().unwrap().success());
    let mut bytes = format!("{HEADER}\n").into_bytes();
    let lines: [(&[u8], &str); 20] = [
        (b"a.png,bona-fide,,,ann,,,,,", ""),
        (b"./a.png,bona-fide,,,ann,,,,,", "line 3: the file is the same as in line 2"),
        (b"a.png,bona-fide,,,ann", "line 4: it has 5 fields, not 10"),
        (b"a.png,live,,,ann,,,,,", "line 5: the class \"live\" is not bona-fide or attack"),
        (b"a.png,attack,film,,ann,,,,,", "line 6: the species \"film\" of an attack is not print, replay or mask"),
        (b"a.png,attack,,,ann,,,,,", "line 7: the species \"\" of an attack is not print, replay or mask"),
        (b"a.png,bona-fide,print,,ann,,,,,", "line 8: a bona-fide line has no species and no instrument"),
        (b"a.png,bona-fide,,,,,,,,", "line 9: the subject is empty"),
        (b"a.png,bona-fide,,,ann,dev,,,,", "line 10: the split dev is not train, development, test or empty"),
        (b"a.png,bona-fide,,,ann,,1,2,3,", "line 11: \"\" is no number of pixels: x, y, width and height are four"),
        (b"a.png,bona-fide,,,ann,,1,2,3,nan", "line 12: \"nan\" is no number of pixels"),
        (b"a.png,bona-fide,,,ann,,1,2,0,4", "line 13: the box is empty: its width and height must be above 0"),
        (b"../a.png,bona-fide,,,ann,,,,,", "line 14: the path ../a.png is absolute or has .. in it"),
        (b"/a.png,bona-fide,,,ann,,,,,", "line 15: the path /a.png is absolute or has .. in it"),
        (b"out.png,bona-fide,,,ann,,,,,", "line 16: the path out.png is a link that leads out of the table's folder"),
        (b"loop.png,bona-fide,,,ann,,,,,", "line 17: the file loop.png cannot be found: "),
        (b"none.png,bona-fide,,,ann,,,,,", "line 18: the file none.png cannot be found: "),
        (b"in,bona-fide,,,ann,,,,,", "line 19: the path in is no regular file"),
        (b"\xff.png,bona-fide,,,ann,,,,,", "line 20: it is not UTF-8"),
        (b"pipe.png,bona-fide,,,ann,,,,,", "line 21: the path pipe.png is no regular file"),
    ];
    for (line, _) in lines {
        bytes.extend(line);
        bytes.push(b'\n');
    }
    write(&path, &bytes);
    let says = error(Layout::Csv, &path);
    assert!(says.starts_with("ROOT has bad lines\nline 3"), "{says}");
    for (_, sentence) in lines {
        assert!(says.contains(sentence), "{sentence}\nis not in\n{says}");
    }
    assert_eq!(says.lines().count(), 20, "{says}");

    let (root, path) = table("film.mts,bona-fide,,,ann,,,,,\n");
    write(root.path().join("film.mts"), "");
    assert!(error(Layout::Csv, &path).ends_with(
        "line 2: the file film.mts is of a kind that is not read: of photos jpg, jpeg, jfif, png, webp, of videos mp4, mov, avi, \
         mkv, webm, m4v are"
    ));
    // A copy, a hard link, and the same pixels in another file.
    let (root, path) = table("");
    let at = |name: &str| root.path().join(name);
    fs::copy(at("a.png"), at("copy.png")).unwrap();
    fs::hard_link(at("a.png"), at("link.png")).unwrap();
    image::open(at("a.png")).unwrap().save(at("a.webp")).unwrap();
    let lines = ["copy.png,attack,print,,bob,test", "link.png,bona-fide,,,ann,train", "a.webp,bona-fide,,,cid,test"];
    let lines = lines.map(|line| format!("{line},,,,\n")).concat();
    write(&path, format!("{HEADER}\na.png,bona-fide,,,ann,train,,,,\n\n{lines}"));
    let says = error(Layout::Csv, &path);
    let same =
        |line: usize| format!("\nline {line}: the picture is the same as in line 2, of another person, class or split");
    // The link says the same as the first line.
    assert_eq!(says, format!("ROOT has bad lines{}{}", same(4), same(6)));
    write(&path, format!("{HEADER}\na.png,bona-fide,,,ann,train,,,,\nlink.png,bona-fide,,,ann,train,,,,\n"));
    let listing = list(Layout::Csv, &path, &options(2)).unwrap();
    assert_eq!(listing.samples.len(), 1);
    let folder = root.path().canonicalize().unwrap();
    assert_eq!(left_out(&listing, &folder), ["link.png is the same picture as a.png"]);

    let repeated = "x.png,bona-fide,,,ann,,,,,\n".repeat(25);
    assert!(error(Layout::Csv, &table(&repeated).1).ends_with("\nand 5 more"));

    let (root, path) = table("a.png,bona-fide,,,ann,train,,,,\nin/b c.jpg,bona-fide,,,ann,test,,,,\n");
    let says = format!("{:#}", list(Layout::Csv, &path, &options(1)).unwrap_err());
    let folder = root.path().canonicalize().unwrap();
    assert_eq!(
        says.replace(folder.to_str().unwrap(), "ROOT"),
        "mine/ann is in two splits, train (ROOT/a.png) and test (ROOT/in/b c.jpg): a person must be in one"
    );
    // However lines end, whatever is between them: the number is an editor's.
    let bad = "x.png,bona-fide,,,ann,,,,,";
    for (end, between, number) in [
        ("\n", "", 3),
        ("\r\n", "", 3),
        ("\r", "", 3),
        ("\n", "\n\n", 5),
        ("\r\n", "\r\n,,,,,,,,,\r\n  \r\n", 6),
        ("\r", "\r,,,,,,,,,\r", 5),
        ("\r\n", "a.png,attack,print,\"two\r\nlines\",ann,train,,,,\r\n", 5),
    ] {
        for mark in ["", "\u{feff}"] {
            write(&path, format!("{mark}{HEADER}{end}in/b c.jpg,bona-fide,,,ann,,,,,{end}{between}{bad}{end},,{end}"));
            let says = error(Layout::Csv, &path);
            let sentence = format!("ROOT has bad lines\nline {number}: the file x.png cannot be found: ");
            assert!(says.starts_with(&sentence) && says.lines().count() == 2, "{end:?} {between:?}: {says}");
        }
    }
    for wrong in ["", "path,class\n", "\0\0\0", "\"path"] {
        write(&path, wrong);
        assert_eq!(error(Layout::Csv, &path), format!("cannot use ROOT: its first line must be {HEADER}"));
    }
    assert!(error(Layout::Csv, root.path()).ends_with("is no regular file"));
}

// What all have in common

#[test]
fn a_person_in_two_splits_is_named() {
    let (_root, path) = table("a.png,bona-fide,,,ann,train,,,,\nin/b c.jpg,bona-fide,,,bob,test,,,,\n");
    let mut samples = list(Layout::Csv, &path, &options(1)).unwrap().samples;
    check_disjoint(&samples).unwrap();
    samples[1].subject = samples[0].subject.clone();
    assert!(check_disjoint(&samples).unwrap_err().to_string().starts_with("mine/ann is in two splits, train ("));
    let none = list(Layout::Csv, &path, &options(0)).unwrap_err().to_string();
    assert_eq!(none, "frames_per_video is 0: 1 to 1000 frames can be taken of each video");
}

// Videos

#[test]
fn frames_come_by_number_upright_and_in_order() {
    let root = tempdir().unwrap();
    let path = root.path().join("-a b.mp4");
    if !clip(&path, 12) {
        return;
    }
    assert_eq!(video::frame_count(&path).unwrap(), 12);
    let photos = video::frames(&path, &[9, 2, 9, 0]).unwrap();
    let levels: Vec<i32> = photos.iter().map(|photo| i32::from(photo.frame().rgba()[0])).collect();
    assert!(levels.iter().zip([90, 20, 90, 0]).all(|(level, expected)| (level - expected).abs() < 6), "{levels:?}");
    assert_eq!((photos[0].frame().width(), photos[0].frame().height()), (64, 48));
    assert!(video::frames(&path, &[]).unwrap().is_empty());
    assert!(video::frames(&path, &[0, 12]).unwrap_err().to_string().ends_with("a b.mp4 has no frame 12"));

    // The same, held upright by the matrix in its track header.
    let mut bytes = fs::read(&path).unwrap();
    let matrix = bytes.windows(4).position(|name| name == b"tkhd").unwrap() + 44;
    for (place, value) in [0, 0x1_0000, 0, -0x1_0000, 0, 0, 0, 0, 0x4000_0000_i32].iter().enumerate() {
        bytes[matrix + 4 * place..][..4].copy_from_slice(&value.to_be_bytes());
    }
    let turned = root.path().join("turned.mp4");
    write(&turned, &bytes);
    let photos = video::frames(&turned, &[3]).unwrap();
    assert_eq!((photos[0].frame().width(), photos[0].frame().height()), (48, 64));
}

#[test]
fn as_many_frames_come_as_are_asked_for_and_those_before_a_broken_one_are_not_lost() {
    let root = tempdir().unwrap();
    let path = root.path().join("long.mp4");
    if !clip(&path, 260) {
        return;
    }
    let numbers: Vec<u64> = (0..250).collect();
    assert_eq!(video::frames(&path, &numbers).unwrap().len(), 250);
    let wanted = [3, 250, 259, 260, 300].into();
    let mut read = Vec::new();
    video::each(&path, &wanted, |number, photo| {
        read.push((number, photo.is_ok()));
        Ok(())
    })
    .unwrap();
    assert_eq!(read, [(3, true), (250, true), (259, true), (260, false), (300, false)]);
}

#[test]
fn frames_of_a_cut_video_are_those_that_it_shows() {
    let root = tempdir().unwrap();
    let (whole, cut) = (root.path().join("whole.mp4"), root.path().join("cut.mp4"));
    if !clip(root.path().join("plain.mp4"), 3) {
        return;
    }
    let made = |args: &[&str], path: &Path| {
        let status = Command::new("ffmpeg").args(["-v", "error", "-y"]).args(args).arg(path).status();
        assert!(status.unwrap().success(), "{args:?}");
    };
    // One key frame, and then cut without coding anew: all frames from it on are kept, and an edit list hides the first 60.
    let source = "color=black:s=64x48:r=25,format=gray,geq=lum='20+2*N',trim=end_frame=100";
    made(
        &["-f", "lavfi", "-i", source, "-c:v", "mpeg4", "-g", "200", "-sc_threshold", "1000000000", "-q:v", "2"],
        &whole,
    );
    made(&["-ss", "2.4", "-i", whole.to_str().unwrap(), "-c", "copy"], &cut);
    assert_eq!(video::frame_count(&cut).unwrap(), 40);
    let photos = video::frames(&cut, &(0..40).collect::<Vec<u64>>()).unwrap();
    let levels: Vec<i32> = photos.iter().map(|photo| i32::from(photo.frame().rgba()[0])).collect();
    assert!(levels.iter().zip(60..).all(|(level, number)| (level - 20 - 2 * number).abs() < 8), "{levels:?}");
}

#[test]
fn a_video_of_high_dynamic_range_is_refused_with_the_remedy() {
    let root = tempdir().unwrap();
    let path = root.path().join("hlg.mp4");
    if !clip(root.path().join("plain.mp4"), 3) {
        return;
    }
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", "color=gray:s=64x48:r=25:d=0.2", "-c:v", "mpeg4"])
        .args(["-color_trc", "arib-std-b67", "-color_primaries", "bt2020", "-colorspace", "bt2020nc"])
        .args(["-movflags", "write_colr"])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    for error in [video::frames(&path, &[0]).unwrap_err(), video::stream(&path, 5.0).err().unwrap()] {
        assert!(
            error.to_string().contains("hlg.mp4 is a video of high dynamic range (arib-std-b67): convert it first"),
            "{error}"
        );
    }
}

#[test]
fn a_stream_goes_by_the_clock() {
    let root = tempdir().unwrap();
    let path = root.path().join("clip.mp4");
    if !clip(&path, 24) {
        return;
    }
    let levels = |rate: f64| -> Vec<i32> {
        let photos = video::stream(&path, rate).unwrap();
        photos.map(|photo| i32::from(photo.unwrap().frame().rgba()[0])).collect()
    };
    // 25 a second: each fifth, or each twice.
    let few = levels(5.0);
    assert!((4..=6).contains(&few.len()) && few.windows(2).all(|of| (44..56).contains(&(of[1] - of[0]))), "{few:?}");
    let all = levels(50.0);
    assert!((46..=50).contains(&all.len()) && all.windows(3).all(|of| of[2] > of[0]), "{all:?}");
    let error = video::stream(&root.path().join("none.mp4"), 5.0).err().unwrap().to_string();
    assert!(error.contains("none.mp4 cannot be read"), "{error}");
}

#[test]
fn a_video_that_cannot_be_read_is_a_sentence() {
    let root = tempdir().unwrap();
    let whole = root.path().join("whole.avi");
    if !clip(&whole, 100) {
        return;
    }
    let bytes = fs::read(&whole).unwrap();
    let cut = root.path().join("cut.avi");
    write(&cut, &bytes[..bytes.len() * 4 / 5]);
    let count = video::frame_count(&cut).unwrap();
    assert!((10..100).contains(&count), "{count}");
    assert_eq!(video::frames(&cut, &[0, count - 2]).unwrap().len(), 2);
    let error = video::frames(&cut, &[0, 99]).unwrap_err().to_string();
    assert!(error.contains("cut.avi cannot be decoded as far as frame 99: "), "{error}");
    assert!(video::stream(&cut, 25.0).unwrap().count() >= 10);

    // A playlist would have ffmpeg read other files.
    let list = root.path().join("list.mp4");
    write(&list, "ffconcat version 1.0\nfile whole.avi\n");
    let sound = root.path().join("sound.mov");
    let made = Command::new("ffmpeg").args(["-v", "error", "-f", "lavfi", "-i", "sine=d=0.2"]).arg(&sound).status();
    assert!(made.unwrap().success());
    let empty = root.path().join("empty.mp4");
    write(&empty, "");
    let picture = root.path().join("picture.jpg");
    photo(&picture, 64, 48);
    let named = root.path().join("picture.mp4");
    fs::rename(picture, &named).unwrap();
    for (path, says) in [
        (&list, "is no video that can be read: "),
        (
            &named,
            "is no video that can be read: what it holds is none of mp4, mov, avi, mkv, webm, m4v, whatever its name",
        ),
        (&empty, "is no video that can be read: "),
        (&sound, "holds no moving picture"),
        (&root.path().join("none.mp4"), "cannot be read: "),
        (&root.path().to_owned(), "is no regular file"),
    ] {
        let error = video::frame_count(path).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{} {says}", path.display())), "{error}");
        assert!(video::frames(path, &[0]).unwrap_err().to_string().lines().count() == 1);
    }
}
