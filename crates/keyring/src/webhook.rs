//! Secrets by which receivers of webhooks know that a message is ours. They are kept as they are: to sign takes them so.

use crate::{
    Account, Keyring, KeyringError, What,
    keys::New,
    secret,
    table::{Kind, NEVER},
};
use data_encoding::BASE64;
use secrecy::SecretString;

impl Keyring {
    /// Makes the signing secret of a subscription, by the id of its record, as receivers are given it (Standard
    /// Webhooks). An earlier one is over. It goes with the account on whose behalf messages are sent.
    pub fn make_webhook_secret(&self, subscription: i64, account: Account) -> Result<SecretString, KeyringError> {
        let text = format!("whsec_{}", BASE64.encode(&secret::random::<32>()?));
        let new = New { kind: Kind::WebhookSecret, id: &subscription.to_string(), account: Some(account.0), expires: NEVER, body: &text };
        self.keys.put(&new)?;
        self.tell(account, What::WebhookSecretMade { subscription });
        Ok(text.into())
    }

    /// The signing secret of a subscription, if one was made on behalf of this account.
    pub fn webhook_secret(&self, subscription: i64, account: Account) -> Result<Option<SecretString>, KeyringError> {
        let found = self.keys.get::<String>(Kind::WebhookSecret, &subscription.to_string())?;
        Ok(found.filter(|found| found.row.account == Some(account.0)).map(|found| found.body.into()))
    }
}
