//! `trainer score` as a user runs it: files and folders in, CSV out, an exit code that tells.

mod support;

use std::{fs, process::Command};

const HEADER: &str = "path,face_x,face_y,face_width,face_height,face_confidence,score,classifier,\
    minifasnet-v2@1.5,minifasnet-v2@1.8,minifasnet-v2@2.2,minifasnet-v2@2.7,\
    minifasnet-v1se@1.5,minifasnet-v1se@1.8,minifasnet-v1se@2.2,minifasnet-v1se@2.7,error";
/// The last column.
const ERROR: usize = 16;

fn weights() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../pkg/weights").into()
}

/// A real photo of a face.
fn face() -> Vec<u8> {
    fs::read(support::demo().join("sample1.jpg")).unwrap()
}

fn score(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .arg("score")
        .args(["--weights", &weights()])
        .args(arguments)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn folders_are_searched_and_a_broken_file_does_not_stop_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("face.jpg"), face()).unwrap();
    fs::write(deep.join("cut.jpg"), &face()[..2_000]).unwrap();
    fs::write(deep.join("half.jpg"), &face()[..face().len() / 2]).unwrap();
    fs::write(deep.join("notes.txt"), "not an image").unwrap();
    std::os::unix::fs::symlink(deep.join("face.jpg"), deep.join("link.jpg")).unwrap();
    assert!(Command::new("mkfifo").arg(deep.join("pipe.jpg")).status().unwrap().success());
    image::RgbImage::from_pixel(320, 240, image::Rgb([90, 120, 90])).save(folder.path().join("empty.png")).unwrap();

    let csv = folder.path().join("out.csv");
    let (code, complaint) = score(&[folder.path().to_str().unwrap(), "--csv", csv.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{complaint}");
    for sentence in
        ["notes.txt is of a kind that is not read", "link.jpg is a link, and", "pipe.jpg is no regular file"]
    {
        assert!(complaint.contains(sentence), "{sentence}\nis not in\n{complaint}");
    }
    let text = fs::read_to_string(&csv).unwrap();
    assert_eq!(text.lines().next(), Some(HEADER));
    let mut rows = csv::Reader::from_path(&csv).unwrap();
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 4, "{text}");
    let row = |name: &str| rows.iter().find(|row| row[0].ends_with(name)).unwrap();
    assert!((0.0..=1.0).contains(&row("face.jpg")[6].parse::<f32>().unwrap()));
    assert!(row("face.jpg")[3].parse::<f32>().unwrap() > 20.0 && row("face.jpg")[ERROR].is_empty());
    assert!((7..ERROR).all(|vote| row("face.jpg")[vote].parse::<f32>().is_ok_and(f32::is_finite)), "{text}");
    assert!(row("cut.jpg")[6].is_empty() && row("cut.jpg")[ERROR].contains("cut.jpg"));
    assert!(row("half.jpg")[6].is_empty() && row("half.jpg")[ERROR].contains("was cut off"), "{text}");
    assert_eq!(&row("empty.png")[ERROR], "no face");
    assert!((6..ERROR).all(|cell| row("empty.png")[cell].is_empty()));
}

#[test]
fn a_photo_without_a_face_is_no_failure_and_whole_takes_it_as_a_crop() {
    let folder = tempfile::tempdir().unwrap();
    image::RgbImage::from_pixel(224, 224, image::Rgb([90, 120, 90])).save(folder.path().join("plain.png")).unwrap();
    let csv = folder.path().join("out.csv");
    let (path, csv_path) = (folder.path().to_str().unwrap(), csv.to_str().unwrap());
    assert_eq!(score(&[path, "--csv", csv_path]).0, Some(0));
    assert!(fs::read_to_string(&csv).unwrap().contains("no face"));
    assert_eq!(score(&[path, "--whole", "--csv", csv_path]).0, Some(0));
    let text = fs::read_to_string(&csv).unwrap();
    let row: Vec<&str> = text.lines().nth(1).unwrap().split(',').collect();
    assert!((0.0..=1.0).contains(&row[6].parse::<f32>().unwrap()), "{row:?}");
    // One view of a crop for all scales.
    let votes: Vec<usize> = (7..ERROR).filter(|at| !row[*at].is_empty()).collect();
    assert_eq!(votes, [7, 8, 12]);
}

#[test]
fn what_cannot_work_is_refused_in_one_sentence() {
    let empty = tempfile::tempdir().unwrap();
    for arguments in [&["/no/such/photo.jpg"][..], &[empty.path().to_str().unwrap()][..]] {
        let (code, complaint) = score(arguments);
        assert_eq!(code, Some(2));
        assert!(complaint.starts_with("error: ") && complaint.trim().lines().count() == 1, "{complaint}");
    }
}
