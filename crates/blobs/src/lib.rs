//! Contents of uploaded objects: in a folder or in a bucket of S3, sealed under a key for each of them.
//!
//! [`SealedBlobs`] seals and opens; a [`BlobStore`] keeps bytes it cannot read: a [`Folder`], or [`S3`] at any
//! endpoint that speaks its protocol. An object is known to a store by its id alone, as `<xx>/<yy>/<id>`, where `xx`
//! and `yy` are the id's last and last but one byte: neither a file name nor anything else of its owner gets there.
//! Both stores use the same names, so a folder can be copied into a bucket and served from there.
//!
//! # What a stored object is, byte by byte
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 7 | `clavisb` in ASCII |
//! | 7 | 1 | the version of this format, 1 |
//! | 8 | 1 | the size of a chunk as a power of two, 16: 65,536 bytes |
//! | 9 | 7 | random: the nonces' prefix |
//! | 16 | 65,536 + 16 | chunk 0: its ciphertext, then its tag |
//! | 65,568 | 65,536 + 16 | chunk 1 |
//! | … | at most 65,536 + 16 | the last chunk; it has no plain byte only when the whole content has none |
//!
//! Each chunk is AES-256-GCM under the object's key (STREAM, "Online Authenticated-Encryption and its Nonce-Reuse
//! Misuse-Resistance", 2015). Its nonce has 12 bytes: the prefix, the chunk's number (4 bytes, the most significant
//! first), and 1 for the last chunk, 0 for the others. Its associated data are the first 16 bytes of the object and
//! the 16 bytes of the object's id. So no chunk opens in another place or object, and none can be missing.
//!
//! The key is random, used for one content, and kept by the caller, sealed by the master key for
//! [`Purpose::Blobs`](clavis_kernel::Purpose::Blobs) and bound to the object's id:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 16 | the object's first 16 bytes |
//! | 16 | 32 | the key |
//! | 48 | 8 | how many bytes the plain content has, the most significant first |
//!
//! As the sealed key tells the size, a range is opened without reading more than its chunks, and a cut or lengthened
//! object is known from one whose chunks are all there.

mod folder;
mod location;
mod name;
mod s3;
mod sealed;
mod store;

pub use folder::Folder;
pub use location::{BlobLocation, BlobSetupError, BlobUrlError, S3Credentials, S3Location};
pub use s3::{Patience, S3};
pub use sealed::SealedBlobs;
pub use store::{BlobStore, ListedBlob};
