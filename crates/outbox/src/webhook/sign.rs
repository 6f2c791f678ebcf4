//! Signatures and their secrets.

use super::Message;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;

/// How a secret begins.
pub const SECRET_PREFIX: &str = "whsec_";

/// A secret as receivers are given it.
pub fn secret_text(bytes: &[u8; 32]) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes))
}

/// The header `webhook-signature` of a message; none if the secret is no secret.
pub fn signature(secret: &str, message: &Message<'_>) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
    let signed = format!("{}.{}.{}", message.id, message.at, message.body);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes());
    Some(format!("v1,{}", STANDARD.encode(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn the_published_example_comes_out() {
        let message = Message { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: 1_614_265_330, body: r#"{"test": 2432232314}"# };
        let signed = signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &message);
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert_eq!(signature("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &message), None);
        assert!(signature(&secret_text(&[7; 32]), &message).is_some());
    }
}
