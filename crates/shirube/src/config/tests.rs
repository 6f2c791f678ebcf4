#![allow(clippy::unwrap_used)]
use super::*;

fn with(file: &str, variables: &[(&str, &str)], values: &[(&'static str, &'static str, &str)]) -> (tempfile::TempDir, Found) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    std::fs::write(&path, file).unwrap();
    let values = values.iter().map(|(k, o, v)| (*k, *o, v.to_string())).collect();
    let arguments = Arguments { config: Some(path), values };
    let found = read(&arguments, variables.iter().map(|(k, v)| (k.to_string(), v.to_string())));
    (folder, found)
}

#[test]
fn the_command_line_goes_over_the_environment_and_that_over_the_file() {
    let file = "listen = \"127.0.0.1:1\"\ndata = \"d\"\n[limits]\nburst = 7\nper_second = 1_000\n[log]\nformat = \"json\"\n";
    let variables = [("SHIRUBE_LISTEN", "127.0.0.1:2"), ("SHIRUBE_LIMITS_BURST", "8"), ("PATH", "x")];
    let (folder, found) = with(file, &variables, &[("listen", "--listen", "127.0.0.1:3")]);
    assert_eq!(found.mistakes, []);
    let config = &found.config;
    assert_eq!((config.listen.port(), config.limits.burst, config.limits.per_second), (3, 8, 1000));
    assert_eq!(config.log_format, LogFormat::Json);
    assert_eq!(config.data, folder.path().join("d"), "seen from the file's folder");
    assert_eq!(found.origin("listen").to_string(), "--listen");
    assert_eq!(found.origin("limits.burst").to_string(), "SHIRUBE_LIMITS_BURST");
    assert!(found.origin("log.format").to_string().ends_with("a.toml:7"));
    assert_eq!(found.origin("log.level"), &Origin::Default);
}

#[test]
fn every_mistake_is_told_with_its_place_and_mend() {
    let file =
        "lisen = \"127.0.0.1:1\"\nlisten = \"nowhere\"\nallowed_hosts = \"a\"\n[limits]\nburst = \"many\"\nbrust = 1\n[colour]\nblue = 1\n";
    let (_folder, found) = with(file, &[("SHIRUBE_LISTENN", "x"), ("SHIRUBE_LOG_LEVEL", "trace")], &[("listen", "--listen", "x")]);
    let mut told: Vec<String> = found.mistakes.iter().map(|m| m.to_string().rsplit('/').next().unwrap().to_string()).collect();
    told.sort();
    let wanted = [
        "--listen: `listen` “x” is no address with a port\n    mend: write e.g. \"127.0.0.1:8420\"",
        "SHIRUBE_LISTENN: there is no setting `SHIRUBE_LISTENN`\n    mend: did you mean `SHIRUBE_LISTEN`?",
        "SHIRUBE_LOG_LEVEL: `log.level` “trace” is none of error, warn, info, debug\n    mend: write e.g. \"info\"",
        "a.toml:1: there is no setting `lisen`\n    mend: did you mean `listen`?",
        "a.toml:2: `listen` “nowhere” is no address with a port\n    mend: write e.g. \"127.0.0.1:8420\"",
        "a.toml:3: `allowed_hosts` is no list\n    mend: write e.g. [\"plan.example.jp\"]",
        "a.toml:5: `limits.burst` “many” is no whole number from 1 to 1048576\n    mend: write e.g. 500",
        "a.toml:6: there is no setting `limits.brust`\n    mend: did you mean `limits.burst`?",
    ];
    assert_eq!(told[..8], wanted);
    assert!(told[8].starts_with("a.toml:7: there is no setting `colour`\n    mend: remove it; known are data, pack,"), "{}", told[8]);
    assert_eq!(with("a = [\n", &[], &[]).1.mistakes.len(), 1);
}

#[test]
fn a_setting_whose_strongest_word_is_mistaken_has_no_value() {
    let wrong = "listen = \"nowhere\"\n";
    let (_folder, found) = with(wrong, &[], &[]);
    assert!(found.is_mistaken("listen") && found.origin("listen").to_string().ends_with("a.toml:1"));
    assert!(!found.is_mistaken("limits.burst"));
    let (_folder, found) = with(wrong, &[("SHIRUBE_LISTEN", "127.0.0.1:2")], &[]);
    assert_eq!((found.is_mistaken("listen"), found.mistakes.len()), (false, 1), "what goes over it is in force");
    let (_folder, found) = with("listen = \"127.0.0.1:1\"\n", &[("SHIRUBE_LISTEN", "nowhere")], &[]);
    assert!(found.is_mistaken("listen") && found.origin("listen").to_string() == "SHIRUBE_LISTEN");
    let (_folder, found) = with("listen = [\n", &[("SHIRUBE_LIMITS_BURST", "8")], &[]);
    assert!(found.is_mistaken("listen") && found.is_mistaken("mail.from"), "any may stand in a file that does not read");
    assert!(!found.is_mistaken("limits.burst"));
    let (_folder, found) = with("[oidc]\nissuer = \"id.example.jp\"\nclient_id = \"shirube\"\n", &[], &[]);
    assert!(matches!(found.mistakes[..], [Mistake::Value { name: "oidc.issuer", .. }]), "it is not told as missing: {:?}", found.mistakes);
}

#[test]
fn the_data_folder_may_hold_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), "data = \"x\"\nlisten = \"127.0.0.1:9\"\n").unwrap();
    let values = vec![("data", "--data", folder.path().display().to_string())];
    let found = read(&Arguments { config: None, values }, []);
    assert_eq!(found.config.listen.port(), 9);
    assert!(matches!(&found.mistakes[..], [Mistake::MovesItself { .. }]), "{:?}", found.mistakes);
}

#[test]
fn every_default_can_be_written_down() {
    let mut config = Config::default();
    for key in KEYS.iter().filter(|k| !["pack", "public_url"].contains(&k.name)) {
        let shown = (key.show)(&config);
        assert_eq!((key.take)(&mut config, &shown), Ok(()), "{}", key.name);
        assert_eq!((key.show)(&config), shown, "{}", key.name);
    }
}

#[test]
fn the_public_address_is_allowed_and_decides_on_https() {
    let mut config = Config::default();
    for (url, host) in [
        ("https://plan.example.jp", "plan.example.jp"),
        ("http://plan.example.jp:8080/", "plan.example.jp"),
        ("http://[2001:db8::1]:80", "2001:db8::1"),
    ] {
        let key = KEYS.iter().find(|k| k.name == "public_url").unwrap();
        (key.take)(&mut config, url).unwrap();
        let site = config.site();
        assert_eq!((site.hosts[0].as_str(), site.https), (host, url.starts_with("https")));
    }
    assert!(config.doubts()[0].contains("trusted_proxies"));
    for wrong in ["plan.example.jp", "https://", "https://a/b", "ftp://a"] {
        let key = KEYS.iter().find(|k| k.name == "public_url").unwrap();
        assert!((key.take)(&mut config, wrong).is_err(), "{wrong}");
    }
}

#[test]
fn object_storage_is_set_as_a_whole_and_its_secret_is_never_shown() {
    let part = "[files]\ns3_endpoint = \"https://s3.example.jp\"\ns3_bucket = \"b\"\n";
    let (_folder, found) = with(part, &[("SHIRUBE_FILES_S3_ACCESS_KEY", "a")], &[]);
    assert_eq!(found.mistakes, [Mistake::Incomplete { of: "object storage", missing: vec!["files.s3_secret_key"] }]);
    let (_folder, found) = with(part, &[("SHIRUBE_FILES_S3_ACCESS_KEY", "a"), ("SHIRUBE_FILES_S3_SECRET_KEY", "hush")], &[]);
    assert_eq!(found.mistakes, []);
    let place = found.config.files.place();
    assert!(matches!(&place, FilesPlace::Bucket(bucket) if bucket.name == "b") && !format!("{place:?}").contains("hush"));
    assert!(matches!(with("", &[], &[]).1.config.files.place(), FilesPlace::Folder));
}

#[test]
fn who_must_have_a_second_factor_is_one_of_three_words() {
    assert_eq!(with("", &[], &[]).1.config.second_factor, SecondFactor::Owners);
    assert_eq!(with("second_factor = \"everyone\"\n", &[], &[]).1.config.second_factor, SecondFactor::Everyone);
    assert_eq!(with("second_factor = \"optional\"\n", &[], &[]).1.config.second_factor, SecondFactor::Optional);
    assert_eq!(with("second_factor = \"never\"\n", &[], &[]).1.mistakes.len(), 1);
}

#[test]
fn signing_in_over_an_open_network_without_https_is_doubted() {
    let clear = |file: &str| with(file, &[], &[]).1.config.doubts().iter().any(|d| d.contains("in clear"));
    assert!(clear("listen = \"0.0.0.0:8420\"\n"));
    assert!(clear("listen = \"0.0.0.0:8420\"\npublic_url = \"http://plan.example.jp\"\n"));
    assert!(!clear("listen = \"0.0.0.0:8420\"\npublic_url = \"https://plan.example.jp\"\n"));
    assert!(!clear("listen = \"127.0.0.1:8420\"\npublic_url = \"http://plan.example.jp\"\n"), "a proxy on this machine");
    assert!(!clear("listen = \"0.0.0.0:8420\"\naccounts = \"off\"\n"), "nobody signs in");
}

#[test]
fn a_provider_is_set_with_its_issuer_and_our_name_there_and_the_secret_is_never_shown() {
    let issuer = "[oidc]\nissuer = \"https://id.example.jp/realm\"\n";
    let (_folder, found) = with(issuer, &[("SHIRUBE_OIDC_CLIENT_SECRET", "hush")], &[]);
    assert_eq!(found.mistakes, [Mistake::Incomplete { of: "sign-in by a provider", missing: vec!["oidc.client_id"] }]);
    let (_folder, found) = with("[oidc]\nname = \"Ministry\"\n", &[], &[]);
    assert_eq!(found.mistakes, [Mistake::Incomplete { of: "sign-in by a provider", missing: vec!["oidc.issuer", "oidc.client_id"] }]);
    let (_folder, found) = with(issuer, &[("SHIRUBE_OIDC_CLIENT_ID", "shirube"), ("SHIRUBE_OIDC_CLIENT_SECRET", "hush")], &[]);
    assert_eq!(found.mistakes, []);
    let provider = found.config.oidc.provider().unwrap();
    assert_eq!((provider.name.as_str(), provider.issuer()), ("id.example.jp", "https://id.example.jp/realm"));
    assert!(!format!("{provider:?}").contains("hush"));
    assert!(found.config.doubts().iter().any(|doubt| doubt.starts_with("oidc: nobody signs in")));
    assert!(with("", &[], &[]).1.config.oidc.provider().is_none());
    for wrong in ["http://id.example.jp", "id.example.jp", "https://id.example.jp/?a=b"] {
        let (_folder, found) = with("", &[("SHIRUBE_OIDC_ISSUER", wrong)], &[]);
        assert!(matches!(found.mistakes[..], [Mistake::Value { name: "oidc.issuer", .. }, ..]), "{wrong}");
    }
    for near in ["http://127.0.0.1:9", "none"] {
        assert_eq!(
            with("", &[("SHIRUBE_OIDC_ISSUER", near), ("SHIRUBE_OIDC_CLIENT_ID", "x")], &[]).1.mistakes.len(),
            usize::from(near == "none")
        );
    }
}

#[test]
fn mail_is_set_as_a_whole_with_the_portals_address_and_its_password_is_never_shown() {
    let part = "public_url = \"https://plan.example.jp\"\n[mail]\nserver = \"smtp://mail.example.jp\"\n";
    let (_folder, found) = with(part, &[("SHIRUBE_MAIL_USER", "plan")], &[]);
    assert_eq!(found.mistakes, [Mistake::Incomplete { of: "mail", missing: vec!["mail.from", "mail.password"] }]);
    assert!(found.mistakes[0].to_string().contains("mail.from, mail.password: not set, and the other settings of mail are"));
    let (_folder, found) = with("[mail]\nserver = \"smtps://mail.example.jp\"\nfrom = \"a@example.jp\"\n", &[], &[]);
    assert_eq!(found.mistakes, [Mistake::Incomplete { of: "mail", missing: vec!["public_url"] }]);
    let variables = [("SHIRUBE_MAIL_USER", "plan"), ("SHIRUBE_MAIL_PASSWORD", "hush"), ("SHIRUBE_MAIL_FROM", "計画 <plan@example.jp>")];
    let (_folder, found) = with(part, &variables, &[]);
    assert_eq!(found.mistakes, []);
    assert!(!format!("{:?}", found.config).contains("hush"));
    assert!(found.config.mail.mailer().unwrap().is_some());
    assert!(with("", &[], &[]).1.config.mail.mailer().unwrap().is_none());
    let (_folder, found) = with("", &[("SHIRUBE_MAIL_SERVER", "smtp://ann:hush@host"), ("SHIRUBE_MAIL_FROM", "a@b\nBcc: c@d")], &[]);
    assert!(found.mistakes.iter().all(|m| matches!(m, Mistake::Value { .. }) && !m.to_string().contains("hush")), "{:?}", found.mistakes);
    assert_eq!(found.mistakes.len(), 2);
}

#[test]
fn traces_go_to_an_address_that_a_path_can_stand_behind_and_in_clear_with_a_doubt() {
    assert!(with("", &[], &[]).1.config.traces.is_none());
    for (address, doubted) in
        [("http://127.0.0.1:4318", false), ("https://otlp.example.jp/in", false), ("http://otlp.example.jp:4318", true)]
    {
        let (_folder, found) = with(&format!("[traces]\nendpoint = \"{address}\"\n"), &[], &[]);
        assert_eq!((found.mistakes.len(), found.config.traces.as_ref().map(|url| url.expose())), (0, Some(address)));
        assert_eq!(found.config.doubts().iter().any(|doubt| doubt.starts_with("traces.endpoint")), doubted, "{address}");
    }
    for wrong in ["127.0.0.1:4318", "http://127.0.0.1:4318/?key=hush", "grpc://127.0.0.1:4317", "https://ann:hush@otlp.example.jp"] {
        let (_folder, found) = with("", &[("SHIRUBE_TRACES_ENDPOINT", wrong)], &[]);
        assert!(
            matches!(&found.mistakes[..], [m @ Mistake::Value { name: "traces.endpoint", .. }] if !m.to_string().contains("hush")),
            "{wrong}"
        );
    }
}
