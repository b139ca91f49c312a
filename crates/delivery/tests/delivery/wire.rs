use std::io::{self, Read, Write};

/// A connection, encrypted or not.
pub(crate) trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

pub(crate) fn say(stream: &mut dyn Stream, reply: &str) -> io::Result<()> {
    stream.write_all(format!("{reply}\r\n").as_bytes())?;
    stream.flush()
}

/// One line, to its CR LF, byte by byte: what follows may be TLS.
pub(crate) fn read_line(stream: &mut dyn Stream) -> io::Result<String> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while !line.ends_with(b"\r\n") {
        stream.read_exact(&mut byte)?;
        line.push(byte[0]);
    }
    line.truncate(line.len() - 2);
    String::from_utf8(line).map_err(io::Error::other)
}

pub(crate) fn between(text: &str, open: char, close: char) -> String {
    text.split_once(open)
        .and_then(|(_, rest)| rest.split_once(close))
        .map(|(inner, _)| inner.to_owned())
        .unwrap()
}
