//! One sealed text in several cookies: `NAME`, `NAME.1`, `NAME.2` ..
//!
//! Browsers take 4,096 bytes of a cookie (RFC 6265 6.1). The first chunk says how many there are, `3.` and then
//! text, so chunks that an older and larger session left behind are never read. The text was sealed as a whole, so
//! chunks of two sessions never open together.
//!
//! Never opens what it joins.

use super::error::Unreadable;
use super::settings::CookieSettings;
use crate::http::SetCookie;

/// Chunks of one session at most: one digit. Browsers keep at least 50 cookies of a site, and Envoy takes 60 KiB of
/// request headers.
pub(super) const MAX_CHUNKS: usize = 9;

/// Bytes of a whole `set-cookie` value. Proxies in front add attributes, so this stays below the 4,096 of RFC 6265.
pub(super) const MAX_SET_COOKIE_BYTES: usize = 3_800;

/// Bytes of a joined text; nothing longer was ever split.
pub(super) const MAX_TEXT_BYTES: usize = MAX_CHUNKS * MAX_SET_COOKIE_BYTES;

/// Cookies called `NAME` that are tried. More than one occurs where cookies of a parent domain, or of another path,
/// have the same name; the `__Host-` prefix rules that out.
const MAX_CANDIDATES: usize = 4;

/// The text does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge {
    /// Bytes of the text.
    pub(super) bytes: usize,
    /// Bytes that fit.
    pub(super) limit: usize,
}

/// `text` as cookies that last until the browser is closed, and the removal of chunks in `presented` that it leaves
/// behind.
pub(super) fn split(
    text: &str,
    cookie: &CookieSettings,
    max_bytes: usize,
    presented: &[(&str, &str)],
) -> Result<Vec<SetCookie>, TooLarge> {
    let longest = cookie.set(chunk_name(&cookie.name, MAX_CHUNKS), String::from("9."), None);
    let room = MAX_SET_COOKIE_BYTES.saturating_sub(longest.render().len());
    let limit = max_bytes.min(room.saturating_mul(MAX_CHUNKS));
    if text.len() > limit {
        return Err(TooLarge { bytes: text.len(), limit });
    }
    let count = text.len().div_ceil(room.max(1));
    let mut cookies = Vec::with_capacity(count);
    for (index, part) in text.as_bytes().chunks(room.max(1)).enumerate() {
        // Sealed text is ASCII, so every part is text.
        let part = String::from_utf8_lossy(part);
        let value = if index == 0 { format!("{count}.{part}") } else { part.into_owned() };
        cookies.push(cookie.set(chunk_name(&cookie.name, index), value, None));
    }
    let mut stale: Vec<usize> = presented
        .iter()
        .filter_map(|(name, _)| chunk_index(name, &cookie.name))
        .filter(|index| *index >= count)
        .collect();
    stale.sort_unstable();
    stale.dedup();
    cookies.extend(stale.into_iter().map(|index| cookie.expire(chunk_name(&cookie.name, index))));
    Ok(cookies)
}

/// The chunks of one presented session, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunks<'a> {
    /// `NAME` without the count.
    pub(super) first: &'a str,
    rest: [Option<&'a str>; MAX_CHUNKS - 1],
}

impl<'a> Chunks<'a> {
    /// The chunks after the first.
    pub(super) fn rest(&self) -> impl Iterator<Item = &'a str> {
        self.rest.into_iter().flatten()
    }

    /// The text that was split.
    pub(super) fn join(&self) -> String {
        let mut text = String::from(self.first);
        text.extend(self.rest());
        text
    }
}

/// Every session in `presented`: complete, or why not. Empty when there is no cookie called `name`.
pub(super) fn gather<'a>(
    presented: &[(&'a str, &'a str)],
    name: &str,
) -> Vec<Result<Chunks<'a>, Unreadable>> {
    let mut rest = [None; MAX_CHUNKS - 1];
    let mut firsts = Vec::new();
    for (have, value) in presented {
        match chunk_index(have, name) {
            None => {}
            Some(0) if firsts.len() < MAX_CANDIDATES => firsts.push(*value),
            Some(0) => {}
            Some(index) => {
                if let Some(slot) = rest.get_mut(index - 1) {
                    slot.get_or_insert(*value);
                }
            }
        }
    }
    firsts.into_iter().map(|first| complete(first, &rest)).collect()
}

fn complete<'a>(
    first: &'a str,
    presented: &[Option<&'a str>; MAX_CHUNKS - 1],
) -> Result<Chunks<'a>, Unreadable> {
    let (count, first) = first.split_once('.').ok_or(Unreadable::Encoding)?;
    let &[count @ b'1'..=b'9'] = count.as_bytes() else {
        return Err(Unreadable::Encoding);
    };
    let further = usize::from(count - b'1');
    let mut rest = [None; MAX_CHUNKS - 1];
    let mut bytes = first.len();
    for (slot, chunk) in rest.iter_mut().zip(presented).take(further) {
        // An empty chunk would let a changed count go unnoticed.
        let chunk = chunk.filter(|chunk| !chunk.is_empty()).ok_or(Unreadable::Encoding)?;
        bytes += chunk.len();
        *slot = Some(chunk);
    }
    if bytes > MAX_TEXT_BYTES {
        return Err(Unreadable::Encoding);
    }
    Ok(Chunks { first, rest })
}

/// The name of the chunk at `index`.
pub(super) fn chunk_name(name: &str, index: usize) -> String {
    if index == 0 { name.to_owned() } else { format!("{name}.{index}") }
}

/// Which chunk of the session `name` the cookie `have` is.
pub(super) fn chunk_index(have: &str, name: &str) -> Option<usize> {
    match have.strip_prefix(name)?.as_bytes() {
        [] => Some(0),
        [b'.', digit @ b'1'..=b'9'] => Some(usize::from(digit - b'0')),
        _ => None,
    }
}
