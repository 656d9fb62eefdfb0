//! Valid input -> input that is wrong somewhere: bits turned, bytes cut off, taken out, doubled, put in from elsewhere.

use std::{fmt, ops::Range};

use proptest::{collection::vec, prelude::*, sample::Index};

/// What JSON parsers and those who compute with what they read stumble over.
const TOKENS: [&[u8]; 24] = [
    b"null",
    b"true",
    b"-1",
    b"0",
    b"-0.0",
    b"1e999",
    b"-1e999",
    b"1e300",
    b"1e-320",
    b"0.1",
    b"4294967296",
    b"9007199254740993",
    b"18446744073709551616",
    b"NaN",
    b"\"\"",
    b"\"\\u0000\"",
    b"\"\\ud800\"",
    b"{}",
    b"[]",
    b"[[[[[[[[",
    b",",
    b"\"",
    b"}",
    b"\xff\xfe",
];

/// Damaged bytes; shown short, as they may be a network's.
#[derive(Clone)]
pub struct Damaged(pub Vec<u8>);

impl fmt::Debug for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(20_000)];
        write!(f, "{} bytes: {}", self.0.len(), shown.escape_ascii())
    }
}

#[derive(Debug, Clone)]
enum Change {
    Turn(Index, u8),
    Put(Index, u8),
    Cut(Index),
    Remove(Index, usize),
    Double(Index, usize),
    Token(Index, usize, usize),
    Number(Index, u64),
    Splice(Index, Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    use Change::*;
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), 0u8..8).prop_map(|(at, bit)| Turn(at, bit)),
        2 => (at(), any::<u8>()).prop_map(|(at, byte)| Put(at, byte)),
        1 => at().prop_map(Cut),
        2 => (at(), 1usize..64).prop_map(|(at, length)| Remove(at, length)),
        1 => (at(), 1usize..512).prop_map(|(at, length)| Double(at, length)),
        4 => (at(), 0..TOKENS.len(), 0usize..12).prop_map(|(at, token, over)| Token(at, token, over)),
        2 => (at(), prop_oneof![any::<u64>(), Just(0), Just(u64::MAX), Just(1 << 63)]).prop_map(|(at, n)| Number(at, n)),
        2 => (at(), at(), 1usize..256).prop_map(|(at, from, length)| Splice(at, from, length)),
    ]
}

/// One of `seeds`, with up to six changes that begin in the part of it that `within` tells (per mille of its length).
pub fn damaged(seeds: Vec<Vec<u8>>, within: Range<usize>) -> impl Strategy<Value = Damaged> {
    (any::<Index>(), vec(change(), 1..=6)).prop_map(move |(seed, changes)| {
        let mut bytes = seed.get(&seeds).clone();
        for change in changes {
            apply(&mut bytes, change, &within);
        }
        Damaged(bytes)
    })
}

fn apply(bytes: &mut Vec<u8>, change: Change, within: &Range<usize>) {
    let all = bytes.len();
    if all == 0 {
        return;
    }
    let place = |at: Index| {
        let (from, to) = (all * within.start / 1_000, (all * within.end / 1_000).clamp(1, all));
        (from + at.index((to - from).max(1))).min(all - 1)
    };
    let to = |from: usize, length: usize| (from + length).min(all);
    match change {
        Change::Turn(at, bit) => bytes[place(at)] ^= 1 << bit,
        Change::Put(at, byte) => bytes[place(at)] = byte,
        Change::Cut(at) => bytes.truncate(place(at)),
        Change::Remove(at, length) => drop(bytes.drain(place(at)..to(place(at), length))),
        Change::Double(at, length) => {
            let part = bytes[place(at)..to(place(at), length)].to_vec();
            let at = place(at);
            bytes.splice(at..at, part);
        }
        Change::Token(at, token, over) => {
            // At the nearest value's start, where there is one: elsewhere it is a syntax error, most of the time.
            let at = place(at);
            let start =
                bytes[at..].iter().position(|byte| matches!(byte, b':' | b'[' | b',')).map_or(at, |next| at + next + 1);
            let end = if over == 0 { start } else { value_end(bytes, start) };
            bytes.splice(start..end, TOKENS[token].iter().copied());
        }
        Change::Number(at, number) => {
            let at = place(at);
            let end = to(at, 8);
            bytes[at..end].copy_from_slice(&number.to_le_bytes()[..end - at]);
        }
        Change::Splice(at, from, length) => {
            let part = bytes[place(from)..to(place(from), length)].to_vec();
            let at = place(at);
            bytes.splice(at..to(at, length), part);
        }
    }
}

/// Where the JSON number or word that begins at `start` ends.
fn value_end(bytes: &[u8], start: usize) -> usize {
    bytes[start..].iter().position(|byte| matches!(byte, b',' | b'}' | b']')).map_or(start, |next| start + next)
}
