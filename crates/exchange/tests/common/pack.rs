//! A small fictional pack with every kind of field.
#![allow(dead_code, clippy::panic)]

use shirube_plan::{Files, Pack};
use std::sync::{Arc, OnceLock};

const PACK: &str = r#"
id = "tiny"
version = "1"
label = { ja = "小さな計画", en = "A tiny plan" }
description = { ja = "例", en = "Example" }
fictional = true
fiscal_year_start = 4
"#;

const SOURCES: &str = r#"
[[source]]
id = "d1"
label = { ja = "振り返り", en = "Review" }
publisher = { ja = "省", en = "Ministry" }
"#;

const UNITS: &str = r#"
[[unit]]
name = "percent"
label = { ja = "%", en = "%" }
places = 1
"#;

const STAGES: &str = r#"
label = { ja = "開発ステージ", en = "Development stage" }
codes = [
  { code = "basic", ja = "基礎研究", en = "Basic research" },
  { code = "applied", ja = "応用研究", en = "Applied research" },
  { code = "market", ja = "市販", en = "On the market" },
  { code = "first", ja = "最初;次", en = "first; next" },
  { code = "twin1", ja = "同じ", en = "Twin" },
  { code = "twin2", ja = "同じ", en = "Twin" },
]
"#;

const HUB: &str = r#"
label = { ja = "拠点", en = "Hubs" }
description = { ja = "拠点", en = "Hubs" }
number = "HUB-{seq:3}"
key = ["name"]
title = "name"
[[field]]
name = "name"
type = "text"
required = true
label = { ja = "名称", en = "Name" }
"#;

const PROJECT: &str = r#"
label = { ja = "研究開発課題", en = "R&D projects" }
description = { ja = "課題", en = "Projects" }
number = "PRJ-{seq:4}"
key = ["year", "theme"]
title = "theme"
sort = "year desc"
[[field]]
name = "year"
type = "fiscal_year"
required = true
label = { ja = "調査年度", en = "Survey year" }
[[field]]
name = "theme"
type = "text"
required = true
max_length = 60
label = { ja = "課題名", en = "Theme" }
[[field]]
name = "code"
type = "text"
unique = true
pattern = "[A-Z]-[0-9]+"
label = { ja = "管理コード", en = "Code" }
[[field]]
name = "stage"
type = "choice"
codes = "stage"
label = { ja = "採択時ステージ", en = "Stage at adoption" }
[[field]]
name = "areas"
type = "choices"
codes = "stage"
label = { ja = "分野", en = "Areas" }
[[field]]
name = "budget"
type = "money"
label = { ja = "予算", en = "Budget" }
[[field]]
name = "fee"
type = "money"
currency = "USD"
places = 2
label = { ja = "料金", en = "Fee" }
[[field]]
name = "rate"
type = "decimal"
places = 1
unit = "percent"
label = { ja = "割合", en = "Rate" }
[[field]]
name = "people"
type = "integer"
min = 0
max = 1000
label = { ja = "人数", en = "People" }
[[field]]
name = "started"
type = "date"
label = { ja = "開始日", en = "Started" }
[[field]]
name = "ended"
type = "date"
label = { ja = "終了日", en = "Ended" }
[[field]]
name = "active"
type = "boolean"
label = { ja = "継続中", en = "Active" }
[[field]]
name = "country"
type = "country"
label = { ja = "国", en = "Country" }
[[field]]
name = "lead"
type = "organisation"
label = { ja = "代表機関", en = "Lead" }
[[field]]
name = "contact"
type = "person"
label = { ja = "担当者", en = "Contact" }
[[field]]
name = "hub"
type = "reference"
register = "hub"
label = { ja = "拠点", en = "Hub" }
[[field]]
name = "note"
type = "longtext"
label = { ja = "備考", en = "Note" }
[[field]]
name = "grants"
type = "group"
label = { ja = "補助金", en = "Grants" }
  [[field.field]]
  name = "year"
  type = "fiscal_year"
  label = { ja = "年度", en = "Year" }
  [[field.field]]
  name = "amount"
  type = "money"
  label = { ja = "金額", en = "Amount" }
  [[field.field]]
  name = "stage"
  type = "choice"
  codes = "stage"
  label = { ja = "段階", en = "Stage" }
[[field]]
name = "days"
type = "derived"
as = "integer"
sql = "julianday(ended) - julianday(started)"
label = { ja = "日数", en = "Days" }
[[check]]
name = "end_after_start"
sql = "ended >= started"
field = "ended"
message = { ja = "終了日は開始日より後にしてください", en = "The end must not be before the start" }
[[state]]
name = "draft"
label = { ja = "下書き", en = "Draft" }
[[state]]
name = "approved"
label = { ja = "承認済み", en = "Approved" }
[[state]]
name = "closed"
label = { ja = "終了", en = "Closed" }
[[transition]]
name = "approve"
from = ["draft"]
to = "approved"
label = { ja = "承認する", en = "Approve" }
require = ["started"]
[[transition]]
name = "close"
from = ["approved"]
to = "closed"
label = { ja = "終了する", en = "Close" }
"#;

const PART: &str = r#"
label = { ja = "細目", en = "Parts" }
description = { ja = "細目", en = "Parts" }
key = ["project", "name"]
title = "name"
[[field]]
name = "project"
type = "reference"
register = "project"
required = true
label = { ja = "課題", en = "Project" }
[[field]]
name = "name"
type = "text"
required = true
label = { ja = "名称", en = "Name" }
[[field]]
name = "of"
type = "reference"
register = "part"
label = { ja = "上位", en = "Part of" }
"#;

const MEMO: &str = r#"
label = { ja = "メモ", en = "Memos" }
description = { ja = "メモ", en = "Memos" }
number = "M-{seq:1}"
title = "text"
[[field]]
name = "text"
type = "text"
required = true
label = { ja = "本文", en = "Text" }
[[field]]
name = "same"
type = "text"
label = { ja = "番号", en = "Same" }
[[field]]
name = "same2"
type = "text"
label = { ja = "同じ", en = "Same" }
[[field]]
name = "about"
type = "reference"
register = "memo"
label = { ja = "関連", en = "About" }
"#;

/// The files of the pack.
pub fn files() -> Files {
    let files = [
        ("pack.toml", PACK),
        ("sources.toml", SOURCES),
        ("units.toml", UNITS),
        ("codes/stage.toml", STAGES),
        ("registers/hub.toml", HUB),
        ("registers/project.toml", PROJECT),
        ("registers/part.toml", PART),
        ("registers/memo.toml", MEMO),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).collect()
}

/// The pack, read once.
pub fn pack() -> Arc<Pack> {
    static PACK: OnceLock<Arc<Pack>> = OnceLock::new();
    let load = || {
        let (pack, mistakes) = shirube_plan::load(&files());
        assert!(mistakes.is_empty(), "{mistakes:#?}");
        Arc::new(pack)
    };
    PACK.get_or_init(load).clone()
}
