//! AWS Signature Version 4, as far as whole objects and lists of them need it.

use super::{Bucket, sha256};
use jiff::{Timestamp, tz::TimeZone};
use ring::hmac;
use shirube_record::hex;

/// What is signed.
pub(super) struct Asked<'a> {
    pub method: &'a str,
    pub host: &'a str,
    /// With its leading slash; of letters that need no escape.
    pub path: &'a str,
    /// Parameters in order, escaped.
    pub query: &'a str,
    /// SHA-256 of the body, hexadecimal; the server holds the body against it.
    pub content: &'a str,
    pub at: Timestamp,
}

/// The headers that sign it.
pub(super) fn headers(bucket: &Bucket, asked: &Asked<'_>) -> [(&'static str, String); 4] {
    let time = asked.at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = &time[..8];
    let Asked { method, host, path, query, content, .. } = asked;
    let signed = "host;x-amz-content-sha256;x-amz-date";
    let canonical =
        format!("{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{content}\nx-amz-date:{time}\n\n{signed}\n{content}");
    let scope = format!("{day}/{}/s3/aws4_request", bucket.region);
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let mut key = format!("AWS4{}", bucket.secret_key).into_bytes();
    for part in [day, &bucket.region, "s3", "aws4_request", &text] {
        key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
    }
    let authorization = format!("AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={signed},Signature={}", bucket.access_key, hex(&key));
    [("host", host.to_string()), ("x-amz-content-sha256", content.to_string()), ("x-amz-date", time), ("authorization", authorization)]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The examples of Amazon's own description of the signature.
    #[test]
    fn the_published_examples_come_out_as_printed() {
        let bucket = Bucket {
            endpoint: "https://s3.amazonaws.com".parse().unwrap(),
            name: "examplebucket".into(),
            region: "us-east-1".into(),
            access_key: "AKIAIOSFODNN7EXAMPLE".into(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
        };
        let empty = sha256(b"");
        for (query, signature) in [
            ("lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
            ("max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        ] {
            let (host, at) = ("examplebucket.s3.amazonaws.com", "2013-05-24T00:00:00Z".parse().unwrap());
            let signed = headers(&bucket, &Asked { method: "GET", host, path: "/", query, content: &empty, at });
            assert!(signed[3].1.ends_with(&format!("Signature={signature}")), "{}", signed[3].1);
        }
    }
}
