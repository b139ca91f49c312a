use proptest::prelude::*;

use super::*;

fn one_signer(algorithm: &str, value: &str) -> String {
    format!(
        "keychain:\n  applogic:\n    algorithm: {algorithm}\n    value: \"{value}\"\n\
         scopes:\n  read_users:\n    mandatory_signers:\n      - applogic\n    permitted_signers:\n      - applogic\n"
    )
}

#[track_caller]
fn refused_signer(algorithm: &str, value: &str, reason: SignerKeyError) {
    let error = Keychain::parse(&one_signer(algorithm, value)).unwrap_err();
    let signer = "applogic".to_owned();
    assert_eq!(error, KeychainError::Signer { signer, reason });
    assert!(value.is_empty() || !error.to_string().contains(value));
}

#[track_caller]
fn refused_file(yaml: &str, expected: &str) {
    assert_eq!(Keychain::parse(yaml).unwrap_err().to_string(), expected);
}

#[test]
fn a_key_of_every_algorithm_verifies_what_it_signed() {
    let (rsa, es512) = (rsa(2048), ec(Nid::SECP521R1));
    for (algorithm, key) in [
        ("RS256", &rsa),
        ("RS384", &rsa),
        ("RS512", &rsa),
        ("PS256", &rsa),
        ("PS384", &rsa),
        ("PS512", &rsa),
        ("ES256", &world().jeff.key),
        ("ES384", &world().james.key),
        ("ES512", &es512),
    ] {
        let server = Server {
            name: "applogic",
            algorithm,
            key: key.clone(),
        };
        let keychain = Keychain::parse(&one_signer(algorithm, &value(key))).unwrap();
        let request = request(&payload(), &[server.sign(&payload())]).to_string();
        let verified = keychain.verify(request.as_bytes(), "read_users", now());
        assert!(verified.is_ok(), "{algorithm}");
        assert_eq!(keychain.signers().collect::<Vec<_>>(), ["applogic"]);
        assert_eq!(keychain.scopes().collect::<Vec<_>>(), ["read_users"]);
    }
}

#[test]
fn a_value_is_read_in_every_spelling_of_base64() {
    let key = &world().alex.key;
    let pkcs1 = key.rsa().unwrap().public_key_to_pem_pkcs1().unwrap();
    let plain = value(key);
    let folded = plain
        .as_bytes()
        .chunks(60)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect::<Vec<_>>()
        .join("\n      ");
    for value in [
        STANDARD.encode(pkcs1),
        plain.trim_end_matches('=').to_owned(),
        plain.replace('+', "-").replace('/', "_"),
        folded,
    ] {
        assert!(Keychain::parse(&one_signer("RS256", &value)).is_ok());
    }
}

#[test]
fn only_algorithms_with_a_public_key_are_taken() {
    let value = value(&world().alex.key);
    for algorithm in ["HS256", "HS512", "none", "None", "rs256", "EdDSA", "RS1", "\"\""] {
        refused_signer(algorithm, &value, SignerKeyError::Algorithm);
    }
}

#[test]
fn a_key_fits_its_algorithm() {
    let (es256, es384) = (value(&world().jeff.key), value(&world().james.key));
    let rs256 = value(&world().alex.key);
    for (algorithm, value) in [
        ("RS256", &es256),
        ("PS256", &es256),
        ("ES256", &rs256),
        ("ES256", &es384),
        ("ES384", &es256),
        ("ES512", &es384),
        ("ES256", &value(&ec(Nid::SECP256K1))),
        ("RS256", &value(&rsa(1024))),
        ("PS512", &value(&rsa(1024))),
        ("RS256", &value(&PKey::generate_ed25519().unwrap())),
    ] {
        refused_signer(algorithm, value, SignerKeyError::Unfit);
    }
}

#[test]
fn a_value_is_a_public_key_in_pem() {
    let key = &world().alex.key;
    refused_signer("RS256", "LS0t*", SignerKeyError::NotBase64);
    refused_signer("RS256", "é", SignerKeyError::NotBase64);
    refused_signer("RS256", "", SignerKeyError::NotPem);
    refused_signer("RS256", "AAAA", SignerKeyError::NotPem);
    let der = STANDARD.encode(key.public_key_to_der().unwrap());
    refused_signer("RS256", &der, SignerKeyError::NotPem);
    for private in [
        key.private_key_to_pem_pkcs8().unwrap(),
        key.rsa().unwrap().private_key_to_pem().unwrap(),
    ] {
        refused_signer("RS256", &STANDARD.encode(private), SignerKeyError::Private);
    }
}

#[test]
fn a_scope_names_signers_of_the_keychain() {
    let yaml = one_signer("RS256", &value(&world().alex.key));
    for list in ["mandatory_signers", "permitted_signers"] {
        let strange = yaml.replace(
            &format!("{list}:\n      - applogic"),
            &format!("{list}:\n      - applogic\n      - sonic"),
        );
        refused_file(
            &strange,
            "scopes.read_users: the signer sonic is not in the keychain",
        );
    }
}

#[test]
fn a_file_without_signers_is_the_empty_keychain() {
    for yaml in [
        "",
        "# nothing\n",
        "---\n",
        "keychain:\nscopes:\n",
        "keychain: {}\nscopes: {}\njwt: {}\n",
        "keychain: ~\njwt: null",
        "\u{feff}keychain: {}\r\nscopes: {}\r\n",
    ] {
        let keychain = Keychain::parse(yaml).unwrap();
        assert_eq!(keychain.signers().count() + keychain.scopes().count(), 0);
    }
}

#[test]
fn a_name_without_meaning_is_an_error() {
    let yaml = one_signer("RS256", &value(&world().alex.key));
    for (from, to, expected) in [
        (
            "keychain:",
            "keychains:",
            "scopes.read_users: the signer applogic is not in the keychain",
        ),
        ("scopes:", "scope:", "scope: the sections are keychain and scopes"),
        (
            "mandatory_signers",
            "mandatory_signer",
            "scopes.read_users.mandatory_signers: a list of signers' names belongs here",
        ),
        (
            "permitted_signers:\n",
            "minimum: 1\n    permitted_signers:\n",
            "scopes.read_users.minimum: a scope has mandatory_signers and permitted_signers",
        ),
        (
            "algorithm: RS256",
            "algorithm: RS256\n    use: sig",
            "keychain.applogic.use: a signer has algorithm and value",
        ),
        (
            "algorithm:",
            "alg:",
            "keychain.applogic.algorithm: the name of a JWS algorithm belongs here",
        ),
        (
            "scopes:",
            "jwt:\n  verify_expiration: false\nscopes:",
            "jwt: there are no options",
        ),
        (
            "scopes:",
            "keychain: {}\nscopes:",
            "line 5: the name is given twice",
        ),
    ] {
        refused_file(&yaml.replacen(from, to, 1), expected);
    }
}

#[test]
fn every_part_has_its_shape() {
    for (yaml, expected) in [
        ("text", "the file: a mapping belongs here"),
        ("- keychain", "the file: a mapping belongs here"),
        ("keychain: []", "keychain: a mapping belongs here"),
        ("keychain: { a: b }", "keychain.a: a mapping belongs here"),
        (
            "keychain: { a: { algorithm: [RS256] } }",
            "keychain.a.algorithm: the name of a JWS algorithm belongs here",
        ),
        (
            "keychain: { a: { algorithm: RS256, value: ~ } }",
            "keychain.a.value: a public key in PEM, in base64, belongs here",
        ),
        (
            "scopes: { s: { mandatory_signers: a, permitted_signers: [] } }",
            "scopes.s.mandatory_signers: a list of signers' names belongs here",
        ),
        (
            "scopes: { s: { mandatory_signers: [], permitted_signers: [~] } }",
            "scopes.s.permitted_signers: a list of signers' names belongs here",
        ),
        (
            "scopes: { s: { mandatory_signers: [] } }",
            "scopes.s.permitted_signers: a list of signers' names belongs here",
        ),
        ("[a]: b", "line 1: too deeply nested"),
        ("~: b", "line 1: a name is a text"),
        ("a: b\n---\nc: d", "line 2: a keychain is one document"),
        ("a: { b: { c: { d: { e: f } } } }", "line 1: too deeply nested"),
    ] {
        refused_file(yaml, expected);
    }
}

#[test]
fn a_bomb_is_refused_where_it_begins() {
    let mut laughs = "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for pair in ["ab", "bc", "cd", "de", "ef", "fg", "gh", "hi"] {
        let (from, to) = pair.split_at(1);
        let nine = vec![format!("*{from}"); 9].join(", ");
        writeln!(laughs, "{to}: &{to} [{nine}]").unwrap();
    }
    refused_file(&laughs, "line 1: anchors and tags are not allowed");
    refused_file(
        "keychain: &x\n  a: *x",
        "line 1: anchors and tags are not allowed",
    );
    refused_file(
        "keychain: !ruby/object:Gem {}",
        "line 1: anchors and tags are not allowed",
    );
    refused_file("keychain: !!str a", "line 1: anchors and tags are not allowed");
    refused_file("&x keychain: {}", "line 1: anchors and tags are not allowed");
    refused_file("keychain: *x", "line 1: while parsing node, found unknown anchor");
}

#[test]
fn a_file_is_bounded() {
    let long = format!("# {}\n", "a".repeat(256 * 1024));
    assert!(matches!(
        Keychain::parse(&long),
        Err(KeychainError::TooLong { .. })
    ));
    for unit in [
        "[", "{", "- ", "? ", ": ", "a: ", "{a: ", "[a, ", "\"", "'", "|\n", "!", "%", "---\n", "\t", "\n ",
        "a\n",
    ] {
        let hostile = unit.repeat(200_000 / unit.len());
        let _ = Keychain::parse(&hostile);
        let _ = Keychain::parse(&format!("keychain: {hostile}"));
        let mut indented = String::new();
        for depth in 0..600 {
            writeln!(indented, "{}{unit}", " ".repeat(depth % 400)).unwrap();
        }
        let _ = Keychain::parse(&indented);
    }
}

proptest! {
    #[test]
    fn no_file_makes_reading_panic(yaml in "[a-c:{}\\[\\],&*!|>'\"%@`#?\\- \n\t~0é]{0,120}") {
        let _ = Keychain::parse(&yaml);
        let _ = Keychain::parse(&format!("keychain:\n  {yaml}"));
    }
}
