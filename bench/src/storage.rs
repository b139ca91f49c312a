//! Files that are read again and again.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use image::{ImageFormat, RgbImage};
use reqwest::blocking::Client;

use crate::server::Server;

/// Where the server looks for its rules, below the folder it is started in.
const FOLDER: &str = "custom/storage-rules";
const RULES: &str = "paths:\n  /bench/*:\n    read: 'true'\n    write: 'true'\n";
const EDGE: &str = "clavis-bench-edge";
const FILE_BYTES: usize = 4 * 1024;
/// A photograph of two megapixels.
const WIDTH: u32 = 1600;
const HEIGHT: u32 = 1200;

/// Lets everybody read and write below `/bench`.
pub(crate) fn write_rules(folder: &Path) -> Result<()> {
    let folder = folder.join(FOLDER);
    fs::create_dir_all(&folder).context("cannot make the folder of the rules")?;
    fs::write(folder.join("rules.yaml"), RULES).context("cannot write the rules")
}

/// Stores a small file, and returns where it is.
pub(crate) fn file(client: &Client, server: &Server) -> Result<&'static str> {
    let path = "/storage/o/bench/small.txt";
    store(client, server, path, "text/plain", &[b'x'; FILE_BYTES])?;
    Ok(path)
}

/// Stores a photograph, and returns where a small one of it is.
pub(crate) fn image(client: &Client, server: &Server) -> Result<&'static str> {
    let photograph = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let [red, green, blue] = [x / 7 + y / 5, x * y / 997, (x ^ y) / 3];
        image::Rgb([red, green, blue].map(|sample| u8::try_from(sample % 256).unwrap_or_default()))
    });
    let mut bytes = Cursor::new(Vec::new());
    photograph.write_to(&mut bytes, ImageFormat::Jpeg)?;
    store(
        client,
        server,
        "/storage/o/bench/photograph.jpg",
        "image/jpeg",
        bytes.get_ref(),
    )?;
    Ok("/storage/o/bench/photograph.jpg?w=320&q=80")
}

fn store(client: &Client, server: &Server, path: &str, media_type: &str, content: &[u8]) -> Result<()> {
    let head = format!(
        "--{EDGE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\
         Content-Type: {media_type}\r\n\r\n"
    );
    let body = [head.as_bytes(), content, format!("\r\n--{EDGE}--\r\n").as_bytes()].concat();
    let answer = client
        .post(server.at(path))
        .header("Content-Type", format!("multipart/form-data; boundary={EDGE}"))
        .body(body)
        .send()?;
    let status = answer.status();
    ensure!(
        status.is_success(),
        "{path} was not stored: {status} {}",
        answer.text().unwrap_or_default()
    );
    Ok(())
}
