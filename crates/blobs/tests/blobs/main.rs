//! What holds of contents, over a folder and over a bucket of a real S3 server.

#[cfg(test)]
mod bucket;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod objects_folder;
#[cfg(test)]
mod objects_limits;
#[cfg(test)]
mod objects_s3;
#[cfg(test)]
mod s3;
#[cfg(test)]
mod sealed;
#[cfg(test)]
mod shelf;
#[cfg(test)]
mod shim;
#[cfg(test)]
mod world;
