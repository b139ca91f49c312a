use std::path::Path;

use super::*;

fn bucket(url: &str) -> S3Location {
    match url.parse() {
        Ok(BlobLocation::S3(location)) => *location,
        other => panic!("{url}: {other:?}"),
    }
}

#[track_caller]
fn check_refused(expected: BlobUrlError, urls: &[&str]) {
    for url in urls {
        assert_eq!(url.parse::<BlobLocation>().err(), Some(expected), "{url}");
    }
}

#[test]
fn unset_it_is_a_folder_of_the_data_folder() {
    let location = BlobLocation::from_setting(None, Path::new("./clavis-data")).unwrap();
    assert!(matches!(location, BlobLocation::Folder(path) if path == Path::new("./clavis-data/blobs")));
}

#[test]
fn a_file_url_is_a_folder() {
    for (url, path) in [
        ("file:///var/lib/clavis/blobs", "/var/lib/clavis/blobs"),
        (" file:///var/lib/my%20blobs\n", "/var/lib/my blobs"),
        ("file://localhost/srv/blobs", "/srv/blobs"),
        ("file://./clavis-data/blobs", "./clavis-data/blobs"),
        ("file://localhosts", "localhosts"),
    ] {
        let parsed: BlobLocation = url.parse().unwrap();
        assert!(
            matches!(&parsed, BlobLocation::Folder(folder) if folder == Path::new(path)),
            "{url}: {parsed:?}"
        );
    }
    check_refused(
        BlobUrlError::Path,
        &[
            "file://",
            "file:///a?b",
            "file:///a#b",
            "file:///%ff",
            "file:///a%00b",
        ],
    );
}

#[test]
fn a_bucket_is_at_amazon_or_at_an_endpoint() {
    for (url, place) in [
        ("s3://clavis", "https://clavis.s3.us-east-1.amazonaws.com/"),
        (
            "s3://clavis?region=eu-west-3",
            "https://clavis.s3.eu-west-3.amazonaws.com/",
        ),
        (
            "s3://my.bucket?path_style=true",
            "https://s3.us-east-1.amazonaws.com/my.bucket/",
        ),
        (
            "s3://clavis?endpoint=http://127.0.0.1:9000",
            "http://127.0.0.1:9000/clavis/",
        ),
        (
            "s3://clavis?endpoint=http%3A%2F%2Fminio%3A9000%2F",
            "http://minio:9000/clavis/",
        ),
        (
            "s3://clavis/a/b-c/?endpoint=https://s3.example.org",
            "https://s3.example.org/clavis/a/b-c/",
        ),
        (
            "s3://clavis?endpoint=https://s3.example.org&path_style=false",
            "https://clavis.s3.example.org/",
        ),
    ] {
        assert_eq!(bucket(url).to_string(), place, "{url}");
    }
}

#[test]
fn credentials_come_from_the_user_or_from_parameters_and_are_never_shown() {
    for url in [
        "s3://AKIA7:hunter%2F2%2B@clavis",
        "s3://clavis?access_key_id=AKIA7&secret_access_key=hunter/2+",
        "s3://clavis?access_key_id=AKIA7&secret_access_key=hunter%2F2%2B",
    ] {
        let location = bucket(url);
        let credentials = location.credentials().unwrap();
        assert_eq!(credentials.access_key_id, "AKIA7");
        assert_eq!(credentials.secret_access_key.expose(), "hunter/2+");
        let shown = format!("{location:?} {credentials:?} {location}");
        assert!(!shown.contains("hunter"), "{shown}");
    }
    let temporary = bucket("s3://AKIA7:hunter2@clavis?session_token=t");
    assert!(temporary.credentials().unwrap().session_token.is_some());
    assert!(bucket("s3://clavis").credentials().is_none());
}

#[test]
fn what_is_wrong_is_told_without_the_url() {
    check_refused(
        BlobUrlError::NotAUrl,
        &[
            "",
            "blobs",
            "/var/lib/blobs",
            "https://s3.example.org/b",
            "s3:clavis",
            "s3://AKIA7:a/b@clavis",
        ],
    );
    check_refused(
        BlobUrlError::Bucket,
        &[
            "s3:///clavis",
            "s3://ab",
            "s3://Clavis",
            "s3://cla%20vis",
            "s3://a..b",
            "s3://.clavis",
        ],
    );
    check_refused(BlobUrlError::Port, &["s3://clavis:9000", "s3://clavis#x"]);
    check_refused(
        BlobUrlError::Prefix,
        &["s3://clavis/a//b", "s3://clavis/a%20b", "s3://clavis/ü"],
    );
    check_refused(
        BlobUrlError::Endpoint,
        &[
            "s3://clavis?endpoint=minio:9000",
            "s3://clavis?endpoint=",
            "s3://clavis?endpoint=ftp://minio",
            "s3://clavis?endpoint=http://user:hunter2@minio",
            "s3://clavis?endpoint=http://minio:0",
            "s3://clavis?endpoint=http://minio?x",
        ],
    );
    check_refused(
        BlobUrlError::Region,
        &["s3://clavis?region=", "s3://clavis?region=a/b"],
    );
    check_refused(
        BlobUrlError::PathStyle,
        &[
            "s3://clavis?path_style=yes",
            "s3://clavis?endpoint=http://127.0.0.1:9000&path_style=false",
        ],
    );
    check_refused(
        BlobUrlError::Credentials,
        &[
            "s3://AKIA7@clavis",
            "s3://:hunter2@clavis",
            "s3://AKIA7:@clavis",
            "s3://AKIA7:a%0Ab@clavis",
            "s3://AKIA7:%ff@clavis",
            "s3://clavis?access_key_id=AKIA7",
            "s3://clavis?secret_access_key=hunter2",
            "s3://clavis?session_token=t",
            "s3://AKIA7:hunter2@clavis?access_key_id=AKIA7&secret_access_key=hunter2",
            "s3://AKIA7:hunter2@clavis?access_key_id=AKIA7",
        ],
    );
    check_refused(
        BlobUrlError::Parameter,
        &[
            "s3://clavis?acl=public",
            "s3://clavis?region=a&region=b",
            "s3://clavis?region",
            "s3://clavis?region=%ff",
        ],
    );
}

#[test]
fn a_bucket_opens_with_one_pair_of_credentials() {
    let pair = || {
        Some(S3Credentials {
            access_key_id: "AKIA7".to_owned(),
            secret_access_key: clavis_kernel::Secret::new("hunter2"),
            session_token: None,
        })
    };
    let open = |url: &str, credentials| {
        url.parse::<BlobLocation>()
            .unwrap()
            .open(credentials, None)
            .map(drop)
    };
    assert!(open("s3://clavis", pair()).is_ok());
    assert!(open("s3://AKIA7:hunter2@clavis", None).is_ok());
    assert!(matches!(
        open("s3://clavis", None),
        Err(BlobSetupError::NoCredentials)
    ));
    assert!(matches!(
        open("s3://AKIA7:hunter2@clavis", pair()),
        Err(BlobSetupError::TwoCredentials)
    ));
}

#[test]
fn a_folder_that_cannot_be_made_is_told_by_its_path() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let url = format!("file://{}/blobs", file.path().display());
    let refused = url
        .parse::<BlobLocation>()
        .unwrap()
        .open(None, None)
        .map(drop)
        .unwrap_err();
    assert!(
        refused.to_string().contains(&*file.path().display().to_string()),
        "{refused}"
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_reading_a_url_panic(text in "(s3://|file://)?.{0,40}") {
        let _ = text.parse::<BlobLocation>();
    }
}
