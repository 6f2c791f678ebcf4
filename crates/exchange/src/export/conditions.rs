//! What a list was narrowed by, in words.

use super::reference::References;
use crate::heading;
use shirube_plan::{Field, FieldKind, Lang, Pack, Pair, Part, Register};
use shirube_record::Cell;
use shirube_snapshot::{Filter, ListQuery, Op, Snapshot};

/// All conditions of a list; none if it has none.
pub(super) fn in_words(snapshot: &Snapshot, register: &Register, query: &ListQuery) -> Option<Pair> {
    let mut references = References::new(snapshot);
    let mut all: Vec<Pair> = query.filters.iter().map(|f| condition(snapshot.pack(), register, f, &mut references)).collect();
    all.extend(query.text.iter().map(|t| Pair { ja: format!("「{t}」を含む"), en: format!("holds “{t}”") }));
    let join = |lang: Lang, between: &str| all.iter().map(|p| p.get(lang)).collect::<Vec<_>>().join(between);
    (!all.is_empty()).then(|| Pair { ja: join(Lang::Ja, "、"), en: join(Lang::En, "; ") })
}

fn condition(pack: &Pack, register: &Register, filter: &Filter, references: &mut References) -> Pair {
    let (label, field) = column(register, &filter.column);
    let values: Vec<Pair> = filter.values.iter().map(|v| value(pack, register, &filter.column, field, v, references)).collect();
    let list = |lang: Lang, between: &str| values.iter().map(|p| p.get(lang)).collect::<Vec<_>>().join(between);
    let (ja, en) = (list(Lang::Ja, "・"), list(Lang::En, " or "));
    let (l, e) = (&label.ja, &label.en);
    let (ja, en) = match filter.op {
        Op::Eq | Op::In => (format!("{l}：{ja}"), format!("{e}: {en}")),
        Op::Ne => (format!("{l}が{ja}以外"), format!("{e} is not {en}")),
        Op::Lt => (format!("{l}が{ja}未満"), format!("{e} below {en}")),
        Op::Le => (format!("{l}が{ja}以下"), format!("{e} up to {en}")),
        Op::Gt => (format!("{l}が{ja}を超える"), format!("{e} above {en}")),
        Op::Ge => (format!("{l}が{ja}以上"), format!("{e} from {en}")),
        Op::Contains => (format!("{l}に「{ja}」を含む"), format!("{e} contains “{en}”")),
        Op::Blank => (format!("{l}が空欄"), format!("{e} is blank")),
        Op::Filled => (format!("{l}に値がある"), format!("{e} is filled")),
    };
    Pair { ja, en }
}

/// Label of a column, and its field if its values are the field's own.
fn column<'a>(register: &'a Register, name: &str) -> (Pair, Option<&'a Field>) {
    if let Some((_, ja, en)) = heading::OWN.into_iter().find(|o| o.0 == name) {
        return (Pair { ja: ja.into(), en: en.into() }, None);
    }
    let (group, fields, column) = match name.split_once('.').and_then(|(group, column)| Some((register.field(group)?, column))) {
        Some((group @ Field { kind: FieldKind::Group { fields }, .. }, column)) => (Some(group), fields, column),
        _ => (None, &register.fields, name),
    };
    let own = fields.iter().find(|f| f.name == column).map(|f| (f, Part::Main));
    let part = || fields.iter().flat_map(Field::columns).find(|c| c.name == column).map(|c| (c.field, c.part));
    let Some((field, part)) = own.or_else(part) else { return (Pair { ja: name.into(), en: name.into() }, None) };
    let label = heading::label(field, part);
    let label = match group {
        Some(group) => Pair { ja: format!("{} {}", group.label.ja, label.ja), en: format!("{} {}", group.label.en, label.en) },
        None => label,
    };
    (label, (part == Part::Main).then_some(field))
}

fn value(pack: &Pack, register: &Register, column: &str, field: Option<&Field>, text: &str, references: &mut References) -> Pair {
    let same = || Pair { ja: text.into(), en: text.into() };
    let code = |list: &str| pack.code(list, text).map_or_else(same, |c| c.label.clone());
    let yes_no = || match text {
        "1" => Pair { ja: "はい".into(), en: "yes".into() },
        "0" => Pair { ja: "いいえ".into(), en: "no".into() },
        _ => same(),
    };
    match (column, field.map(|f| (f, &f.kind))) {
        ("_state", _) => register.states.iter().find(|s| s.name == text).map_or_else(same, |s| s.label.clone()),
        ("_synthetic", _) => yes_no(),
        (_, Some((_, FieldKind::Choice { codes } | FieldKind::Choices { codes }))) => code(codes),
        (_, Some((_, FieldKind::Country))) => code("country"),
        (_, Some((field, FieldKind::Boolean))) => match text.parse() {
            Ok(n) => {
                let word = |lang| shirube_record::format(field, Part::Main, &Cell::Integer(n), lang, pack);
                Pair { ja: word(Lang::Ja), en: word(Lang::En) }
            }
            Err(_) => same(),
        },
        (_, Some((field, FieldKind::Reference { .. }))) => {
            // A record that is not there is named as it was asked for.
            let name = text.parse().ok().and_then(|id| references.text(field, id).ok()).unwrap_or_else(|| text.to_owned());
            Pair { ja: name.clone(), en: name }
        }
        _ => same(),
    }
}
