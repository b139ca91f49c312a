//! Contents of uploaded objects, in a folder or in a bucket of S3: sealed ones under a key for each of them, and
//! beside them the objects that clients store under keys of their own.
//!
//! [`SealedBlobs`] seals and opens; a [`BlobStore`] keeps bytes it cannot read: a [`Folder`], or [`S3`] at any
//! endpoint that speaks its protocol. A sealed content is known to a store by its id alone, as `<xx>/<yy>/<id>`,
//! where `xx` and `yy` are the id's last and last but one byte: neither a file name nor anything else of its owner
//! gets there. In a folder that is its path; in a bucket `.clavis/` stands before it, which no object's key begins
//! with, so a folder's sealed contents can be copied there and served from there.
//!
//! # What a sealed content is, byte by byte
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
//!
//! # Where objects are
//!
//! Both stores keep [objects](clavis_flows::Objects) as they are, with a [description](clavis_files::Description) of
//! at most 2 KiB, and both take the same descriptions: names that a header can have.
//!
//! In a bucket an object's key is the prefix of the setting and the [`ObjectKey`](clavis_files::ObjectKey) as it is
//! written; `a%20b.txt` is stored under these nine characters. Its metadata are `x-amz-meta-…`, and what is no plain
//! ASCII in them is sent and read as encoded words (RFC 2047), as S3 has it. Tag and time are the bucket's. Whether
//! something stands there already is asked before, and told to the server as `If-None-Match` and `If-Match`: one that
//! does not know these may let two who put at the same time both succeed, the later one over the other. Content
//! of more than 8 MiB is uploaded in parts, which a [sweep](BlobStore::sweep) aborts when nobody has ended the upload.
//! Describing an object anew copies it onto itself, which S3 does up to 5 GiB.
//!
//! In a folder an object below `objects/` is an entry, a small JSON file that names the content and describes it, and
//! beside it the content. Whoever puts writes the content under `unfinished/`, flushes it, gives it a name of its own
//! beside the entry, replaces the entry by one rename, and removes the content before. So a reader sees the one or the
//! other, and goes on reading what it has open; a crash leaves at most a content that no entry names, which a sweep
//! removes. Changes of one object wait for each other, also in different processes, at a file of `locks/`. The tag is
//! the MD5 digest of the content, as S3 has it for what was uploaded in one request; the time is the entry file's.

mod description;
mod folder;
mod location;
mod name;
mod s3;
mod sealed;
mod store;

pub use folder::Folder;
pub use location::{BlobLocation, BlobSetupError, BlobUrlError, OpenLocation, S3Credentials, S3Location};
pub use s3::{Patience, S3};
pub use sealed::SealedBlobs;
pub use store::{BlobStore, ListedBlob};
