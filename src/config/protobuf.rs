//! The bytes of a `google.protobuf.Struct`, which is how Envoy 1.40 hands over a configuration of that type (*ran*; its
//! documentation promises JSON).
//!
//! Only what Struct, Value and ListValue need of the encoding: varints, doubles and length-delimited fields.

use serde_json::{Map, Value};

/// No configuration nests deeper; the filter's stack is small.
const MAX_DEPTH: usize = 32;

/// The object in `bytes`; `None` when they are no Struct. Fields that Struct does not have make it none.
pub(super) fn parse_struct(bytes: &[u8]) -> Option<Value> {
    structure(bytes, MAX_DEPTH)
}

/// A field's content.
enum Content<'a> {
    Varint(u64),
    Double(f64),
    Bytes(&'a [u8]),
}

fn structure(mut bytes: &[u8], depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let mut map = Map::new();
    while !bytes.is_empty() {
        let (1, Content::Bytes(entry)) = field(&mut bytes)? else { return None };
        let (mut key, mut content) = ("", Value::Null);
        let mut rest = entry;
        while !rest.is_empty() {
            match field(&mut rest)? {
                (1, Content::Bytes(name)) => key = core::str::from_utf8(name).ok()?,
                (2, Content::Bytes(inner)) => content = value(inner, depth)?,
                _ => return None,
            }
        }
        map.insert(key.to_owned(), content);
    }
    Some(Value::Object(map))
}

fn value(mut bytes: &[u8], depth: usize) -> Option<Value> {
    let mut found = Value::Null;
    while !bytes.is_empty() {
        found = match field(&mut bytes)? {
            (1, Content::Varint(_)) => Value::Null,
            (2, Content::Double(number)) => Value::from(number),
            (3, Content::Bytes(text)) => Value::from(core::str::from_utf8(text).ok()?),
            (4, Content::Varint(truth)) => Value::Bool(truth != 0),
            (5, Content::Bytes(inner)) => structure(inner, depth)?,
            (6, Content::Bytes(inner)) => list(inner, depth)?,
            _ => return None,
        };
    }
    Some(found)
}

fn list(mut bytes: &[u8], depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let mut items = Vec::new();
    while !bytes.is_empty() {
        let (1, Content::Bytes(item)) = field(&mut bytes)? else { return None };
        items.push(value(item, depth)?);
    }
    Some(Value::Array(items))
}

/// Takes the next field's number and content off `bytes`.
fn field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, Content<'a>)> {
    let tag = varint(bytes)?;
    let content = match tag & 7 {
        0 => Content::Varint(varint(bytes)?),
        1 => {
            let (double, rest) = bytes.split_first_chunk::<8>()?;
            *bytes = rest;
            Content::Double(f64::from_le_bytes(*double))
        }
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            let (inner, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            Content::Bytes(inner)
        }
        _ => return None,
    };
    Some((tag >> 3, content))
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_struct_is_read_and_nothing_else_is() {
        // As protoc writes it.
        let whole = b"\x0a\x28\x0a\x01a\x12\x23\x2a\x21\x0a\x1f\x0a\x01b\x12\x1a\x32\x18\
            \x0a\x02\x20\x01\x0a\x03\x1a\x01x\x0a\x09\x11\0\0\0\0\0\0\x14\x40\x0a\x02\x08\0";
        assert_eq!(parse_struct(whole), Some(json!({ "a": { "b": [true, "x", 5.0, null] } })));
        assert_eq!(parse_struct(b""), Some(json!({})));
        for cut in 1..whole.len() {
            assert_eq!(parse_struct(&whole[..cut]), None, "{cut}");
        }
        for wrong in
            [b"\n{}".as_slice(), b"\x12\x00", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x0b"]
        {
            assert_eq!(parse_struct(wrong), None);
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let mut bytes = vec![0x0a, 0x00];
        for _ in 0..40 {
            let inner = [&[0x2a, u8::try_from(bytes.len()).unwrap()], bytes.as_slice()].concat();
            let entry = [&[0x0a, 0x00, 0x12, u8::try_from(inner.len()).unwrap()], inner.as_slice()].concat();
            if entry.len() > 120 {
                break;
            }
            bytes = [&[0x0a, u8::try_from(entry.len()).unwrap()], entry.as_slice()].concat();
        }
        assert!(parse_struct(&bytes).is_some());
        assert_eq!(structure(&bytes, 3), None);
    }
}
