//! The two spellings of an ECDSA signature: `r || s` in XML (RFC 6931 2.3.6), ASN.1 DER everywhere else.

/// `Ecdsa-Sig-Value` (RFC 3279 2.2.3) of the fixed-length `raw`, each half of `scalar_bytes`.
///
/// `None` when the length is wrong or a half is zero: a zero `s` or `r` has passed for a valid signature of everything
/// (CVE-2022-21449).
pub(crate) fn to_der(raw: &[u8], scalar_bytes: usize) -> Option<Vec<u8>> {
    if Some(raw.len()) != scalar_bytes.checked_mul(2) {
        return None;
    }
    let (r, s) = raw.split_at_checked(scalar_bytes)?;
    let mut body = Vec::with_capacity(raw.len().saturating_add(8));
    push_integer(&mut body, r)?;
    push_integer(&mut body, s)?;
    let mut der = vec![0x30];
    push_length(&mut der, body.len())?;
    der.extend_from_slice(&body);
    Some(der)
}

/// `r || s`, each of `scalar_bytes`, from DER; `None` for anything but the one DER form of two positive integers.
pub(crate) fn to_raw(der: &[u8], scalar_bytes: usize) -> Option<Vec<u8>> {
    let (body, rest) = take(der, 0x30)?;
    let (r, body) = take(body, 0x02)?;
    let (s, body) = take(body, 0x02)?;
    let mut raw = Vec::with_capacity(scalar_bytes.saturating_mul(2));
    push_scalar(&mut raw, r, scalar_bytes)?;
    push_scalar(&mut raw, s, scalar_bytes)?;
    // The one DER form: what it encodes to again.
    (rest.is_empty() && body.is_empty() && to_der(&raw, scalar_bytes)? == der).then_some(raw)
}

fn push_integer(out: &mut Vec<u8>, scalar: &[u8]) -> Option<()> {
    let zeros = scalar.iter().position(|byte| *byte != 0)?;
    let magnitude = scalar.get(zeros..)?;
    let sign = magnitude.first().is_some_and(|first| first & 0x80 != 0);
    out.push(0x02);
    push_length(out, magnitude.len().checked_add(usize::from(sign))?)?;
    if sign {
        out.push(0);
    }
    out.extend_from_slice(magnitude);
    Some(())
}

fn push_length(out: &mut Vec<u8>, length: usize) -> Option<()> {
    // P-521 gives at most 139 octets, so one length octet behind 0x81 is enough.
    let length = u8::try_from(length).ok()?;
    if length >= 0x80 {
        out.push(0x81);
    }
    out.push(length);
    Some(())
}

fn push_scalar(out: &mut Vec<u8>, integer: &[u8], scalar_bytes: usize) -> Option<()> {
    let magnitude = integer.strip_prefix(&[0]).unwrap_or(integer);
    let padding = scalar_bytes.checked_sub(magnitude.len())?;
    out.resize(out.len().checked_add(padding)?, 0);
    out.extend_from_slice(magnitude);
    Some(())
}

/// The content of the first element of `der`, which must have `tag`, and what follows it.
fn take(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0x81 => rest.split_first()?,
        short => (short, rest),
    };
    (*first == tag).then_some(())?;
    rest.split_at_checked(usize::from(*length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_say_the_same() {
        for scalar_bytes in [32, 48, 66] {
            for (r, s) in [(1_u8, 0x7F_u8), (0x80, 0xFF), (0xFF, 1)] {
                for filled in [1, scalar_bytes / 2, scalar_bytes] {
                    let mut raw = vec![0; scalar_bytes * 2];
                    raw[scalar_bytes - filled..scalar_bytes].fill(r);
                    raw[scalar_bytes * 2 - filled..].fill(s);
                    let der = to_der(&raw, scalar_bytes).unwrap();
                    assert_eq!(to_raw(&der, scalar_bytes).unwrap(), raw);
                }
            }
        }
    }

    #[test]
    fn zeros_wrong_lengths_and_second_spellings_are_refused() {
        let mut raw = [1_u8; 64];
        assert!(to_der(&raw, 32).is_some());
        assert_eq!(to_der(&raw, 48), None);
        assert_eq!(to_der(&raw[..63], 32), None);
        assert_eq!(to_der(&[], 0), None);
        raw[..32].fill(0);
        assert_eq!(to_der(&raw, 32), None, "r is zero");
        raw.fill(1);
        raw[32..].fill(0);
        assert_eq!(to_der(&raw, 32), None, "s is zero");
        for wrong in [
            &[][..],
            &[0x30, 0],
            &[0x30, 6, 2, 1, 1, 2, 1],
            &[0x30, 6, 2, 1, 0, 2, 1, 1],
            &[0x30, 7, 2, 2, 0, 1, 2, 1, 1],
            &[0x30, 6, 2, 1, 1, 2, 1, 1, 0],
            &[0x30, 7, 2, 1, 1, 2, 1, 1, 0],
            &[0x30, 0x81, 6, 2, 1, 1, 2, 1, 1],
            &[0x30, 6, 2, 1, 0x81, 2, 1, 1],
            &[0x31, 6, 2, 1, 1, 2, 1, 1],
        ] {
            assert_eq!(to_raw(wrong, 32), None, "{wrong:?}");
        }
        assert!(to_raw(&[0x30, 6, 2, 1, 1, 2, 1, 1], 32).is_some());
    }
}
