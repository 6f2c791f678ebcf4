//! The words of letters: plain text, without values of records and without anything to follow who reads them.

use super::Task;
use crate::{cells, text::L};
use shirube_keyring::Purpose;
use shirube_plan::{Lang, Pack, Pair};

/// A letter's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// One line.
    pub subject: String,
    /// Lines.
    pub body: String,
}

/// A line of a letter: whatever words a pack has, they stay on it.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A letter with a one-time link, good until a time.
pub fn link(portal: &Pair, english: bool, purpose: Purpose, address: &str, until: i64) -> Text {
    let l = L(if english { Lang::En } else { Lang::Ja });
    let (portal, until) = (line(l.p(portal)), cells::time_words(l, until));
    let invitation = purpose == Purpose::Invitation;
    if l.is_ja() {
        let what = if invitation { "アカウントへの招待" } else { "パスワードの再設定" };
        let first = if invitation {
            format!("「{portal}」のアカウントが用意されました。次のリンクを開き、パスワードを決めてください。")
        } else {
            format!("「{portal}」のパスワードを再設定するには、次のリンクを開いてください。")
        };
        let last = if invitation {
            "心当たりがない場合は、このメールを無視してください。"
        } else {
            "心当たりがない場合は、このメールを無視してください。パスワードは変わりません。"
        };
        return Text {
            subject: format!("{what}（{portal}）"),
            body: format!("{first}\n\n{address}\n\nこのリンクは1回だけ、{until}まで使えます。ほかの人に渡さないでください。\n{last}\n"),
        };
    }
    let what = if invitation { "Invitation" } else { "A new password" };
    let first = if invitation {
        format!("An account was made for you at “{portal}”. Open this link and choose a password:")
    } else {
        format!("To choose a new password at “{portal}”, open this link:")
    };
    let last = if invitation {
        "If you did not expect this, ignore it."
    } else {
        "If you did not ask for this, ignore it; your password stays as it is."
    };
    Text {
        subject: format!("{what} ({portal})"),
        body: format!("{first}\n\n{address}\n\nThe link is good once, until {until}. Do not hand it on.\n{last}\n"),
    }
}

/// What happened, in words; with the state's label where the pack knows it.
pub fn happening(pack: &Pack, l: L, task: &Task) -> String {
    let Task::Event { register, what, state, .. } = task else { return String::new() };
    let state = state.as_deref().map(|name| {
        let label = pack.registers.get(register).map(|r| cells::state_name(l, r, name));
        line(label.unwrap_or(name))
    });
    match (what.as_str(), state) {
        ("create", _) => l.t("登録", "new record").to_string(),
        ("transition", Some(state)) if l.is_ja() => format!("「{state}」へ移行"),
        ("transition", Some(state)) => format!("moved to “{state}”"),
        ("transition", None) => l.t("状態の移行", "moved to another state").to_string(),
        _ => l.t("修正", "corrected").to_string(),
    }
}

/// A letter that tells of an event.
pub fn event(pack: &Pack, l: L, task: &Task, record: &str, subscription: &str) -> Text {
    let Task::Event { register, record: id, at, .. } = task else { return Text { subject: String::new(), body: String::new() } };
    let register = line(pack.registers.get(register).map_or(register.as_str(), |r| l.p(&r.label)));
    let (what, at, portal) = (happening(pack, l, task), cells::time_words(l, *at), line(l.p(&pack.meta.label)));
    if l.is_ja() {
        Text {
            subject: format!("{register} #{id}：{what}（{portal}）"),
            body: format!("{register}の記録 #{id}\n出来事：{what}\n日時：{at}\n\n{record}\n\n通知の申込：{subscription}\n"),
        }
    } else {
        Text {
            subject: format!("{register} #{id}: {what} ({portal})"),
            body: format!("{register}, record #{id}\nWhat happened: {what}\nWhen: {at}\n\n{record}\n\nSubscription: {subscription}\n"),
        }
    }
}

/// A letter that tells of much that happened at once, to so many records.
pub fn many(pack: &Pack, l: L, task: &Task, records: usize, list: &str, subscription: &str) -> Text {
    let Task::Many { register, at, .. } = task else { return Text { subject: String::new(), body: String::new() } };
    let register = line(pack.registers.get(register).map_or(register.as_str(), |r| l.p(&r.label)));
    let (at, portal) = (cells::time_words(l, *at), line(l.p(&pack.meta.label)));
    if l.is_ja() {
        Text {
            subject: format!("{register}：{records}件の記録に出来事（{portal}）"),
            body: format!(
                "{register}で、取り込みなどにより{records}件の記録が一度に登録、修正または移行されました。\n日時：{at}\n\n{list}\n\n通知の申込：{subscription}\n"
            ),
        }
    } else {
        Text {
            subject: format!("{register}: {records} records ({portal})"),
            body: format!(
                "{register}: {records} records were made, corrected or moved at once, by an import for example.\nWhen: {at}\n\n{list}\n\nSubscription: {subscription}\n"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_what_it_is_for_and_until_when_in_the_persons_language() {
        let portal = Pair { ja: "木\r\nBcc: x".into(), en: "Grove".into() };
        let ja = link(&portal, false, Purpose::Invitation, "https://a/links/x", 0);
        assert_eq!(ja.subject, "アカウントへの招待（木  Bcc: x）", "one line");
        assert!(ja.body.contains("\nhttps://a/links/x\n") && ja.body.contains("1回だけ、1970"));
        let en = link(&portal, true, Purpose::Recovery, "https://a/en/links/x", 0);
        assert_eq!(en.subject, "A new password (Grove)");
        assert!(en.body.contains("\nhttps://a/en/links/x\n") && en.body.contains("good once, until 1970"));
    }

    #[test]
    fn a_letter_on_much_at_once_says_how_much_and_where() {
        let register = "hub".to_string();
        let task = Task::Many { at: 0, register, events: (5, 90), records: (5..=90).collect(), subscription: 3, account: 2 };
        for (lang, words) in [(Lang::Ja, "hub：40件"), (Lang::En, "hub: 40 records")] {
            let text = many(&Pack::default(), L(lang), &task, 40, "https://a/list", "https://a/sub");
            assert!(text.subject.starts_with(words) && text.body.contains("1970") && text.body.contains("\nhttps://a/list\n"), "{text:?}");
        }
    }
}
