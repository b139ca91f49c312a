use clavis_files::Description;
use clavis_flows::BlobError;

/// Most that names and values have together in bytes: what S3 takes.
const MOST_METADATA: usize = 2 * 1024;
const LONGEST_CONTENT_TYPE: usize = 255;

/// Whether a description can be kept anywhere: a folder takes no other than a bucket does, where a name is that of a
/// header (RFC 9110 §5.1) and the content type is one's value.
pub(crate) fn check(description: &Description) -> Result<(), BlobError> {
    let metadata = &description.metadata;
    let size: usize = metadata
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > MOST_METADATA {
        return Err(BlobError::TooLarge);
    }
    let content_type = description.content_type.as_str();
    let is_type = (1..=LONGEST_CONTENT_TYPE).contains(&content_type.len())
        && content_type.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && content_type.trim() == content_type;
    if !is_type {
        return Err(BlobError::unavailable(
            "an object's content type is no header's value",
        ));
    }
    if !metadata.keys().all(|name| is_name(name)) {
        return Err(BlobError::unavailable(
            "a name in an object's metadata is no header's name",
        ));
    }
    Ok(())
}

/// A header's name in lower case.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
        })
}
