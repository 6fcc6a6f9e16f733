use serde::Deserialize;

use super::*;

/// Test vectors of both vendors: their published samples, and frames that independent implementations agree on.
const VECTORS: &str = include_str!("vectors.json");

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
    wechat_v8: Vec<Fault>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    token: String,
    key: String,
    tail: String,
    timestamp: String,
    nonce: String,
    random: String,
    message: String,
    encrypt: String,
    signature: String,
    clear: Option<String>,
}

#[derive(Deserialize)]
struct Fault {
    name: String,
    encrypt: String,
    signature: String,
}

fn file() -> File {
    serde_json::from_str(VECTORS).unwrap()
}

fn key(text: &str) -> FrameKey {
    FrameKey::parse(&Secret::new(text)).unwrap()
}

const ANY_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFA";

/// Encrypts whole blocks unchanged, whatever they contain.
fn encrypted(plain: &[u8]) -> String {
    let key = key(ANY_KEY);
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&*key.0, key.initial_vector()).unwrap();
    let mut bytes = plain.to_vec();
    let length = bytes.len();
    STANDARD.encode(cipher.encrypt_padded::<NoPadding>(&mut bytes, length).unwrap())
}

/// Returns a frame's head, message and padding, with a length field that may be wrong.
fn plain(stated: u32, message: &[u8], padding: &[u8]) -> Vec<u8> {
    [&[7; 16], stated.to_be_bytes().as_slice(), message, padding].concat()
}

#[test]
fn every_vector_seals_opens_and_is_signed_byte_for_byte() {
    let vectors = file().vectors;
    assert_eq!(vectors.len(), 13);
    for vector in vectors {
        let name = &vector.name;
        let key = key(&vector.key);
        let random: [u8; 16] = vector.random.as_bytes().try_into().unwrap();
        assert_eq!(
            seal(&key, random, vector.message.as_bytes(), vector.tail.as_bytes()),
            vector.encrypt,
            "{name}"
        );

        let mut text = vector.encrypt.clone().into_bytes();
        let frame = open(&key, &mut text).unwrap();
        assert_eq!(frame.message, vector.message.as_bytes(), "{name}");
        assert_eq!(frame.tail, vector.tail.as_bytes(), "{name}");

        let parts = [vector.encrypt.as_str(), &vector.nonce, &vector.timestamp, &vector.token];
        assert_eq!(signature(&parts), vector.signature, "{name}");
        assert!(signature_holds(&parts, &vector.signature, HexCase::Lower), "{name}");
        if let Some(clear) = &vector.clear {
            assert_eq!(&signature(&parts[1..]), clear, "{name}");
        }
    }
}

#[test]
fn the_negative_vectors_fail_behind_a_valid_signature() {
    let key = key("R2VuZXJhdGVkUmVmS2V5MTIzNDU2Nzg5MGFiY2RlZm5");
    let expected: [Result<(&str, &str), FrameError>; 7] = [
        Ok(("hello", "wx1a2b3c4d5e6f7081")),
        Err(FrameError::Padding),
        Err(FrameError::Padding),
        Err(FrameError::Content),
        Ok(("hello", "wx0000000000000000")),
        Err(FrameError::Length),
        Ok(("hello", "wx1a2b3c4d5e6f7081")),
    ];
    for (fault, expected) in file().wechat_v8.iter().zip(expected) {
        let parts = ["refTok7", "1690000000", "20230722", &fault.encrypt];
        assert!(signature_holds(&parts, &fault.signature, HexCase::Lower), "{}", fault.name);
        let mut text = fault.encrypt.clone().into_bytes();
        let opened = open(&key, &mut text).map(|frame| (frame.message.to_vec(), frame.tail.to_vec()));
        assert_eq!(opened, expected.map(|(m, t)| (m.into(), t.into())), "{}", fault.name);
    }
}

#[test]
fn a_changed_character_breaks_the_signature() {
    for vector in file().vectors {
        let (first, rest) = vector.encrypt.split_at(1);
        let changed = format!("{}{rest}", if first == "A" { "B" } else { "A" });
        let parts = [vector.token.as_str(), &vector.timestamp, &vector.nonce, &changed];
        assert!(!signature_holds(&parts, &vector.signature, HexCase::Either), "{}", vector.name);
    }
}

#[test]
fn the_three_part_signature_of_the_baidu_url_check_is_the_printed_one() {
    let parts = ["Zq7tokenForPush", "1535551395", "4464221"];
    assert_eq!(signature(&parts), "1a1a4778114a1fb53ebcdefe76449411710d0e18");
}

#[test]
fn a_signature_is_forty_hex_digits_of_the_vendors_case() {
    let parts = ["a", "b", "c"];
    let lower = signature(&parts);
    let upper = lower.to_uppercase();
    assert!(signature_holds(&parts, &lower, HexCase::Lower));
    assert!(signature_holds(&parts, &lower, HexCase::Either));
    assert!(signature_holds(&parts, &upper, HexCase::Either));
    assert!(!signature_holds(&parts, &upper, HexCase::Lower));
    for bad in ["", &lower[..39], &format!("{lower}0"), &lower.replacen(&lower[..1], "g", 1), &"é".repeat(20)]
    {
        assert!(!signature_holds(&parts, bad, HexCase::Either), "{bad:?}");
    }
}

#[test]
fn a_key_has_43_letters_and_digits_and_may_have_spare_bits() {
    for good in [ANY_KEY, "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", &"9".repeat(43)] {
        assert!(FrameKey::parse(&Secret::new(good)).is_ok(), "{good}");
    }
    for bad in [
        String::new(),
        "a".repeat(42),
        "a".repeat(44),
        format!("{}=", "a".repeat(42)),
        format!("{}+", "a".repeat(42)),
    ] {
        let error = FrameKey::parse(&Secret::new(bad.as_str())).unwrap_err();
        assert_eq!(error, FrameError::Key);
    }
    assert_eq!(format!("{:?}", key(ANY_KEY)), "FrameKey([redacted])");
}

#[test]
fn only_canonical_base64_is_opened() {
    let good = seal(&key(ANY_KEY), [1; 16], b"hello", b"");
    assert!(good.ends_with('='), "the cases below need a padded text");
    let bare = good.trim_end_matches('=');
    let (start, last) = bare.split_at(bare.len() - 1);
    let spare = char::from(last.as_bytes()[0] + 1);
    let cases = [
        (good.clone(), true),
        (bare.to_owned(), false),
        (format!("{good}="), false),
        (format!("{good}===="), false),
        (format!("{good}AAAA"), false),
        (format!(" {good}"), false),
        (format!("{good}\n"), false),
        (good.replacen(&good[..1], "-", 1), false),
        (format!("{start}{spare}{}", &good[bare.len()..]), false),
    ];
    for (text, expected) in cases {
        let opened = open(&key(ANY_KEY), &mut text.clone().into_bytes()).map(drop);
        assert_eq!(opened.is_ok(), expected, "{text:?}: {opened:?}");
        assert!(expected || opened == Err(FrameError::Base64), "{text:?}: {opened:?}");
    }
}

#[test]
fn lengths_padding_and_the_length_field_are_checked() {
    let padded = |length: usize| vec![u8::try_from(length).unwrap(); length];
    let uneven = [vec![6; 6], padded(1)].concat();
    let cases: [(&str, Vec<u8>, Result<usize, FrameError>); 11] = [
        ("32 bytes", plain(5, b"hello", &padded(7)), Ok(5)),
        ("48 bytes", plain(21, &[b'x'; 21], &padded(7)), Ok(21)),
        ("a whole block of padding", plain(12, &[b'x'; 12], &padded(32)), Ok(12)),
        ("16 bytes", vec![16; 16], Err(FrameError::Length)),
        ("nothing", vec![], Err(FrameError::Length)),
        ("padding 0", plain(5, b"hello", &[0; 7]), Err(FrameError::Padding)),
        ("padding 33", plain(5, &[b'x'; 12], &padded(33)[..32]), Err(FrameError::Padding)),
        (
            "uneven padding, whose last byte alone would do",
            plain(4, b"hell", &[9, 9, 9, 9, 9, 9, 9, 2]),
            Err(FrameError::Padding),
        ),
        ("19 bytes left", [vec![7; 19], padded(13)].concat(), Err(FrameError::Content)),
        ("exactly what is left", plain(5, b"hello", &uneven), Ok(5)),
        ("one byte more than is left", plain(6, b"hello", &padded(7)), Err(FrameError::Content)),
    ];
    for (name, bytes, expected) in cases {
        let mut text = encrypted(&bytes).into_bytes();
        let opened = open(&key(ANY_KEY), &mut text).map(|frame| frame.message.len());
        assert_eq!(opened, expected, "{name}");
    }
    let mut text = encrypted(&plain(u32::MAX, b"hello", &padded(7))).into_bytes();
    assert_eq!(open(&key(ANY_KEY), &mut text), Err(FrameError::Content));
    let odd = STANDARD.encode([7; 40]);
    assert_eq!(open(&key(ANY_KEY), &mut odd.into_bytes()), Err(FrameError::Length));
}

#[test]
fn frames_longer_than_a_chunk_of_the_decoder_survive() {
    for length in [0, 11, 12, 13, 700, 748, 749, 1_000, 3_072, 100_000] {
        let message: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let mut text = seal(&key(ANY_KEY), [9; 16], &message, b"tail").into_bytes();
        let frame = open(&key(ANY_KEY), &mut text).unwrap();
        assert_eq!((frame.message, frame.tail), (message.as_slice(), b"tail".as_slice()), "{length}");
    }
}

#[test]
fn thirty_three_bytes_of_padding_are_refused() {
    let text = |pad: u8| {
        let content = usize::from(64 - pad) - HEAD;
        let bytes =
            plain(u32::try_from(content).unwrap(), &vec![b'x'; content], &vec![pad; usize::from(pad)]);
        encrypted(&bytes).into_bytes()
    };
    assert_eq!(open(&key(ANY_KEY), &mut text(32)).map(|frame| frame.message.len()), Ok(12));
    assert_eq!(open(&key(ANY_KEY), &mut text(33)), Err(FrameError::Padding));
}

#[test]
fn base64_ends_at_its_padding_wherever_the_decoder_s_chunks_end() {
    // 767 bytes are 1024 characters, the last of them `=`: exactly one chunk of the decoder.
    let padded = STANDARD.encode([b'x'; 767]);
    assert!(padded.len() == 1024 && padded.ends_with('='));
    for tail in [STANDARD.encode([7; 33]), STANDARD.encode([7; 1]), padded.clone()] {
        let mut text = format!("{padded}{tail}").into_bytes();
        let opened = open(&key(ANY_KEY), &mut text).map(drop);
        assert_eq!(opened, Err(FrameError::Base64), "{} characters behind", tail.len());
    }
    let whole = STANDARD.encode([b'x'; 768 + 32]);
    assert_ne!(open(&key(ANY_KEY), &mut whole.clone().into_bytes()), Err(FrameError::Base64));
    for cut in 1..4 {
        let mut text = whole[..whole.len() - cut].to_owned().into_bytes();
        assert_eq!(open(&key(ANY_KEY), &mut text), Err(FrameError::Base64), "{cut} characters short");
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_text_never_panics(mut text in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = open(&key(ANY_KEY), &mut text);
    }

    #[test]
    fn arbitrary_blocks_never_panic(blocks in proptest::collection::vec(proptest::prelude::any::<[u8; 16]>(), 0..20)) {
        let _ = open(&key(ANY_KEY), &mut encrypted(&blocks.concat()).into_bytes());
    }
}
