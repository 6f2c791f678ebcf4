//! Mail over SMTP, one letter at a time.

use crate::Outcome;
use lettre::{
    Address, Message, SmtpTransport, Transport,
    message::{
        Mailbox,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
        extension::ClientId,
    },
};
use secrecy::{ExposeSecret, SecretString};
use std::{error::Error as _, fmt, net::IpAddr, str::FromStr, time::Duration};

/// Time without an answer of the server.
const SILENCE: Duration = Duration::from_secs(10);

/// How the connection to a mail server is kept secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// TLS from the beginning (`smtps://`).
    Tls,
    /// TLS after STARTTLS, or nothing is sent.
    StartTls,
    /// A server on this machine: TLS where it offers that.
    Here,
}

/// A mail server: `smtps://host`, `smtp://host:587`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    way: Way,
    host: String,
    port: u16,
}

impl FromStr for MailServer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "is not smtps://host or smtp://host:port, without a name and a password".to_string();
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let (host, port) = match rest.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            Some((host, port)) => (host, Some(port.parse::<u16>().map_err(|_| wrong())?)),
            None => (rest, None),
        };
        let host = host.trim_matches(['[', ']']);
        let address = host.parse::<IpAddr>().ok();
        let named = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b));
        if address.is_none() && !named {
            return Err(wrong());
        }
        let here = host == "localhost" || address.is_some_and(|a| a.to_canonical().is_loopback());
        let (way, usual) = match scheme {
            "smtps" => (Way::Tls, 465),
            "smtp" if here => (Way::Here, 25),
            "smtp" => (Way::StartTls, 587),
            _ => return Err(wrong()),
        };
        Ok(MailServer { way, host: host.to_string(), port: port.unwrap_or(usual) })
    }
}

impl fmt::Display for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.way == Way::Tls { "smtps" } else { "smtp" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

/// Whose letters they are: `Name <address>` or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Mailbox);

impl FromStr for Sender {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Sender).map_err(|_| "is no mail address".to_string())
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why letters cannot be sent at all.
#[derive(Debug, thiserror::Error)]
#[error("mail.server cannot be used ({0}); see its host name and the certificates that the system trusts")]
pub struct MailError(String);

/// A letter, plain text.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The same at every attempt, so that mail programs show it once; letters, digits, dots and hyphens.
    pub id: &'a str,
    /// Mail address of the person.
    pub to: &'a str,
    /// Subject.
    pub subject: &'a str,
    /// Text.
    pub text: &'a str,
}

/// What sends letters.
pub struct Mailer {
    transport: SmtpTransport,
    from: Mailbox,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").finish_non_exhaustive()
    }
}

/// Says that no person wrote it, so that no absence note answers (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(AutoSubmitted)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_string())
    }
}

impl Mailer {
    /// Over a server, with a name and a password there if it asks for them. Certificates are those the system trusts.
    pub fn new(server: &MailServer, user: Option<(&str, &SecretString)>, from: &Sender) -> Result<Mailer, MailError> {
        let tls = TlsParameters::new(server.host.clone()).map_err(|e| MailError(e.to_string()))?;
        let tls = match server.way {
            Way::Tls => Tls::Wrapper(tls),
            Way::StartTls => Tls::Required(tls),
            Way::Here => Tls::Opportunistic(tls),
        };
        let mut builder = SmtpTransport::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(SILENCE))
            .hello_name(ClientId::Domain(from.0.email.domain().to_string()));
        if let Some((name, password)) = user {
            builder = builder.credentials(Credentials::new(name.to_string(), password.expose_secret().to_string()));
        }
        Ok(Mailer { transport: builder.build(), from: from.0.clone() })
    }

    /// Sends a letter. Whatever is no address is refused before anything of it comes near a header.
    pub fn send(&self, letter: &Letter<'_>) -> Outcome {
        let Ok(to) = letter.to.parse::<Address>() else {
            return Outcome::Never("the account has no mail address that can be written to".into());
        };
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject)
            .message_id(Some(format!("<{}@{}>", letter.id, self.from.email.domain())))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.to_string());
        let Ok(message) = message else { return Outcome::Never("the letter cannot be written".into()) };
        match self.transport.send(&message) {
            Ok(_) => Outcome::Done,
            Err(error) => outcome(&error),
        }
    }
}

/// What an error comes to. A server's own words may repeat the person's address; its code says enough.
fn outcome(error: &lettre::transport::smtp::Error) -> Outcome {
    let status = error.status().map(u16::from);
    let code = status.map_or_else(String::new, |code| format!(" with {code}"));
    // Signing in fails for all letters alike, until the settings or the server are mended.
    if let Some(530 | 534 | 535 | 538) = status {
        return Outcome::Again(format!("the mail server refused mail.user and mail.password{code}"));
    }
    if error.is_permanent() {
        return Outcome::Never(format!("the mail server refused the letter{code}"));
    }
    Outcome::Again(if error.is_transient() {
        format!("the mail server put it off{code}")
    } else if error.is_tls() || is_of_tls(error) {
        "the mail server's certificate is not trusted, or TLS fails".to_string()
    } else if error.is_timeout() {
        "the mail server does not answer in time".to_string()
    } else {
        "the mail server cannot be reached, or does not offer what is needed (STARTTLS, signing in)".to_string()
    })
}

/// Whether TLS failed while the connection was made: that comes as a fault of the connection.
fn is_of_tls(error: &lettre::transport::smtp::Error) -> bool {
    let mut cause = error.source();
    while let Some(found) = cause {
        if found.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref).is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        cause = found.source();
    }
    false
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_and_only_this_machine_may_be_plain() {
        for (text, way, shown) in [
            ("smtps://mail.example.jp", Way::Tls, "smtps://mail.example.jp:465"),
            ("smtp://mail.example.jp", Way::StartTls, "smtp://mail.example.jp:587"),
            ("smtp://mail.example.jp:25", Way::StartTls, "smtp://mail.example.jp:25"),
            ("smtp://127.0.0.1:1025", Way::Here, "smtp://127.0.0.1:1025"),
            ("smtp://[::1]", Way::Here, "smtp://[::1]:25"),
            ("smtp://10.0.0.1", Way::StartTls, "smtp://10.0.0.1:587"),
            ("smtps://localhost", Way::Tls, "smtps://localhost:465"),
        ] {
            let server: MailServer = text.parse().unwrap();
            assert_eq!((server.way, server.to_string().as_str()), (way, shown));
            assert_eq!(shown.parse::<MailServer>().unwrap(), server);
        }
        for wrong in
            ["", "mail.example.jp", "http://mail.example.jp", "smtp://", "smtp://ann:secret@host", "smtp://host/x", "smtp://host:x"]
        {
            assert!(wrong.parse::<MailServer>().is_err_and(|e| !e.contains("secret")), "{wrong}");
        }
    }

    #[test]
    fn nothing_gets_into_a_header_that_is_no_address() {
        let mailer = Mailer::new(&"smtp://127.0.0.1:1".parse().unwrap(), None, &"Plan <plan@example.jp>".parse().unwrap()).unwrap();
        for to in
            ["", "ann", "ann@example.jp\r\nBcc: eve@example.org", "ann@example.jp, eve@example.org", "<ann@example.jp>", "ann@exa mple.jp"]
        {
            let sent = mailer.send(&Letter { id: "1", to, subject: "s", text: "t" });
            assert!(matches!(sent, Outcome::Never(_)), "{to:?}: {sent:?}");
        }
        assert!("plan@example.jp\r\nBcc: eve@example.org".parse::<Sender>().is_err());
        let sent = mailer.send(&Letter { id: "1", to: "ann@example.jp", subject: "s", text: "t" });
        assert!(matches!(&sent, Outcome::Again(why) if !why.contains("example")), "nobody listens there: {sent:?}");
    }
}
