//! A small fictional pack for tests: every kind of thing once, English texts without Japanese.

use shirube_plan::{Files, Pack, load};

/// The pack's files.
const FILES: &[(&str, &str)] = &[
    ("pack.toml", include_str!("../tests/pack/pack.toml")),
    ("sources.toml", include_str!("../tests/pack/sources.toml")),
    ("sources/a.txt", include_str!("../tests/pack/sources/a.txt")),
    ("actors.toml", include_str!("../tests/pack/actors.toml")),
    ("units.toml", include_str!("../tests/pack/units.toml")),
    ("dimensions.toml", include_str!("../tests/pack/dimensions.toml")),
    ("codes/field.toml", include_str!("../tests/pack/codes/field.toml")),
    ("codes/stage.toml", include_str!("../tests/pack/codes/stage.toml")),
    ("plan/a.toml", include_str!("../tests/pack/plan/a.toml")),
    ("plan/b.toml", include_str!("../tests/pack/plan/b.toml")),
];

/// Loads it; a mistake in it fails the test.
pub fn pack() -> Pack {
    let files: Files = FILES.iter().map(|(path, text)| (path.to_string(), text.as_bytes().to_vec())).collect();
    let (pack, mistakes) = load(&files);
    let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    pack
}
