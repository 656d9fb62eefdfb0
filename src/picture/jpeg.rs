//! A JPEG's bytes -> what its markers say that the decoder below does not: whether it was cut off, and which EXIF counts.

/// What the markers of a JPEG say.
pub(super) struct Markers<'a> {
    /// The TIFF file in the first EXIF segment that holds any: as in browsers, a second one is not looked at, whatever the first
    /// one says.
    pub(super) exif: Option<&'a [u8]>,
    /// Whether the marker of its end follows its scans. What a segment holds, such as a thumbnail, does not count; what follows
    /// the end may be anything, since phones append films and depth there.
    pub(super) ends: bool,
}

/// Reads the markers up to the end. Within scans few kinds may come: the start of a picture, for one, means that the picture
/// before it was cut off, and that the end behind is another's.
pub(super) fn markers(bytes: &[u8]) -> Markers<'_> {
    let mut found = Markers { exif: None, ends: false };
    let mut scanned = false;
    let mut at = 2;
    while let Some(&[byte, marker]) = bytes.get(at..at + 2) {
        at += match (byte, marker) {
            (0xff, 0xd9) => {
                found.ends = scanned;
                break;
            }
            // Padding before a marker.
            (0xff, 0xff) => 1,
            // A byte of a scan, or a restart of one: markers without a segment.
            (0xff, 0x00 | 0x01 | 0xd0..=0xd7) => 2,
            // Another picture.
            (0xff, 0xd8) => break,
            // Tables, further scans, heights and applications' own are all that may follow the first scan.
            (0xff, other) if scanned && !matches!(other, 0xc4 | 0xcc | 0xda..=0xdf | 0xe0..=0xef | 0xfe) => break,
            (0xff, marker) => {
                let Some(&[high, low]) = bytes.get(at + 2..at + 4) else { break };
                let length = 2 + usize::from(u16::from_be_bytes([high, low]));
                let segment = bytes.get(at + 4..at + length).unwrap_or_default();
                if let (0xe1, Some(tiff @ [_, ..])) = (marker, segment.strip_prefix(b"Exif\0\0")) {
                    found.exif.get_or_insert(tiff);
                }
                scanned |= marker == 0xda;
                length
            }
            _ => 1,
        };
    }
    found
}
