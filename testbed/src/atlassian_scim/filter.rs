//! The filters that the directories take: one `eq` on one of few attributes.

/// The value that `attribute eq "value"` compares with; `Err` for every other filter.
pub(super) fn parse<'a>(filter: &str, attributes: &[&'a str]) -> Result<(&'a str, String), ()> {
    let mut words = filter.trim().splitn(3, ' ');
    let (Some(attribute), Some(operator), Some(value)) = (words.next(), words.next(), words.next()) else {
        return Err(());
    };
    let attribute = attributes.iter().find(|known| known.eq_ignore_ascii_case(attribute)).ok_or(())?;
    if !operator.eq_ignore_ascii_case("eq") {
        return Err(());
    }
    serde_json::from_str::<String>(value.trim()).map(|value| (*attribute, value)).map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_one_comparison_is_taken() {
        let of = |filter: &str| parse(filter, &["userName", "externalId"]);
        assert_eq!(of(r#"userName eq "a b\"\\c""#), Ok(("userName", "a b\"\\c".to_owned())));
        assert_eq!(of(r#"EXTERNALID EQ "7""#), Ok(("externalId", "7".to_owned())));
        for wrong in [
            "",
            "userName",
            "userName eq",
            "userName eq alice",
            r#"userName eq "a" and active eq true"#,
            r#"userName sw "a""#,
            r#"emails.value eq "a""#,
            r#"(userName eq "a")"#,
            r#"not (userName eq "a")"#,
            r#"userName eq "a" or userName eq "b""#,
            r#"userName eq "a"#,
        ] {
            assert_eq!(of(wrong), Err(()), "{wrong}");
        }
    }
}
