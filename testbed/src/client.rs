//! One HTTP/1.1 request over one connection, byte for byte as the test wrote it.
//!
//! A general client would tidy up exactly what the tests are about: odd paths, header spellings, repeated headers.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// No answer of the testbed is larger.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// A request as it goes over the wire; nothing is escaped or normalised.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The request target: path and query.
    pub target: String,
    /// The headers in the given order and spelling. `Connection: close` and `Content-Length` are added.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long to wait for the answer.
    pub timeout: Duration,
}

impl Request {
    /// A request without a body to `target` of `host`.
    #[must_use]
    pub fn new(method: &str, host: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![("Host".to_owned(), host.to_owned())],
            body: Vec::new(),
            timeout: Duration::from_secs(20),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body and its type.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", content_type)
    }

    /// Sends the request to `address`.
    ///
    /// # Errors
    /// When the connection fails, times out, or what comes back is no HTTP.
    pub fn send(&self, address: SocketAddr) -> io::Result<Response> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if !self.body.is_empty() || !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"Connection: close\r\n\r\n");
        bytes.extend_from_slice(&self.body);
        send_bytes(address, &bytes, self.method == "HEAD", self.timeout)
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// HTTP status code.
    pub status: u16,
    /// Headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, transfer coding undone.
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of the header `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// All values of the header `name` (lower case).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, `Null` when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A GET of `target` at `address`.
///
/// # Errors
/// As for [`Request::send`].
pub fn fetch(address: SocketAddr, target: &str) -> io::Result<Response> {
    Request::new("GET", &address.to_string(), target).send(address)
}

/// Sends `bytes` as they are and reads one answer.
///
/// # Errors
/// As for [`Request::send`].
pub fn send_bytes(
    address: SocketAddr,
    bytes: &[u8],
    head_only: bool,
    timeout: Duration,
) -> io::Result<Response> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    stream.set_nodelay(true)?;
    // A server may answer and close before it has read a large body; what it said still counts.
    let written = stream.write_all(bytes);
    let mut received = Vec::new();
    let mut chunk = [0_u8; 16 * 1024];
    loop {
        if let Some(response) = read_answer(&received, head_only, false)? {
            return Ok(response);
        }
        let count = match stream.read(&mut chunk) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            Err(error) => return Err(error),
        };
        if count == 0 {
            break;
        }
        received.extend_from_slice(chunk.get(..count).unwrap_or_default());
        if received.len() > MAX_ANSWER_BYTES {
            return Err(io::Error::other("the answer is larger than any of the testbed"));
        }
    }
    match read_answer(&received, head_only, true)? {
        Some(response) => Ok(response),
        None => {
            written?;
            Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection closed without a whole answer"))
        }
    }
}

/// The answer in `bytes`, or `None` while it is incomplete; `closed` says that no more will come.
fn read_answer(bytes: &[u8], head_only: bool, closed: bool) -> io::Result<Option<Response>> {
    let mut rest = bytes;
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 128];
        let mut head = httparse::Response::new(&mut fields);
        let httparse::Status::Complete(length) = head.parse(rest).map_err(io::Error::other)? else {
            return Ok(None);
        };
        rest = rest.get(length..).unwrap_or_default();
        let status = head.code.unwrap_or_default();
        if (100..200).contains(&status) && status != 101 {
            continue;
        }
        let headers: Vec<(String, String)> = head
            .headers
            .iter()
            .map(|field| (field.name.to_ascii_lowercase(), String::from_utf8_lossy(field.value).into_owned()))
            .collect();
        let mut response = Response { status, headers, body: Vec::new() };
        if head_only || matches!(status, 101 | 204 | 304) {
            return Ok(Some(response));
        }
        let body = if response.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
            unchunk(rest)?
        } else if let Some(length) = response.header("content-length").and_then(|text| text.parse().ok()) {
            rest.get(..length).map(<[u8]>::to_vec)
        } else {
            closed.then(|| rest.to_vec())
        };
        return Ok(body.map(|body| {
            response.body = body;
            response
        }));
    }
}

/// The content of a chunked body, `None` while the last chunk has not come.
fn unchunk(mut bytes: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    loop {
        let Ok(httparse::Status::Complete((start, length))) = httparse::parse_chunk_size(bytes) else {
            return Ok(None);
        };
        if length == 0 {
            return Ok(Some(content));
        }
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let end = start.saturating_add(length);
        let Some(chunk) = bytes.get(start..end) else { return Ok(None) };
        content.extend_from_slice(chunk);
        let Some(next) = bytes.get(end.saturating_add(2)..) else { return Ok(None) };
        bytes = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_end_where_their_framing_says() {
        let whole =
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n\
            3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n";
        for cut in 0..whole.len() - 3 {
            assert!(read_answer(&whole[..cut], false, false).unwrap().is_none(), "{cut}");
        }
        let answer = read_answer(whole, false, false).unwrap().unwrap();
        assert_eq!((answer.status, answer.text().as_str(), answer.header("x-a")), (200, "abcde", Some("b")));
        let sized = b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nnoo";
        assert_eq!(read_answer(sized, false, false).unwrap().unwrap().text(), "no");
        let open = b"HTTP/1.1 200 OK\r\n\r\nall";
        assert!(read_answer(open, false, false).unwrap().is_none());
        assert_eq!(read_answer(open, false, true).unwrap().unwrap().text(), "all");
    }
}
