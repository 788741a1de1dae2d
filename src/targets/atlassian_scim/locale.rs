//! Locales of the portals of Jira Service Management (J18).

use crate::scim::most_wanted;

/// What portals can be shown in, as language tags. The first of a language stands for its other regions; the list is no
/// document of the vendor's but what its portals offer.
const SUPPORTED: [&str; 28] = [
    "en-US", "en-GB", "cs-CZ", "da-DK", "de-DE", "es-ES", "et-EE", "fi-FI", "fr-FR", "hu-HU", "is-IS",
    "it-IT", "ja-JP", "ko-KR", "nl-NL", "no-NO", "pl-PL", "pt-BR", "pt-PT", "ro-RO", "ru-RU", "sk-SK",
    "sv-SE", "tr-TR", "uk-UA", "vi-VN", "zh-CN", "zh-TW",
];

/// Tags that mean a supported locale and do not begin with its language, or not with its region.
const ALIASES: [(&str, &str); 7] = [
    ("en-uk", "en-GB"),
    ("nb", "no-NO"),
    ("nn", "no-NO"),
    ("zh-hant", "zh-TW"),
    ("zh-hk", "zh-TW"),
    ("zh-mo", "zh-TW"),
    ("iw", "en-US"),
];

/// The supported locale for what the identity provider sent: a language tag, also with `_` for `-`, or a list as in
/// `Accept-Language` (RFC 7643 4.1.1), of which the most wanted one counts. What is not supported becomes the language in another
/// region, else English.
#[must_use]
pub fn supported(sent: &str) -> &'static str {
    let tag = most_wanted(sent).replace('_', "-").to_ascii_lowercase();
    let is_or_begins = |tag: &str, with: &str| {
        tag.strip_prefix(with).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    if let Some(exact) = SUPPORTED.into_iter().find(|known| known.eq_ignore_ascii_case(&tag)) {
        return exact;
    }
    if let Some((_, known)) = ALIASES.into_iter().find(|(alias, _)| is_or_begins(&tag, alias)) {
        return known;
    }
    let language = tag.split('-').next().unwrap_or_default();
    let near = SUPPORTED.into_iter().find(|known| known.split('-').next() == Some(language));
    near.unwrap_or("en-US")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j18_what_is_not_supported_becomes_something_that_is() {
        for (sent, mapped) in [
            ("de-DE", "de-DE"),
            ("DE_de", "de-DE"),
            ("de-AT", "de-DE"),
            ("de", "de-DE"),
            ("pt", "pt-BR"),
            ("pt_PT", "pt-PT"),
            ("en_UK", "en-GB"),
            ("en-AU", "en-US"),
            ("nb-NO", "no-NO"),
            ("nn", "no-NO"),
            ("zh-Hant-HK", "zh-TW"),
            ("zh-HK", "zh-TW"),
            ("zh-SG", "zh-CN"),
            ("da, en-gb;q=0.8, en;q=0.7", "da-DK"),
            ("en-gb;q=0.2, fr;q=0.9", "fr-FR"),
            ("tlh", "en-US"),
            ("", "en-US"),
            (" ; , ;q=9", "en-US"),
            ("de;q=NaN, fr;q=inf", "de-DE"),
            ("nbx", "en-US"),
            ("../de", "en-US"),
        ] {
            assert_eq!(supported(sent), mapped, "{sent}");
        }
        for known in SUPPORTED {
            assert_eq!(supported(known), known);
        }
    }
}
