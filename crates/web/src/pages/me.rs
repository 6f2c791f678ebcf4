//! One's own account: password, second factor, sessions, purpose, tokens of programs.

use super::{confirm, links, provider, purpose, sign_in};
use crate::{
    cells,
    ctx::Ctx,
    error::{Error, STALE, pair},
    fmt,
    form::Entered,
    layout, parts,
    reply::Reply,
    state::App,
    text::L,
    who::{Accounts, Signed, cookies},
};
use maud::{Markup, PreEscaped, html};
use shirube_access::Organisation;
use shirube_keyring::{Account, Attempt, ExposeSecret, KeyringError, SecretString, SignIn, TotpOffer};
use shirube_plan::{Lang, Pair};

/// What the page tells beside what is there.
#[derive(Default)]
struct Told {
    /// Something was done.
    done: Option<Pair>,
    /// What is wrong with what was typed.
    faults: Vec<Pair>,
    /// Recovery codes, shown once.
    codes: Vec<SecretString>,
    /// An authenticator app to be set up.
    offer: Option<TotpOffer>,
}

/// The page.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let (accounts, signed) = (app.who.accounts()?, cx.asking.must_sign_in()?);
    Ok(Reply::page(page(app, cx, accounts, signed, &Told::default())?))
}

/// Something was asked for on the page.
pub fn send(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let (accounts, signed) = (app.who.accounts()?, cx.asking.must_sign_in()?);
    let entered = Entered::read(cx)?;
    if !cx.asking.is_own_form(entered.text("_token")) {
        return Err(stale());
    }
    let (keyring, me) = (&accounts.keyring, Account(signed.account));
    let task = entered.text("_do");
    if !["purpose", "password"].contains(&task)
        && let Some(asked) = confirm::first(app, cx, &entered)?
    {
        return Ok(asked);
    }
    let mut told = Told::default();
    match task {
        "purpose" => return purpose::state(app, cx, entered.text("purpose"), entered.text("to")),
        "end" => {
            keyring.end_session_of(me, entered.text("session"))?;
            told.done = Some(pair("セッションを終わらせました。", "The session is over."));
        }
        "end-others" => {
            let n = keyring.end_sessions(me, Some(&signed.session.id))?;
            told.done = Some(pair(
                format!("ほかの{n}件のセッションを終わらせました。"),
                fmt::counted(L(Lang::En), n, "", "other session ended.", "other sessions ended."),
            ));
        }
        "password" => match change_password(app, cx, accounts, signed, &entered)? {
            Ok(reply) => return Ok(reply),
            Err(faults) => told.faults = faults,
        },
        "link-identity" => return provider::link(app, cx, accounts, signed),
        "unlink-identity" => {
            if keyring.has_password(me)? {
                keyring.unlink_identity(me, entered.text("issuer"))?;
                told.done = Some(pair("結び付きを外しました。", "The link was removed."));
            } else {
                // Nothing would be left to sign in by.
                told.faults = vec![pair("先にパスワードを設定してください。", "Set a password first.")];
            }
        }
        "offer" => {
            told.offer = Some(keyring.offer_totp(me, &signed.session.id, &app.pack.meta.label.en, &signed.login)?);
        }
        "confirm" => match keyring.confirm_totp(me, &signed.session.id, entered.text("code").trim()) {
            Ok(codes) => {
                told.codes = codes;
                // Sessions that began without it do not count as having shown it.
                keyring.end_sessions(me, Some(&signed.session.id))?;
                told.done = Some(pair("認証アプリを使うようにしました。", "The authenticator app is in force."));
            }
            Err(KeyringError::SecondFactor(_)) => {
                // One mistyped code is no reason to scan anew.
                told.offer = keyring.offered_totp(me, &signed.session.id, &app.pack.meta.label.en, &signed.login)?;
                told.faults = vec![if told.offer.is_some() {
                    pair(
                        "コードが違います。端末の時計が合っているか確かめ、アプリに今表示されているコードを入れてください。",
                        "The code is not right. See that the clock of the device is right and enter the code the app shows now.",
                    )
                } else {
                    pair(
                        "設定の途中ではないか、始めてから時間がたちすぎたか、違うコードが続きました。もう一度設定してください。",
                        "Nothing is being set up, or it was begun too long ago, or too many codes were wrong. Set it up anew.",
                    )
                }];
            }
            Err(other) => return Err(other.into()),
        },
        "codes" => {
            told.codes = keyring.make_recovery_codes(me)?;
            told.done = Some(pair("予備コードを作り直しました。", "New recovery codes were made."));
        }
        "remove-factor" if accounts.demands_factor(cx.asking.actor.clearance()) => {
            let words = pair(
                "あなたの役割には認証アプリが必要です。別のアプリに替えることはできます。",
                "Your roles need one; you may change to another app.",
            );
            told.faults = vec![words];
        }
        "remove-factor" => {
            keyring.remove_second_factor(me)?;
            told.done = Some(pair("認証アプリを外しました。", "The authenticator app was removed."));
        }
        _ => return Err(stale()),
    }
    let status = if told.faults.is_empty() { 200 } else { 422 };
    Ok(Reply::page(page(app, cx, accounts, signed, &told)?).with_status(status))
}

fn stale() -> Error {
    Error::refused(
        409,
        STALE,
        pair("画面が古くなっています", "The page is out of date"),
        pair("この画面を開いてから、サインインし直しています。", "You have signed in anew since this page was opened."),
        pair("画面を開き直してから操作してください。", "Open the page again, then repeat."),
    )
}

/// A new password takes the old one; all other sessions end, and this one gets a new token.
fn change_password(
    app: &App,
    cx: &Ctx,
    accounts: &Accounts,
    signed: &Signed,
    entered: &Entered,
) -> Result<Result<Reply, Vec<Pair>>, Error> {
    let keyring = &accounts.keyring;
    let (password, me) = (entered.text("password"), Account(signed.account));
    let person = links::person_names(app, signed.account)?;
    let names: Vec<&str> = links::names(app).into_iter().chain(person.iter().map(String::as_str)).collect();
    match keyring.check_password(&signed.login, &names, password) {
        Ok(()) => {}
        Err(KeyringError::Password(error)) => return Ok(Err(vec![links::password_fault(&error)])),
        Err(error) => return Err(error.into()),
    }
    if password != entered.text("again") {
        return Ok(Err(vec![pair("2つのパスワードが違います。", "The two passwords differ.")]));
    }
    let attempt = Attempt {
        login: &signed.login,
        account: Some(me),
        client: sign_in::client(accounts, cx),
        label: &sign_in::label(cx),
        session: Some(signed.token.expose_secret()),
    };
    let wrong = || vec![pair("今のパスワードが違います。", "The present password is wrong.")];
    let (done, half) = match keyring.sign_in(&attempt, entered.text("present"))? {
        SignIn::Done(done) => (Some(done), None),
        SignIn::SecondFactor(token) => (None, Some(token)),
        SignIn::Wrong => return Ok(Err(wrong())),
        SignIn::Wait { until } => {
            let (ja, en) = (cells::time_words(L(Lang::Ja), until), cells::time_words(L(Lang::En), until));
            return Ok(Err(vec![pair(format!("{ja} までお待ちください。"), format!("Please wait until {en}."))]));
        }
    };
    keyring.set_password(me, &signed.login, password)?;
    keyring.end_sessions(me, done.as_ref().map(|d| d.session.id.as_str()))?;
    Ok(Ok(match (done, half) {
        (Some(done), _) => sign_in::signed_in(accounts, &done, cx.to("/me")),
        // The code is asked for at the sign-in that follows.
        _ => Reply::see_other(cx.form_path(sign_in::PASSWORD_SET)).with_cookie(cookies::remove(cookies::SESSION, accounts.https)),
    }))
}

fn page(app: &App, cx: &Ctx, accounts: &Accounts, signed: &Signed, told: &Told) -> Result<Markup, Error> {
    let l = cx.l;
    let (keyring, me) = (&accounts.keyring, Account(signed.account));
    let title = l.t("自分のアカウント", "My account");
    let sessions = keyring.sessions(me)?;
    let factor = keyring.has_second_factor(me)?;
    let left = keyring.recovery_codes_left(me)?;
    let people = app.store.people()?;
    let account = people.account(signed.account);
    let stated = cookies::read(&cx.headers, cookies::PURPOSE, accounts.https);
    let form = |task: &str, inner: Markup| {
        html! {
            form class="narrow" method="post" action=(cx.form_path("/me")) {
                input type="hidden" name="_token" value=(cx.asking.word);
                input type="hidden" name="_do" value=(task);
                (inner)
            }
        }
    };
    let bad = !told.faults.is_empty();
    let reader = app.open(cx)?;
    // By its name, and with the way to its record for who may read that.
    let organisation = |held: &Organisation| -> Result<Markup, Error> {
        let name = people.organisation(held.id).map_or_else(|| held.policy_name(), |name| l.p(name).to_string());
        let record = reader.record("office_organisation", held.id)?;
        let href = record.map(|_| cx.to(&format!("/registers/office_organisation/{}", held.id)));
        Ok(html! { @if let Some(href) = href { a href=(href) { (l.foreign(&name)) } } @else { (l.foreign(&name)) } })
    };
    let body = html! {
        (parts::heading(&signed.login, &signed.name))
        @if let Some(done) = &told.done { div class="callout" role="status" { p { (l.p(done)) } } }
        @if told.offer.is_none() { (faults(l, &told.faults)) }
        @if !told.codes.is_empty() {
            div class="callout" {
                p { b { (l.t("予備コード", "Recovery codes")) } " " (l.t("今だけ表示します。印刷して、安全な所に保管してください。それぞれ1回使えます。",
                    "Shown only now: print them and keep them safe. Each is good once.")) }
                ul class="digits" { @for code in &told.codes { li { code { (code.expose_secret()) } } } }
            }
        }
        h2 { (l.t("役割", "Roles")) }
        @match account.map(|a| a.person.memberships()).filter(|m| !m.is_empty()) {
            Some(memberships) => ul { @for m in memberships {
                li {
                    (app.pack.code("role", &m.role).map_or(m.role.as_str(), |c| l.p(&c.label)))
                    " · " (organisation(&m.organisation)?)
                }
            } },
            None => p class="muted" { (l.t("役割はまだありません。", "No roles yet.")) },
        }
        h2 { (l.t("利用目的", "Purpose")) }
        p { (l.t("個人に関する項目は、利用目的を示したときだけ表示します。示した目的は閲覧の記録に残ります。",
                 "Personal fields are shown only for a stated purpose, which is recorded with every reading.")) }
        (form("purpose", html! {
            div class="field" {
                label for="purpose" { (l.t("今の目的", "Present purpose")) }
                select id="purpose" name="purpose" {
                    option value="" { (l.t("なし（個人に関する項目を見ない）", "None (personal fields stay hidden)")) }
                    @for code in purpose::all(app) {
                        option value=(code.code) selected[stated == Some(code.code.as_str())] { (l.p(&code.label)) }
                    }
                }
            }
            p { button { (l.t("目的を示す", "Set the purpose")) } }
        }))
        h2 { (l.t("パスワード", "Password")) }
        @if !keyring.has_password(me)? {
            p { (l.t("パスワードはありません。設定するには、管理者に再設定のリンクを頼んでください。",
                     "You have none. To set one, ask the owner of this portal for a recovery link.")) }
        } @else { (form("password", html! {
            input type="text" name="username" value=(signed.login) autocomplete="username" readonly hidden;
            div class="field" {
                label for="present" { (l.t("今のパスワード", "Present password")) }
                input id="present" name="present" type="password" autocomplete="current-password" required;
            }
            (links::password_inputs(l))
            p { button { (l.t("変更する", "Change")) } }
        })) }
        (identities(cx, accounts, me, &form)?)
        h2 { (l.t("認証アプリ", "Authenticator app")) }
        @if let Some(offer) = &told.offer {
            p { (l.t("アプリでこの図を読み取り、表示された6桁のコードを入れてください。", "Scan this with the app and enter the six digits it shows.")) }
            div class="qr" role="img" aria-label=(l.t("認証アプリで読み取る図", "What the authenticator app scans")) { (PreEscaped(offer.qr_svg.expose_secret())) }
            p class="small" { (l.t("読み取れないときに入れる文字", "If it cannot be scanned, type")) ": " code { (offer.secret.expose_secret()) } }
            (faults(l, &told.faults))
            (form("confirm", html! {
                div class="field" {
                    label for="code" { (l.t("コード", "Code")) }
                    input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus
                        aria-describedby=[bad.then_some("faults")] aria-invalid=[bad.then_some("true")];
                }
                p { button { (l.t("使い始める", "Put in force")) } }
            }))
        } @else if factor {
            p { (l.t("使っています。", "In force.")) " " (l.t("予備コードの残り：", "")) (fmt::counted(l, left, "件", "recovery code left.", "recovery codes left.")) }
            (form("codes", html! { p { button class="quiet" { (l.t("予備コードを作り直す", "Make new recovery codes")) } } }))
            (form("offer", html! { p { button class="quiet" { (l.t("別のアプリに替える", "Change to another app")) } } }))
            @if !accounts.demands_factor(cx.asking.actor.clearance()) {
                details {
                    summary { (l.t("認証アプリをやめる", "Do without the app")) }
                    p { (l.t("外すと、パスワードを知っている人がコードなしでサインインできるようになり、予備コードは使えなくなります。",
                             "Once it is removed, whoever knows your password signs in without a code, and the recovery codes are void.")) }
                    (form("remove-factor", html! { p { button class="quiet" { (l.t("認証アプリを外す", "Remove the authenticator app")) } } }))
                }
            }
        } @else {
            p { (l.t("パスワードが知られても、ほかの人がサインインできなくなります。", "With it nobody signs in who merely knows your password.")) }
            (form("offer", html! { p { button { (l.t("設定する", "Set up")) } } }))
        }
        h2 { (l.t("セッション", "Sessions")) }
        div class="scroll" { table {
            caption class="visually-hidden" { (l.t("セッション", "Sessions")) }
            thead { tr {
                th scope="col" { (l.t("始まり", "Begun")) }
                th scope="col" { (l.t("最後の操作", "Last used")) }
                th scope="col" { (l.t("使っている物", "With")) }
                th scope="col" { span class="visually-hidden" { (l.t("操作", "Action")) } }
            } }
            tbody { @for session in &sessions {
                tr {
                    td { (cells::time(l, session.begun)) }
                    td { (cells::time(l, session.seen)) }
                    td { (session.label) }
                    td {
                        @if session.id == signed.session.id { (l.t("この画面", "this one")) } @else {
                            form method="post" action=(cx.form_path("/me")) {
                                input type="hidden" name="_token" value=(cx.asking.word);
                                input type="hidden" name="session" value=(session.id);
                                button class="quiet" name="_do" value="end" { (l.t("終わらせる", "End")) }
                            }
                        }
                    }
                }
            } }
        } }
        @if sessions.len() > 1 { (form("end-others", html! { p { button class="quiet" { (l.t("ほかをすべて終わらせる", "End all others")) } } })) }
    };
    Ok(layout::page(&app.view(cx), title, "", &[], body))
}

fn faults(l: L, faults: &[Pair]) -> Markup {
    html! { @if !faults.is_empty() { div class="callout care" id="faults" role="alert" { @for fault in faults { p { (l.p(fault)) } } } } }
}

/// What of other providers one signs in by, and the way to link the institution's own.
fn identities(cx: &Ctx, accounts: &Accounts, me: Account, form: &dyn Fn(&str, Markup) -> Markup) -> Result<Markup, Error> {
    let l = cx.l;
    let linked = accounts.keyring.identities(me)?;
    let ours = accounts.provider.as_ref();
    if linked.is_empty() && ours.is_none() {
        return Ok(html! {});
    }
    let open = ours.filter(|provider| linked.iter().all(|identity| identity.issuer != provider.issuer()));
    Ok(html! {
        h2 id="identities" { (l.t("ほかのサービスでのサインイン", "Sign-in by another provider")) }
        @for identity in &linked {
            @let name = ours.filter(|p| p.issuer() == identity.issuer).map_or(identity.issuer.as_str(), |p| &p.name);
            p { (name) " · " (l.t("結び付けた日時", "linked")) " " (cells::time(l, identity.linked)) }
            (form("unlink-identity", html! {
                input type="hidden" name="issuer" value=(identity.issuer);
                p { button class="quiet" { (l.t("外す", "Remove")) } }
            }))
        }
        @if let Some(provider) = open {
            p { @if l.is_ja() { (provider.name) "の利用者として、パスワードなしでサインインできるようになります。" }
                @else { "With it you sign in as the user you are at " (provider.name) ", without the password." } }
            (form("link-identity", html! { p { button { @if l.is_ja() { (provider.name) "と結び付ける" } @else { "Link " (provider.name) } } } }))
        }
    })
}
