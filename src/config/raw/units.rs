//! Scalars of the configuration: durations, whole numbers, and references to secrets.

use core::fmt;
use core::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::base::Secret;

/// A duration in protobuf's JSON form: seconds with up to nine decimals and an `s`, such as `300s` or `0.5s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

/// What a [`Span`] looks like; also the schema's pattern.
#[cfg(feature = "schema")]
pub(crate) const SPAN_PATTERN: &str = r"^[0-9]{1,9}(\.[0-9]{1,9})?s$";

impl Span {
    pub(crate) const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    fn parse(text: &str) -> Option<Self> {
        let number = text.strip_suffix('s')?;
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (number, ""),
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = !whole.is_empty() && whole.len() <= 9 && fraction.len() <= 9;
        if !fits || !digits(whole) || !digits(fraction) {
            return None;
        }
        let seconds = whole.parse().ok()?;
        let nanoseconds = format!("{fraction:0<9}").parse().ok()?;
        Some(Self(Duration::new(seconds, nanoseconds)))
    }
}

/// `300s`, `0.5s`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:09}", self.0.subsec_nanos());
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{}{point}{fraction}s", self.0.as_secs())
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as `300s` or `0.5s`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                Span::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A whole number; `5.0` counts as one because Envoy's `Struct` holds every number as a double.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole(pub(crate) u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Whole, E> {
                Ok(Whole(number))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Whole, E> {
                let whole = u64::try_from(number).map(Whole);
                whole.map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Whole, E> {
                // 2^53: from there on doubles skip whole numbers.
                if number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number) {
                    // In range and whole, so its shortest decimal form is that of the integer.
                    let whole = format!("{:.0}", number.abs()).parse().map(Whole);
                    return whole.map_err(|_| E::invalid_value(de::Unexpected::Float(number), &self));
                }
                Err(E::invalid_value(de::Unexpected::Float(number), &self))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// Text that is never printed.
pub(crate) struct SecretText(pub(crate) Secret<String>);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

/// Lets a struct be read from a map only; serde would take a list of its fields' values too.
pub(crate) struct MapOnly<D>(pub(crate) D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for MapOnly<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Reads text where one of `words` is expected.
pub(crate) fn word<'de, D: Deserializer<'de>>(
    deserializer: D,
    words: &'static [&'static str],
) -> Result<String, D::Error> {
    struct Word(&'static [&'static str]);
    impl Visitor<'_> for Word {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&crate::config::errors::one_of(self.0))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
    }
    deserializer.deserialize_str(Word(words))
}

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{SPAN_PATTERN, SecretText, Span, Whole};

    impl JsonSchema for Span {
        fn schema_name() -> Cow<'static, str> {
            "Duration".into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "string", "pattern": SPAN_PATTERN })
        }
    }

    impl JsonSchema for Whole {
        fn schema_name() -> Cow<'static, str> {
            "Whole".into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "integer", "minimum": 0 })
        }
    }

    impl JsonSchema for SecretText {
        fn schema_name() -> Cow<'static, str> {
            "Text".into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "string" })
        }
    }

    impl serde::Serialize for Span {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl serde::Serialize for Whole {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u64(self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_protobuf() {
        for (text, seconds, nanoseconds) in
            [("0s", 0, 0), ("300s", 300, 0), ("0.5s", 0, 500_000_000), ("1.000000001s", 1, 1)]
        {
            let span = Span::parse(text).unwrap();
            assert_eq!(span.0, Duration::new(seconds, nanoseconds));
            assert_eq!(span.to_string(), text);
        }
        for text in [
            "",
            "s",
            "5",
            "5m",
            "5 s",
            "-5s",
            "+5s",
            ".5s",
            "5.s",
            "1e3s",
            "5.0000000000s",
            "9999999999s",
            "٣s",
        ] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }

    #[test]
    fn whole_floats_are_integers() {
        for (json, expected) in [
            ("5", Some(5)),
            ("5.0", Some(5)),
            ("0", Some(0)),
            ("-0.0", Some(0)),
            ("1e3", Some(1000)),
            ("9007199254740992.0", Some(9_007_199_254_740_992)),
            ("5.5", None),
            ("-1", None),
            ("-1.0", None),
            ("1e300", None),
            ("\"5\"", None),
            ("true", None),
        ] {
            let whole = serde_json::from_str::<Whole>(json).ok().map(|whole| whole.0);
            assert_eq!(whole, expected, "{json}");
        }
    }
}
