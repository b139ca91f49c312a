use std::fmt;
use std::str::FromStr;

use crate::{DocumentExtension, MAX_DOCUMENT_BYTES};

mod jpeg;
mod picture;
mod png;

/// A PDF says which version it has.
const PDF_STARTS: [&[u8]; 2] = [b"%PDF-1.", b"%PDF-2."];
/// What stands at the end of a PDF, within the last [`PDF_TAIL_BYTES`].
const PDF_END: &[u8] = b"%%EOF";
const PDF_TAIL_BYTES: usize = 1024;

/// What the content of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// `image/jpeg`.
    Jpeg,
    /// `image/png`.
    Png,
    /// `application/pdf`.
    Pdf,
}

/// The text names no media type of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a media type of documents; image/jpeg, image/png or application/pdf")]
pub struct UnknownMediaType;

/// The content of a document, examined: what is kept and given back.
///
/// A picture was decoded and encoded again, turned as its camera said, so nothing of what was sent is in it but
/// the picture. A PDF is as it came, and is only ever given back as an attachment.
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    content: Vec<u8>,
    media_type: MediaType,
}

/// Why the content of a file is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// There is not a byte.
    #[error("the file is empty")]
    Empty,
    /// More bytes than are taken, or the picture would take more when it is encoded again.
    #[error("the file is too large")]
    TooLarge,
    /// It begins like no JPEG, PNG or PDF.
    #[error("the file is neither JPEG, PNG nor PDF")]
    UnknownContent,
    /// It is a picture that is called PDF, or the other way round.
    #[error("the file is not what its name says")]
    Mismatch,
    /// It is cut short or damaged.
    #[error("the file is damaged")]
    Damaged,
    /// A picture with more pixels than are decoded.
    #[error("the picture has too many pixels")]
    TooManyPixels,
}

impl MediaType {
    /// As it is stored and sent.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
        }
    }

    /// What the name of such a file ends in.
    pub fn extension(self) -> DocumentExtension {
        match self {
            Self::Jpeg => DocumentExtension::Jpg,
            Self::Png => DocumentExtension::Png,
            Self::Pdf => DocumentExtension::Pdf,
        }
    }

    /// What content is by its first bytes.
    fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(jpeg::START) {
            Some(Self::Jpeg)
        } else if bytes.starts_with(png::START) {
            Some(Self::Png)
        } else if PDF_STARTS.iter().any(|start| bytes.starts_with(start)) {
            Some(Self::Pdf)
        } else {
            None
        }
    }
}

impl FromStr for MediaType {
    type Err = UnknownMediaType;

    fn from_str(text: &str) -> Result<Self, UnknownMediaType> {
        [Self::Jpeg, Self::Png, Self::Pdf]
            .into_iter()
            .find(|media_type| media_type.mime() == text)
            .ok_or(UnknownMediaType)
    }
}

impl Upload {
    /// Examines the bytes of a file whose name ends in this extension.
    ///
    /// It takes seconds of work and up to 400 MB of memory for the largest pictures: the caller bounds how many
    /// run at once, and takes a panic of a decoder for [`UploadError::Damaged`].
    pub fn examine(bytes: &[u8], extension: DocumentExtension) -> Result<Self, UploadError> {
        if bytes.is_empty() {
            return Err(UploadError::Empty);
        }
        if bytes.len() > MAX_DOCUMENT_BYTES {
            return Err(UploadError::TooLarge);
        }
        let media_type = MediaType::of(bytes).ok_or(UploadError::UnknownContent)?;
        // Cameras and chats rename pictures; nobody renames a PDF to one.
        if (media_type == MediaType::Pdf) != (extension == DocumentExtension::Pdf) {
            return Err(UploadError::Mismatch);
        }
        let content = match media_type {
            MediaType::Jpeg => picture::recode_jpeg(jpeg::whole(bytes).ok_or(UploadError::Damaged)?)?,
            MediaType::Png => picture::recode_png(png::whole(bytes).ok_or(UploadError::Damaged)?)?,
            MediaType::Pdf if has_end_of_pdf(bytes) => bytes.to_vec(),
            MediaType::Pdf => return Err(UploadError::Damaged),
        };
        Ok(Self { content, media_type })
    }

    /// The bytes to keep.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// The bytes to keep.
    pub fn into_content(self) -> Vec<u8> {
        self.content
    }

    /// What they are, whatever the file was called.
    pub fn media_type(&self) -> MediaType {
        self.media_type
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Upload({}, {} bytes)",
            self.media_type.mime(),
            self.content.len()
        )
    }
}

fn has_end_of_pdf(bytes: &[u8]) -> bool {
    let tail = bytes
        .get(bytes.len().saturating_sub(PDF_TAIL_BYTES)..)
        .unwrap_or_default();
    tail.windows(PDF_END.len()).any(|window| window == PDF_END)
}

#[cfg(test)]
mod tests;
