//! A web server for the files of one folder, on this machine only.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use crate::run::Outcome;

/// Sent with every file. The page carries the same policy in itself, but for `frame-ancestors`, which only a header can say.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Bytes of a request's head; browsers send less than 2 KB.
const MAX_HEAD: u64 = 16_384;

/// A listening socket.
pub(crate) struct Server(TcpListener);

impl Server {
    /// Listens on `port` of the loopback interface; 0 for any that is free.
    pub(crate) fn bind(port: u16) -> Outcome<Self> {
        Ok(Self(TcpListener::bind((Ipv4Addr::LOCALHOST, port))?))
    }

    pub(crate) fn port(&self) -> Outcome<u16> {
        Ok(self.0.local_addr()?.port())
    }

    /// Serves the files directly in `folder`, for ever.
    pub(crate) fn serve(&self, folder: &Path) -> Outcome {
        for stream in self.0.incoming() {
            let (stream, folder) = (stream?, folder.to_owned());
            // A browser that goes away in the middle is no fault of ours.
            std::thread::spawn(move || answer(stream, &folder).ok());
        }
        Ok(())
    }
}

fn answer(mut stream: TcpStream, folder: &Path) -> Outcome {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream.try_clone()?).take(MAX_HEAD);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let name = target.split('?').next().unwrap_or_default().trim_start_matches('/');
    let name = if name.is_empty() { "index.html" } else { name };
    // A name and no path: nothing above or below the folder.
    let plain = name.chars().all(|character| character.is_ascii_alphanumeric() || "._-".contains(character));
    let content = if method == "GET" && plain { fs::read(folder.join(name)).ok() } else { None };
    let (status, kind) = match name.rsplit('.').next() {
        _ if content.is_none() => ("404 Not Found", "text/plain"),
        Some("html") => ("200 OK", "text/html; charset=utf-8"),
        Some("js") => ("200 OK", "text/javascript; charset=utf-8"),
        Some("css") => ("200 OK", "text/css; charset=utf-8"),
        _ => ("200 OK", "application/octet-stream"),
    };
    let content = content.unwrap_or_else(|| b"no such file\n".to_vec());
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\ncontent-security-policy: {POLICY}\r\n\
         x-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\ncache-control: no-store\r\nconnection: close\r\n\r\n",
        content.len()
    )?;
    Ok(stream.write_all(&content)?)
}
