//! Pages that one-time links lead to: set-up of the first owner, invitation, recovery.

use super::{provider, sign_in};
use crate::{
    ctx::Ctx,
    error::{Error, pair},
    form::{Entered, fault::sentence},
    layout, parts,
    reply::Reply,
    state::App,
    text::L,
    who::{Accounts, NO_ACCOUNT, Provider, cookies, owner_comes_in},
};
use maud::{Markup, html};
use shirube_keyring::{Account, KeyringError, LEAST_CHARACTERS, Link, Purpose};
use shirube_plan::{Lang, Pair};
use shirube_record::{Cell, Content};
use shirube_snapshot::{AsOf, Filter, ListQuery, Op};
use shirube_store::{Actor, Command, StoreError};
use std::sync::PoisonError;

/// Organisations of a person whose names are looked at.
const MOST_NAMES: u64 = 20;

/// The page that a link leads to. Looking at it does not use the link up: mail programs open links, too.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    let (purpose, link) = good(accounts, cx)?;
    let login = login_of(app, &link)?;
    Ok(Reply::page(form(app, cx, accounts.provider.as_ref(), purpose, login.as_deref(), &Entered::new(vec![], vec![]), &[])))
}

/// The form of the page was sent.
pub fn send(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    let (purpose, link) = good(accounts, cx)?;
    let entered = Entered::read(cx)?;
    if purpose == Purpose::Invitation && entered.text("_do") == "provider" {
        return provider::accept(app, cx, accounts);
    }
    let known = login_of(app, &link)?;
    let typed = entered.text("login").trim().to_lowercase();
    let login = known.clone().unwrap_or(typed);
    let mut faults = vec![];
    let password = entered.text("password");
    let typed = ["organisation", "name", "email"].map(|name| entered.text(name));
    let person = person_names(app, link.account.0)?;
    let names: Vec<&str> = names(app).into_iter().chain(typed).chain(person.iter().map(String::as_str)).collect();
    match accounts.keyring.check_password(&login, &names, password) {
        Ok(()) => {}
        Err(KeyringError::Password(error)) => faults.push(password_fault(&error)),
        Err(error) => return Err(error.into()),
    }
    if password != entered.text("again") {
        faults.push(pair("2つのパスワードが違います。", "The two passwords differ."));
    }
    let refused = |faults: &[Pair]| {
        Reply::page(form(app, cx, accounts.provider.as_ref(), purpose, known.as_deref(), &entered, faults)).with_status(422)
    };
    if purpose == Purpose::SetUp {
        faults.extend(taken(app, accounts, &login)?);
    }
    if !faults.is_empty() {
        return Ok(refused(&faults));
    }
    // Held until the owner has a password: of two who set up at once, the second finds that the first can come in.
    let _alone = (purpose == Purpose::SetUp).then(|| accounts.founding.lock().unwrap_or_else(PoisonError::into_inner));
    let account = match purpose {
        Purpose::SetUp => {
            // Another owner may have come in since the link was made.
            if owner_comes_in(&*app.store.people()?, &accounts.keyring)? {
                accounts.keyring.drop_link(purpose, NO_ACCOUNT)?;
                return Err(over());
            }
            match found(app, &login, &entered) {
                Ok(account) => account,
                Err(StoreError::Invalid(places)) => {
                    let told: Vec<Pair> = places
                        .iter()
                        .map(|p| {
                            let label = label_of(app, &p.column);
                            pair(format!("{}：{}", label.ja, p.problem.ja), format!("{}: {}", label.en, p.problem.en))
                        })
                        .collect();
                    return Ok(refused(&told));
                }
                Err(other) => return Err(other.into()),
            }
        }
        _ => link.account,
    };
    // Of many who try at once, one goes on.
    let Some(_) = accounts.keyring.use_link(purpose, cx.param("link"))? else { return Err(over()) };
    match accounts.keyring.set_password(account, &login, password) {
        Err(KeyringError::Password(error)) => return Ok(refused(&[password_fault(&error)])),
        other => other?,
    }
    if purpose == Purpose::Invitation {
        activate(app, account)?;
    }
    if purpose == Purpose::Recovery {
        accounts.keyring.end_sessions(account, None)?;
    }
    // Whoever lost the password, or is invited again, still has the second factor, and a mailbox alone does not take its
    // place.
    if purpose == Purpose::Recovery || accounts.keyring.has_second_factor(account)? {
        return Ok(Reply::see_other(cx.form_path(sign_in::PASSWORD_SET)));
    }
    let brought = cookies::read(&cx.headers, cookies::SESSION, accounts.https);
    let done = accounts.keyring.sign_in_by_link(account, &sign_in::client(accounts, cx), &sign_in::label(cx), brought)?;
    Ok(sign_in::signed_in(accounts, &done, cx.to("/me")))
}

/// The purpose that the address names, and its link if it is good.
fn good(accounts: &Accounts, cx: &Ctx) -> Result<(Purpose, Link), Error> {
    let purpose = match cx.param("purpose") {
        "set-up" => Purpose::SetUp,
        "invitation" => Purpose::Invitation,
        "recovery" => Purpose::Recovery,
        _ => return Err(over()),
    };
    let link = accounts.keyring.look_at_link(purpose, cx.param("link"))?.ok_or_else(over)?;
    Ok((purpose, link))
}

fn over() -> Error {
    Error::refused(
        410,
        "link-over",
        pair("このリンクは使えません", "This link is over"),
        pair(
            "使用済みか、期限を過ぎたか、新しいリンクに替わっています。",
            "It was used, its time has passed, or a newer one took its place.",
        ),
        pair("リンクを送った人に、新しいリンクを頼んでください。", "Ask whoever sent it for a new one."),
    )
}

/// The account that an invitation is for, if it is good. The link is not used up.
pub fn invited(app: &App, accounts: &Accounts, link: &str) -> Result<Account, Error> {
    let link = accounts.keyring.look_at_link(Purpose::Invitation, link)?.ok_or_else(over)?;
    login_of(app, &link)?;
    Ok(link.account)
}

/// Uses an invitation up and makes its account active. Of many who try at once, one goes on.
pub fn use_up(app: &App, accounts: &Accounts, link: &str) -> Result<(), Error> {
    let link = accounts.keyring.use_link(Purpose::Invitation, link)?.ok_or_else(over)?;
    activate(app, link.account)
}

/// Login of the link's account; none in the set-up, which makes it.
fn login_of(app: &App, link: &Link) -> Result<Option<String>, Error> {
    if link.account == NO_ACCOUNT {
        return Ok(None);
    }
    let people = app.store.people()?;
    people.account(link.account.0).filter(|a| a.state != "left" && a.state != "suspended").map(|a| Some(a.login.clone())).ok_or_else(over)
}

/// What a person and the organisations they belong to are called, which whoever guesses knows, too.
pub fn person_names(app: &App, account: i64) -> Result<Vec<String>, Error> {
    let people = app.store.people()?;
    let Some(account) = people.account(account) else { return Ok(vec![]) };
    let mut names: Vec<String> = [&account.name, &account.email].into_iter().flatten().cloned().collect();
    let reader = app.store.reader(&Actor::program("password"), AsOf::Head)?;
    let filters = vec![Filter { column: "account".into(), op: Op::Eq, values: vec![account.id.to_string()] }];
    let held = reader.list(&ListQuery { register: "office_membership".into(), filters, limit: MOST_NAMES, ..ListQuery::default() })?;
    for membership in held.rows {
        // Also of those who are invited, whose roles do not count yet.
        let Some(Cell::Integer(at)) =
            reader.record("office_membership", membership.id)?.and_then(|m| m.content.get("organisation").cloned())
        else {
            continue;
        };
        if let Some(Cell::Text(name)) = reader.record("office_organisation", at)?.and_then(|o| o.content.get("name").cloned()) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Names of the plan, which whoever guesses knows.
pub fn names(app: &App) -> Vec<&str> {
    let meta = &app.pack.meta;
    vec![&meta.id, &meta.label.ja, &meta.label.en]
}

/// Founds the house: an organisation, the owner's account, their membership.
fn found(app: &App, login: &str, entered: &Entered) -> Result<Account, StoreError> {
    let actor = Actor::program("set-up");
    let text = |name: &str| entered.filled(name).map(|t| Cell::Text(t.trim().to_string()));
    let word = |word: &str| Some(Cell::Text(word.to_string()));
    let reader = app.store.reader(&actor, AsOf::Head)?;
    // What a set-up that was cut off has left is used, not made twice.
    let make = |register: &str, key: &str, columns: Vec<(&str, Option<Cell>)>| -> Result<i64, StoreError> {
        let named = |(name, cell): &(&str, Option<Cell>)| match cell {
            Some(Cell::Text(text)) if *name == key => Some(text.clone()),
            _ => None,
        };
        if let Some(value) = columns.iter().find_map(named) {
            let filter = Filter { column: key.to_string(), op: Op::Eq, values: vec![value] };
            let page =
                reader.list(&ListQuery { register: register.to_string(), filters: vec![filter], limit: 1, ..ListQuery::default() })?;
            if let Some(record) = page.rows.first() {
                return Ok(record.id);
            }
        }
        let content = columns.into_iter().filter_map(|(name, cell)| Some((name.to_string(), cell?))).collect::<Content>();
        let create = Command::Create { register: register.to_string(), content, origin: Default::default() };
        Ok(app.store.submit(&actor, create)?.record)
    };
    let organisation = make("office_organisation", "name", vec![("name", text("organisation")), ("kind", word("ministry"))])?;
    let account = vec![
        ("login", word(login)),
        ("name", text("name")),
        ("email", text("email")),
        ("kind", word("person")),
        ("_state", word("active")),
    ];
    let account = make("office_account", "login", account)?;
    let people = app.store.people()?;
    let mut held = people.account(account).into_iter().flat_map(|a| a.person.memberships());
    if !held.any(|m| m.role == "owner" && m.organisation.id == organisation) {
        let (account_id, organisation) = (Some(Cell::Integer(account)), Some(Cell::Integer(organisation)));
        make("office_membership", "", vec![("account", account_id), ("organisation", organisation), ("role", word("owner"))])?;
    }
    Ok(Account(account))
}

/// What the form calls a column of the organisation or the account. Both have a name: the person's may be blank.
fn label_of(app: &App, column: &str) -> Pair {
    let registers = if column == "name" { ["office_organisation", "office_account"] } else { ["office_account", "office_organisation"] };
    let field = registers.iter().find_map(|name| app.pack.registers.get(*name)?.field(column));
    field.map_or_else(|| pair(column, column), |field| field.label.clone())
}

/// Why the first owner cannot have a login: there is such an account. Only one that a set-up left which was cut off is
/// gone on with: the link makes an owner, and takes nobody's account over.
fn taken(app: &App, accounts: &Accounts, login: &str) -> Result<Option<Pair>, Error> {
    let people = app.store.people()?;
    let Some(held) = people.by_login(login) else { return Ok(None) };
    if held.is_active() && !held.person.is_service() && !accounts.keyring.can_sign_in(Account(held.id))? {
        return Ok(None);
    }
    let state = app.pack.registers.get("office_account").and_then(|r| r.states.iter().find(|s| s.name == held.state));
    let state = state.map_or_else(|| pair(&held.state, &held.state), |s| s.label.clone());
    Ok(Some(pair(
        format!(
            "ログイン名「{login}」の利用者はすでにあります（{}）。別のログイン名で始め、あとでその利用者に役割を与えるか、状態を戻してください。",
            state.ja
        ),
        format!(
            "There is an account “{login}” already ({}). Begin with another login; then give that account the role, or move it back.",
            state.en
        ),
    )))
}

/// An invited account becomes active when its person has chosen a password.
fn activate(app: &App, account: Account) -> Result<(), Error> {
    let people = app.store.people()?;
    if people.account(account.0).is_some_and(|a| a.state == "invited") {
        let reader = app.store.reader(&Actor::program("invitation"), AsOf::Head)?;
        let record = reader.record("office_account", account.0)?.ok_or_else(over)?;
        app.store.submit(
            &Actor::program("invitation"),
            Command::Transition {
                register: "office_account".to_string(),
                record: account.0,
                version: record.version,
                transition: "activate".to_string(),
                content: Default::default(),
                reason: None,
            },
        )?;
    }
    Ok(())
}

/// What is wrong with a password.
pub fn password_fault(error: &shirube_keyring::PasswordError) -> Pair {
    use shirube_keyring::PasswordError as P;
    let ja = match error {
        P::TooShort { characters, least } => {
            format!("パスワードが{characters}文字です。{least}文字以上にしてください。いくつかの言葉をつなげると覚えやすくなります。")
        }
        P::TooLong { most } => format!("パスワードは{most}文字までです。"),
        P::IsLogin => "パスワードがログイン名と同じです。ほかの人に分からないものにしてください。".to_string(),
        P::Common => {
            "よく使われるパスワードです（知られているもの、1つの単語、キーの並び、繰り返し、自分や組織や計画の名前）。つながりのない言葉をいくつか並べてください。"
                .to_string()
        }
        P::Leaked => "流出したことのあるパスワードです。だれが使っていたかによらず、別のものにしてください。".to_string(),
    };
    pair(ja, sentence(L(Lang::En), &error.to_string()))
}

/// The two inputs of a new password.
pub fn password_inputs(l: L) -> Markup {
    html! {
        div class="field" {
            label for="password" { (l.t("新しいパスワード", "New password")) }
            p class="help" id="h-password" {
                @if l.is_ja() { (LEAST_CHARACTERS) "文字以上。文字の種類に決まりはありません。いくつかの言葉をつなげると覚えやすくなります。" }
                @else { "At least " (LEAST_CHARACTERS) " characters of any kind; a few words in a row are easy to remember." }
            }
            input id="password" name="password" type="password" autocomplete="new-password" aria-describedby="h-password" required;
        }
        div class="field" {
            label for="again" { (l.t("もう一度", "Once more")) }
            input id="again" name="again" type="password" autocomplete="new-password" required;
        }
    }
}

fn form(
    app: &App,
    cx: &Ctx,
    provider: Option<&Provider>,
    purpose: Purpose,
    login: Option<&str>,
    entered: &Entered,
    faults: &[Pair],
) -> Markup {
    let l = cx.l;
    let title = match purpose {
        Purpose::SetUp => l.t("最初の管理者", "The first owner"),
        Purpose::Recovery => l.t("パスワードの再設定", "A new password"),
        Purpose::Invitation | Purpose::Mail => l.t("招待", "Invitation"),
    };
    let field = |name: &str, label: &str, kind: &str, auto: &str| {
        html! {
            div class="field" {
                label for=(name) { (label) }
                input id=(name) name=(name) type=(kind) value=(entered.text(name)) autocomplete=(auto) required;
            }
        }
    };
    let body = html! {
        (parts::heading(l.t("アカウント", "Account"), title))
        @if !faults.is_empty() { div class="callout care" role="alert" { @for fault in faults { p { (l.p(fault)) } } } }
        form class="narrow" method="post" action=(cx.form_action()) {
            @match login {
                Some(login) => {
                    p { (l.t("ログイン名", "Login")) ": " b { (login) } }
                    // Password managers file the password under it.
                    input type="text" name="username" value=(login) autocomplete="username" readonly hidden;
                }
                None => {
                    p { (l.t("すべてを行える管理者のアカウントを作ります。ほかの人は、後からこの人が招待します。",
                             "This makes the account of the owner, who may do everything and invites the others later.")) }
                    (field("organisation", l.t("組織の名称", "Organisation"), "text", "organization"))
                    (field("login", l.t("ログイン名（英小文字と数字）", "Login (lower-case letters and digits)"), "text", "username"))
                    (field("name", l.t("氏名", "Name"), "text", "name"))
                    (field("email", l.t("メールアドレス", "E-mail"), "email", "email"))
                }
            }
            (password_inputs(l))
            p { button { (l.t("登録する", "Save")) } }
        }
        @if let (Purpose::Invitation, Some(provider)) = (purpose, provider) {
            form class="narrow" method="post" action=(cx.form_action()) {
                p { (l.t("パスワードの代わりに", "Instead of a password")) }
                p { button class="quiet" name="_do" value="provider" {
                    @if l.is_ja() { (provider.name) "でサインインする" } @else { "Sign in with " (provider.name) }
                } }
            }
        }
    };
    layout::page(&app.view(cx), title, "", &[], body)
}
