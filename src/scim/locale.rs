//! Languages in the spelling of Jira (J18).

/// What Jira Data Center and its service management can be shown in: `language_COUNTRY`. The first of a language stands for its
/// other regions. The list is no document of the vendor's but what the products offer.
const SUPPORTED: [&str; 29] = [
    "en_US", "en_UK", "cs_CZ", "da_DK", "de_DE", "es_ES", "et_EE", "fi_FI", "fr_FR", "hu_HU", "is_IS",
    "it_IT", "ja_JP", "ko_KR", "nl_NL", "no_NO", "pl_PL", "pt_BR", "pt_PT", "ro_RO", "ru_RU", "sk_SK",
    "sv_SE", "th_TH", "tr_TR", "uk_UA", "vi_VN", "zh_CN", "zh_TW",
];

/// The supported locale for what a directory says, and none where it says nothing that is supported: then the site's own is right.
///
/// `locale` is a language tag, `preferred_language` a list as in `Accept-Language` (RFC 7643 4.1.1); the former goes first.
pub(super) fn of(locale: Option<&str>, preferred_language: Option<&str>) -> Option<&'static str> {
    locale.and_then(supported).or_else(|| preferred_language.map(most_wanted).and_then(supported))
}

fn supported(tag: &str) -> Option<&'static str> {
    let tag = tag.trim().replace('-', "_").to_ascii_lowercase();
    let mut parts = tag.split('_');
    let language = match parts.next().unwrap_or_default() {
        // Both forms of Norwegian.
        "nb" | "nn" => "no",
        language => language,
    };
    let rest: Vec<&str> = parts.collect();
    let says = |part: &str| rest.contains(&part);
    match language {
        "en" if says("gb") || says("uk") => return Some("en_UK"),
        "zh" if says("hant") || says("hk") || says("tw") || says("mo") => return Some("zh_TW"),
        "zh" => return Some("zh_CN"),
        _ => {}
    }
    let of_language = |known: &&&str| known.split('_').next() == Some(language);
    let exact =
        |known: &&&str| known.split('_').nth(1).is_some_and(|country| says(&country.to_ascii_lowercase()));
    let mut near = SUPPORTED.iter().filter(of_language);
    let found = SUPPORTED.iter().filter(of_language).find(exact).or_else(|| near.next());
    found.copied()
}

/// The first tag of the highest weight in a list as in `Accept-Language` (RFC 9110 12.5.4).
pub(crate) fn most_wanted(list: &str) -> &str {
    let mut best = ("", -1.0_f32);
    for item in list.split(',') {
        let mut parts = item.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok());
        let weight = weight.filter(|weight| weight.is_finite()).unwrap_or(1.0);
        if !tag.is_empty() && weight > best.1 {
            best = (tag, weight);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j18_what_is_not_supported_becomes_something_that_is() {
        for (sent, mapped) in [
            ("de-DE", Some("de_DE")),
            ("DE_de", Some("de_DE")),
            ("de-AT", Some("de_DE")),
            ("de-Latn-AT", Some("de_DE")),
            ("en-GB", Some("en_UK")),
            ("en_UK", Some("en_UK")),
            ("en-AU", Some("en_US")),
            ("pt", Some("pt_BR")),
            ("pt-PT", Some("pt_PT")),
            ("nb-NO", Some("no_NO")),
            ("nn", Some("no_NO")),
            ("zh-Hant-HK", Some("zh_TW")),
            ("zh-HK", Some("zh_TW")),
            ("zh-SG", Some("zh_CN")),
            ("tlh", None),
            ("", None),
            ("_", None),
            ("deutsch", None),
            ("../de", None),
        ] {
            assert_eq!(of(Some(sent), None), mapped, "{sent}");
        }
        for known in SUPPORTED {
            assert_eq!(of(Some(known), None), Some(known));
        }
    }

    #[test]
    fn j18_the_locale_goes_before_the_languages_that_somebody_reads() {
        assert_eq!(of(Some("fr-CA"), Some("de")), Some("fr_FR"));
        assert_eq!(of(Some("tlh"), Some("da, en-gb;q=0.8, en;q=0.7")), Some("da_DK"));
        assert_eq!(of(None, Some("en-gb;q=0.2, fr;q=0.9")), Some("fr_FR"));
        assert_eq!(of(None, Some(" ; , ;q=9")), None);
        assert_eq!(of(None, Some("de;q=NaN, fr;q=inf")), Some("de_DE"));
        assert_eq!(of(None, None), None);
    }
}
