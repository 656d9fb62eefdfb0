//! Videos as they are met in the field, made by ffmpeg: what is shown is what is read, and what cannot be read is named.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::{TempDir, tempdir};
use trainer::data::dataset::video;

/// A folder for videos; `None` where SKIP leaves out what needs ffmpeg.
fn folder() -> Option<TempDir> {
    if let Err(error) = Command::new("ffmpeg").arg("-version").output() {
        let skips = std::env::var("SKIP").is_ok_and(|skips| skips.split(' ').any(|one| one == "ffmpeg"));
        assert!(skips, "ffmpeg cannot be started ({error}): install it, or leave these tests out with SKIP=ffmpeg");
        return None;
    }
    Some(tempdir().unwrap())
}

fn ffmpeg(args: &[&str], path: &Path) {
    let status = Command::new("ffmpeg").args(["-v", "error", "-y"]).args(args).arg(path).status();
    assert!(status.unwrap().success(), "{args:?}");
}

/// JPEGs one behind the other, the nth of which (from `first`) has the level 10 n.
fn jpegs(folder: &Path, size: &str, first: usize, frames: usize) -> Vec<u8> {
    let path = folder.join("part.mjpeg");
    let source = format!("color=black:s={size}:r=25,format=gray,geq=lum='10*(N+{first})',trim=end_frame={frames}");
    ffmpeg(&["-f", "lavfi", "-i", &source, "-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p"], &path);
    fs::read(path).unwrap()
}

/// A video of JPEGs.
fn wrapped(folder: &Path, name: &str, jpegs: &[u8]) -> PathBuf {
    let (raw, path) = (folder.join("all.mjpeg"), folder.join(name));
    fs::write(&raw, jpegs).unwrap();
    ffmpeg(&["-f", "mjpeg", "-i", raw.to_str().unwrap(), "-c", "copy"], &path);
    path
}

/// Level and size of each of the frames, or what is said in its place.
fn read(path: &Path, numbers: &[u64]) -> Vec<Result<(u64, u32, u32), String>> {
    let mut read = Vec::new();
    video::each(path, &numbers.iter().copied().collect(), |_, photo| {
        read.push(photo.map_err(|error| error.to_string()).map(|photo| {
            let frame = photo.frame();
            (u64::from(frame.rgba()[0]), frame.width(), frame.height())
        }));
        Ok(())
    })
    .unwrap();
    read
}

/// Whether each frame is the one of its number, of this size.
fn right(read: &[Result<(u64, u32, u32), String>], numbers: &[u64], size: (u32, u32)) -> bool {
    read.len() == numbers.len()
        && read.iter().zip(numbers).all(|(read, number)| {
            read.as_ref()
                .is_ok_and(|(level, width, height)| level.abs_diff(10 * number) < 6 && (*width, *height) == size)
        })
}

#[test]
fn frames_are_as_wide_and_high_as_they_are_shown() {
    let Some(folder) = folder() else { return };
    for (aspect, size) in [("1/1", (64, 48)), ("64/45", (91, 48)), ("1/2", (64, 96))] {
        let path = folder.path().join("clip.mp4");
        let source = format!("testsrc=s=64x48:r=25,trim=end_frame=5,setsar={aspect}");
        ffmpeg(&["-f", "lavfi", "-i", &source, "-c:v", "mpeg4", "-q:v", "2"], &path);
        let photos = video::frames(&path, &[0, 3]).unwrap();
        let stream: Vec<_> = video::stream(&path, 25.0).unwrap().map(Result::unwrap).collect();
        assert!(stream.len() >= 4);
        for photo in photos.iter().chain(&stream) {
            assert_eq!((photo.frame().width(), photo.frame().height()), size, "{aspect}");
        }
        if aspect == "1/1" {
            let raw = folder.path().join("raw");
            ffmpeg(&["-i", path.to_str().unwrap(), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgba"], &raw);
            assert!(photos[0].frame().rgba() == fs::read(raw).unwrap(), "square pixels are left alone");
        }
    }
}

#[test]
fn frames_keep_their_numbers_where_the_size_changes() {
    let Some(folder) = folder() else { return };
    let folder = folder.path();
    let parts = [jpegs(folder, "64x48", 0, 8), jpegs(folder, "32x24", 8, 8), jpegs(folder, "64x48", 16, 8)];
    let path = wrapped(folder, "sizes.avi", &parts.concat());
    assert_eq!(video::frame_count(&path).unwrap(), 24);
    let numbers = [0, 7, 8, 13, 16, 23];
    let frames = read(&path, &numbers);
    assert!(right(&frames, &numbers, (64, 48)), "{frames:?}");
    let stream: Vec<u64> =
        video::stream(&path, 25.0).unwrap().map(|photo| photo.unwrap().frame().rgba()[0].into()).collect();
    assert!(stream.len() >= 23 && stream.is_sorted(), "{stream:?}");
}

#[test]
fn frames_of_another_shape_are_named_and_those_before_are_not_lost() {
    let Some(folder) = folder() else { return };
    let folder = folder.path();
    let parts = [jpegs(folder, "64x48", 0, 8), jpegs(folder, "48x64", 8, 8)];
    let path = wrapped(folder, "turned.avi", &parts.concat());
    let frames = read(&path, &[2, 7, 8, 12]);
    assert!(right(&frames[..2], &[2, 7], (64, 48)), "{frames:?}");
    for frame in &frames[2..] {
        let says = frame.as_ref().unwrap_err();
        assert!(
            says.ends_with(
                "turned.avi cannot be decoded as far as frame 8: its frames change their shape there: cut it in two"
            ),
            "{says}"
        );
    }
    let last = video::stream(&path, 25.0).unwrap().last().unwrap().unwrap_err().to_string();
    assert!(
        last.ends_with("cannot be decoded to its end: its frames change their shape there: cut it in two"),
        "{last}"
    );
}

#[test]
fn what_is_damaged_is_named_from_the_frame_on_and_those_before_are_not_lost() {
    let Some(folder) = folder() else { return };
    let folder = folder.path();
    let path = folder.join("whole.avi");
    let source = "testsrc=s=160x120:r=25,trim=end_frame=12";
    // A camera's JPEGs have the standard tables.
    for (codec, as_cameras) in [("mjpeg", &["-huffman", "default"][..]), ("mpeg4", &[])] {
        let args = ["-f", "lavfi", "-i", source, "-c:v", codec, "-q:v", "5", "-g", "1"];
        ffmpeg(&[&args, as_cameras].concat(), &path);
        assert!(read(&path, &[0, 5, 11]).iter().all(Result::is_ok), "{codec}");
        let mut bytes = fs::read(&path).unwrap();
        // The sixth of the chunks of pictures, behind the header, which names their kind.
        let header = bytes.windows(4).position(|name| name == b"movi").unwrap();
        let chunks = bytes.windows(4).enumerate().skip(header).filter(|(_, name)| name == b"00dc");
        let chunks: Vec<usize> = chunks.map(|(at, _)| at).collect();
        let (from, to) = (chunks[5] + 8, chunks[6]);
        bytes[from + (to - from) / 3..to - 4].fill(0);
        let damaged = folder.join("damaged.avi");
        fs::write(&damaged, bytes).unwrap();
        let frames = read(&damaged, &[0, 4, 5, 11]);
        let ok: Vec<bool> = frames.iter().map(Result::is_ok).collect();
        assert_eq!(ok, [true, true, false, false], "{codec}: {frames:?}");
        let says = frames[2].as_ref().unwrap_err();
        assert!(says.contains("damaged.avi cannot be decoded as far as frame 5: ") && !says.contains(" @ "), "{says}");
        assert!(video::stream(&damaged, 25.0).unwrap().last().unwrap().is_err(), "{codec}");
    }
}

#[test]
fn a_program_that_is_too_old_or_ends_as_it_starts_is_a_sentence() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("v.mp4"), "").unwrap();
    let header = "path,class,species,instrument,subject,split,x,y,width,height";
    fs::write(folder.path().join("mine.csv"), format!("{header}\nv.mp4,bona-fide,,,ann,,,,,\n")).unwrap();
    for (script, says) in [
        ("echo ffprobe version 4.4.2-0ubuntu Copyright", "ffprobe version 4.4.2-0ubuntu Copyright is too old: "),
        ("exit 127", "ffprobe ends with exit status: 127 as it starts: "),
    ] {
        for program in ["ffprobe", "ffmpeg"] {
            let path = folder.path().join(program);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let output = Command::new(env!("CARGO_BIN_EXE_trainer"))
            .args(["prepare", "--layout", "csv", "--data", "mine.csv", "--out", "out", "--weights"])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../pkg/weights"))
            .current_dir(folder.path())
            .env("PATH", folder.path())
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{complaint}");
        assert!(complaint.contains(says) && complaint.contains("install ffmpeg 5.1 or later"), "{complaint}");
    }
}
