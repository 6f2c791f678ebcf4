//! Signing in by the institution's own provider: the way there, and the way back.

use super::{errors, links, sign_in};
use crate::{
    ctx::Ctx,
    error::{Error, pair},
    layout, parts,
    reply::Reply,
    state::App,
    text::L,
    url::Query,
    who::{Accounts, Provider, ProviderError, Signed, cookies},
};
use maud::html;
use serde::{Deserialize, Serialize};
use shirube_keyring::{Account as Keyed, Attempt as SignInAttempt, ExposeSecret, IdentityError, KeyringError, NotVouched, SignIn, Vouched};
use shirube_oidc::{Answer, Attempt, Identity, OidcError, TokenError};
use shirube_plan::Lang;

/// Where the provider sends browsers back to. One address for both languages: providers want it registered.
pub const BACK: &str = "/sign-in/provider/back";

/// Seconds in which someone has to come back.
const SECONDS: u32 = 600;

/// Bytes of an address to go on to; a longer one would not fit into a cookie.
const LONGEST: usize = 1000;

/// What an attempt is for.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Aim {
    /// To sign in and go on to a page.
    SignIn { to: String },
    /// To link the identity to the account of a session.
    Link { session: String },
    /// To accept an invitation by its link.
    Invitation { link: String },
}

/// What an attempt is about, as it comes back.
#[derive(Debug, Deserialize, Serialize)]
struct About {
    aim: Aim,
    english: bool,
    /// The provider is to ask the person anew.
    anew: bool,
}

/// To the provider, to sign in.
pub fn go(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    let (asked, anew) = (cx.query.get("to").unwrap_or_default(), cx.query.get("again").is_some());
    if accounts.provider.is_some() && !from_own_page(cx) {
        // A provider that knows the browser asks nothing: nobody is to be signed in by a link that others laid out.
        return Ok(Reply::see_other(sign_in::form_address(cx, asked, anew)));
    }
    let to = sign_in::destination(cx, Some(asked).filter(|to| to.len() <= LONGEST));
    let (url, cookie) = begin(app, cx, accounts, Aim::SignIn { to }, anew)?;
    Ok(Reply::away(url).with_cookie(cookie))
}

/// Whether a link on a page of ours was followed. Browsers say so over https and on their own machine; those that do not
/// say it name the page.
fn from_own_page(cx: &Ctx) -> bool {
    match cx.header("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => {
            let host = cx.header("referer").and_then(|page| page.split_once("://")?.1.split('/').next());
            host.is_some() && host == cx.header("host")
        }
    }
}

/// The page that leads on to the provider, to link an identity to one's account.
pub fn link(app: &App, cx: &Ctx, accounts: &Accounts, signed: &Signed) -> Result<Reply, Error> {
    going(app, cx, accounts, Aim::Link { session: signed.session.id.clone() })
}

/// The page that leads on to the provider, to accept an invitation.
pub fn accept(app: &App, cx: &Ctx, accounts: &Accounts) -> Result<Reply, Error> {
    going(app, cx, accounts, Aim::Invitation { link: cx.param("link").to_string() })
}

/// A form may send a browser to our own pages alone (`form-action`), so a page stands in between.
fn going(app: &App, cx: &Ctx, accounts: &Accounts, aim: Aim) -> Result<Reply, Error> {
    let (url, cookie) = begin(app, cx, accounts, aim, false)?;
    let l = cx.l;
    let name = &accounts.provider()?.name;
    let title = if l.is_ja() { format!("{name}へ") } else { format!("On to {name}") };
    let body = html! {
        (parts::heading(l.t("アカウント", "Account"), &title))
        p { a class="button" href=(url) { (l.t("続ける", "Go on")) } }
    };
    let page = layout::page(&app.view(cx), &title, "", &[], body);
    Ok(Reply::page(page).with_header("refresh", format!("0; url={url}")).with_cookie(cookie))
}

fn begin(app: &App, cx: &Ctx, accounts: &Accounts, aim: Aim, anew: bool) -> Result<(String, String), Error> {
    let provider = accounts.provider()?;
    let about = About { aim, english: cx.l.0 == Lang::En, anew };
    let about = serde_json::to_string(&about).map_err(Error::internal)?;
    let (url, kept) = provider.begin(&about, &back_address(app, cx), anew).map_err(|error| told(provider, &error))?;
    Ok((url, cookies::set(cookies::PROVIDER, kept.expose_secret(), Some(SECONDS), accounts.https)))
}

fn back_address(app: &App, cx: &Ctx) -> String {
    format!("{}{BACK}", app.site.address(cx))
}

/// The provider's answer.
pub fn back(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    let provider = accounts.provider()?;
    let kept = cookies::read(&cx.headers, cookies::PROVIDER, accounts.https).and_then(Attempt::parse);
    let begun = kept.and_then(|attempt| Some((serde_json::from_str::<About>(attempt.about()).ok()?, attempt)));
    // Pages that link on do so from the sign-in, and without the code.
    let lang = if begun.as_ref().is_some_and(|(about, _)| about.english) { Lang::En } else { Lang::Ja };
    let own = Ctx { l: L(lang), path: "/sign-in".to_string(), query: Query::default(), ..cx.clone() };
    let Some((about, attempt)) = begun else {
        refused(accounts, cx, None, NotVouched::NoAttempt);
        return told_on_page(app, &own, told(provider, &OidcError::State.into()));
    };
    let q = |name| cx.query.get(name);
    let answer = Answer { code: q("code"), state: q("state"), iss: q("iss"), error: q("error"), error_description: q("error_description") };
    let outcome = provider.identify(&attempt, &answer, &back_address(app, cx), about.anew);
    if let Err(error) = &outcome {
        refused(accounts, cx, None, why(error));
    }
    match outcome {
        // Another's answer does not end the attempt that is under way here.
        Err(error @ ProviderError::Answer(OidcError::State)) => told_on_page(app, &own, told(provider, &error)),
        outcome => {
            let reply = outcome.map_err(|error| told(provider, &error)).and_then(|identity| reach(app, &own, &about, &identity));
            let reply = reply.or_else(|error| told_on_page(app, &own, error))?;
            Ok(reply.with_cookie(cookies::remove(cookies::PROVIDER, accounts.https)))
        }
    }
}

/// Leaves a line about accounts.
fn refused(accounts: &Accounts, cx: &Ctx, account: Option<Keyed>, why: NotVouched) {
    accounts.keyring.refused_identity(account, &sign_in::client(accounts, cx), why);
}

/// Why a provider's answer signs nobody in, without what it said.
fn why(error: &ProviderError) -> NotVouched {
    match error {
        ProviderError::Away(_) => NotVouched::Away,
        ProviderError::Answer(OidcError::State | OidcError::Late) => NotVouched::NoAttempt,
        ProviderError::Answer(OidcError::MixUp | OidcError::Token(TokenError::Nonce)) => NotVouched::OtherAttempt,
        ProviderError::Answer(OidcError::Refused { .. }) => NotVouched::Refused,
        ProviderError::Answer(OidcError::Token(TokenError::NotAnew)) => NotVouched::NotAnew,
        ProviderError::Answer(_) => NotVouched::Unsound,
    }
}

/// An error in the language in which the attempt began: this address has none.
fn told_on_page(app: &App, cx: &Ctx, error: Error) -> Result<Reply, Error> {
    match error {
        Error::Refused(_) => Ok(Reply::page(errors::view(cx, &app.pack, &error)).with_status(error.status())),
        other => Err(other),
    }
}

/// Does what the attempt was for.
fn reach(app: &App, cx: &Ctx, about: &About, identity: &Identity) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    let (keyring, provider) = (&accounts.keyring, accounts.provider()?);
    let (issuer, subject) = (identity.issuer.as_str(), identity.subject.as_str());
    let taken = |account: Keyed, error: KeyringError| {
        refused(accounts, cx, Some(account), NotVouched::Taken);
        unlinked(provider, error)
    };
    match &about.aim {
        Aim::SignIn { to } => {
            let Some(account) = keyring.account_of(issuer, subject)? else { return Err(unknown(accounts, cx, provider, None)) };
            sign_in_by(app, cx, identity, account, about.anew, to)
        }
        Aim::Link { session } => {
            let Some(signed) = cx.asking.signed().filter(|signed| signed.session.id == *session) else {
                refused(accounts, cx, None, NotVouched::NoAttempt);
                return Err(told(provider, &OidcError::State.into()));
            };
            let account = Keyed(signed.account);
            keyring.link_identity(account, issuer, subject).map_err(|error| taken(account, error))?;
            Ok(Reply::see_other(cx.to("/me")))
        }
        Aim::Invitation { link } => {
            let account = links::invited(app, accounts, link)?;
            // Looked at before the link is used up, which is good once; linked after, when nobody else can have it.
            if keyring.account_of(issuer, subject)?.is_some_and(|other| other != account) {
                return Err(taken(account, IdentityError::OfAnother.into()));
            }
            links::use_up(app, accounts, link)?;
            keyring.link_identity(account, issuer, subject).map_err(|error| taken(account, error))?;
            sign_in_by(app, cx, identity, account, about.anew, &cx.to("/me"))
        }
    }
}

fn sign_in_by(app: &App, cx: &Ctx, identity: &Identity, account: Keyed, anew: bool, to: &str) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    let provider = accounts.provider()?;
    let people = app.store.people()?;
    let known = people.account(account.0).filter(|a| a.is_active() && !a.person.is_service());
    let Some(known) = known else { return Err(unknown(accounts, cx, provider, Some(account))) };
    let attempt = SignInAttempt {
        login: &known.login,
        account: Some(account),
        client: sign_in::client(accounts, cx),
        label: &sign_in::label(cx),
        session: cookies::read(&cx.headers, cookies::SESSION, accounts.https),
    };
    let vouched = Vouched { issuer: &identity.issuer, subject: &identity.subject, many_factors: identity.many_factors, anew };
    Ok(match accounts.keyring.sign_in_external(&vouched, &attempt)? {
        SignIn::Wrong => return Err(unknown(accounts, cx, provider, Some(account))),
        other => sign_in::outcome(app, cx, accounts, other, "", to),
    })
}

/// Nobody gets an account by coming here: accounts are records, made by those who answer for them.
fn unknown(accounts: &Accounts, cx: &Ctx, provider: &Provider, account: Option<Keyed>) -> Error {
    refused(accounts, cx, account, NotVouched::Unknown);
    let name = &provider.name;
    Error::refused(
        403,
        "identity-unknown",
        pair("アカウントと結び付いていません", "Not linked to an account"),
        pair(
            format!("{name}でのサインインはできましたが、このポータルで使えるアカウントと結び付いていません。"),
            format!("{name} knows you, but no account in use on this portal is linked to that."),
        ),
        pair(
            "アカウントをお持ちの方は、パスワードでサインインし、「自分のアカウント」で結び付けてください。お持ちでない方は、所属する組織の担当者か、このポータルの管理者に招待を頼んでください。",
            "If you have an account, sign in with your password and link it on “My account”. If not, ask whoever looks after this in your organisation, or the owner of this portal, for an invitation.",
        ),
    )
}

/// Why an identity could not be linked.
fn unlinked(provider: &Provider, error: KeyringError) -> Error {
    let name = &provider.name;
    let (problem, mend) = match error {
        KeyringError::Identity(IdentityError::OfAnother) => (
            pair(
                format!("{name}のこの利用者は、別のアカウントと結び付いています。"),
                format!("This user of {name} belongs to another account."),
            ),
            pair(
                "そのアカウントでサインインし、先に結び付きを外してください。",
                "Sign in to that account and remove the link there first.",
            ),
        ),
        KeyringError::Identity(IdentityError::IssuerTaken) => (
            pair(
                format!("このアカウントは、{name}の別の利用者と結び付いています。"),
                format!("This account is linked to another user of {name}."),
            ),
            pair("「自分のアカウント」で、先にそれを外してください。", "Remove that link on “My account” first."),
        ),
        other => return other.into(),
    };
    Error::refused(409, "identity-taken", pair("結び付けられません", "Cannot be linked"), problem, mend)
}

/// What a reader is told when the provider does not sign them in.
fn told(provider: &Provider, error: &ProviderError) -> Error {
    let name = &provider.name;
    let again = || pair("サインインの画面から、もう一度始めてください。", "Begin again from the sign-in page.");
    let other = || {
        pair(
            "パスワードをお持ちの方は、それでサインインしてください。続くようなら管理者に知らせてください。",
            "If you have a password, sign in with that. If it stays, tell the owner of this portal.",
        )
    };
    match error {
        ProviderError::Away(_) => {
            tracing::warn!(%error, "sign-in by the provider");
            Error::refused(
                503,
                "provider-away",
                pair(format!("{name}が応答しません"), format!("{name} does not answer")),
                pair(format!("{name}に今つながりません。"), format!("{name} cannot be reached at this moment.")),
                other(),
            )
        }
        ProviderError::Answer(OidcError::State | OidcError::Late | OidcError::MixUp | OidcError::Token(TokenError::Nonce)) => {
            Error::refused(
                400,
                "sign-in-lost",
                pair("このサインインは続けられません", "This sign-in cannot go on"),
                pair(
                    "このブラウザで始めたサインインへの返事ではないか、時間が過ぎたか、別の画面で始め直しています。",
                    "The answer is not to a sign-in that this browser began, or it came too late, or another was begun meanwhile.",
                ),
                again(),
            )
        }
        ProviderError::Answer(OidcError::Refused { code, description }) => {
            let words = description.as_ref().map(|d| format!(": {d}")).unwrap_or_default();
            Error::refused(
                403,
                "provider-refused",
                pair(format!("{name}が認めませんでした"), format!("{name} said no")),
                pair(format!("{name}の返事：{code}{words}"), format!("{name} answered: {code}{words}")),
                other(),
            )
        }
        ProviderError::Answer(OidcError::Token(TokenError::NotAnew)) => Error::refused(
            403,
            "not-asked-anew",
            pair("本人の確認が新しくありません", "Not asked anew"),
            pair(
                format!("{name}が、今あらためて本人を確かめたと示しませんでした。"),
                format!("{name} does not show that it asked you anew who you are."),
            ),
            other(),
        ),
        ProviderError::Answer(cause) => {
            tracing::warn!(%cause, "sign-in by the provider");
            Error::refused(
                502,
                "provider-unsound",
                pair(format!("{name}の返事を確かめられません"), format!("The answer of {name} does not hold")),
                pair(
                    format!("{name}の返事が、取り決めや設定と合いません。詳しい内容はプログラムのログにあります。"),
                    format!("What {name} answered does not agree with the standard or the settings. The details are in the program's log."),
                ),
                other(),
            )
        }
    }
}
