//! Forms that wait for their senders.

use core::time::Duration;

use super::*;
use crate::http::RedirectTarget;
use crate::session::saved_form::{self, Form, FormId, NoForm, SealedForm, Sender, Unfaithful};
use crate::session::{is_own_cookie, seal as seal_session};

const SLOTS: u16 = 64;

fn form(body: &str) -> Result<Form, Unfaithful> {
    Form::read(RedirectTarget::parse("/secure/EditIssue.jspa?id=10000").unwrap(), body.as_bytes())
}

fn good() -> Form {
    form("summary=a+%26+b&text=one%0D%0Atwo&summary=&%C3%A4=%F0%9F%94%91").unwrap()
}

fn saved(presented: &[(&str, &str)]) -> SealedForm {
    let sender = Sender::of(&session());
    saved_form::seal(&good(), &sender, SLOTS, presented, &settings(), NOW, &Counting::default()).unwrap()
}

/// What comes of `sealed` for the person of `reader`, in the browser that holds `cookies`.
fn opened(
    sealed: &SealedForm,
    cookies: &[(&str, &str)],
    reader: &Session,
    offset: i64,
) -> Result<Form, NoForm> {
    let reader = Sender::of(reader);
    saved_form::open(&sealed.id, Some(&sealed.value), &reader, cookies, &settings(), at(offset))
}

#[test]
fn its_sender_gets_a_form_back_as_it_was() {
    let sealed = saved(&[]);
    let form = opened(&sealed, &jar(&sealed.cookies), &session(), 599).unwrap();
    assert_eq!(form, good());
    assert_eq!(form.action.as_str(), "/secure/EditIssue.jspa?id=10000");
    let fields: Vec<_> = form.fields().collect();
    assert_eq!(
        fields,
        [("summary", "a & b"), ("text", "one\r\ntwo"), ("summary", ""), ("\u{e4}", "\u{1f511}")]
    );
    let [cookie] = sealed.cookies.as_slice() else { panic!("one cookie") };
    let rendered = cookie.render();
    for word in ["__Host-samlgate-f-", "Path=/", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age=600"] {
        assert!(rendered.contains(word), "{rendered}");
    }
    assert!(is_own_cookie(&cookie.name, &settings()), "the application never sees it");
    let cleared = saved_form::clear(&sealed.id, &settings());
    assert_eq!((cleared.name.as_str(), cleared.max_age), (cookie.name.as_str(), Some(Duration::ZERO)));
    // Nothing of it can be read where it lies, or in a debug print.
    let lies = String::from_utf8_lossy(&sealed.value[8..]).into_owned();
    assert!(lies.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{lies}");
    let printed = format!("{:?} {:?}", good(), Sender::of(&session()));
    assert!(!printed.contains("one") && !printed.contains("alice"), "{printed}");
}

#[test]
fn nobody_else_and_no_other_browser_gets_it() {
    let sealed = saved(&[]);
    let cookies = jar(&sealed.cookies);
    let (name, secret) = cookies[0];
    assert_eq!(opened(&sealed, &cookies, &session_of("mallory"), 0), Err(NoForm::OfAnother));
    // The same name at another identity provider is another person.
    let mut elsewhere = session();
    elsewhere.fields.idp_entity_id = String::from("https://other.example/metadata");
    assert_eq!(opened(&sealed, &cookies, &elsewhere, 0), Err(NoForm::OfAnother));
    // A browser without the secret, with that of another form, with one that was made up, or under another name.
    let other = saved_form::seal(
        &good(),
        &Sender::of(&session()),
        SLOTS,
        &[],
        &settings(),
        NOW,
        &Counting(core::cell::Cell::new(7)),
    )
    .unwrap();
    let (other_name, other_secret) = jar(&other.cookies)[0];
    let made_up = crate::encoding::base64url::encode(&[7; 16]);
    let long = crate::encoding::base64url::encode(&[7; 17]);
    for presented in [
        &[][..],
        &[(name, "")],
        &[(name, other_secret)],
        &[(name, &made_up)],
        &[(name, &long)],
        &[(other_name, secret)],
        &[(other_name, other_secret)],
        &[("samlgate-f-x", secret)],
    ] {
        assert_eq!(opened(&sealed, presented, &session(), 0), Err(NoForm::Missing), "{presented:?}");
    }
    // The secret behind a few that do not fit is found; behind a flood of them it is not.
    let wrong = (name, made_up.as_str());
    assert!(opened(&sealed, &[wrong, wrong, wrong, (name, secret)], &session(), 0).is_ok());
    assert!(opened(&sealed, &[wrong, wrong, wrong, wrong, (name, secret)], &session(), 0).is_err());
}

#[test]
fn what_lies_in_the_store_cannot_be_changed_moved_or_kept_longer() {
    let sealed = saved(&[]);
    let cookies = jar(&sealed.cookies);
    assert_eq!(opened(&sealed, &cookies, &session(), 600), Err(NoForm::Missing), "it has run out");
    // The instant before the seal is for finding free slots only; the one that counts is inside.
    let mut longer = sealed.clone();
    longer.value[..8].copy_from_slice(&at(3_000).as_secs().to_le_bytes());
    assert_eq!(opened(&longer, &cookies, &session(), 600), Err(NoForm::Missing));
    for position in 8..sealed.value.len() {
        let mut changed = sealed.clone();
        changed.value[position] ^= 1;
        assert_eq!(opened(&changed, &cookies, &session(), 0), Err(NoForm::Missing), "byte {position}");
    }
    let reader = Sender::of(&session());
    for lies in [None, Some(&[][..]), Some(&[0]), Some(&[0; 8]), Some(&[0xff; 40]), Some(&sealed.value[..40])]
    {
        let found = saved_form::open(&sealed.id, lies, &reader, &cookies, &settings(), NOW);
        assert_eq!(found, Err(NoForm::Missing));
    }
    // Another form that was put into its slot by whoever may write there, with this form's cookie.
    let entropy = Counting(core::cell::Cell::new(9));
    let other = saved_form::seal(&good(), &reader, SLOTS, &[], &settings(), NOW, &entropy).unwrap();
    let moved = SealedForm { value: other.value, ..sealed.clone() };
    assert_eq!(opened(&moved, &cookies, &session(), 0), Err(NoForm::Missing));
    // Keys of another service provider.
    let foreign = Settings { keys: keys(&[1], "https://other.example/saml"), ..settings() };
    let found = saved_form::open(&sealed.id, Some(&sealed.value), &reader, &cookies, &foreign, NOW);
    assert_eq!(found, Err(NoForm::Missing));
}

#[test]
fn only_what_a_browser_would_send_again_byte_for_byte_is_kept() {
    for body in ["", "a=1", "a=&a=", "a=%09b", "_charset=x"] {
        assert!(form(body).is_ok(), "{body}");
    }
    let many = vec!["a=1"; 1_001].join("&");
    for (body, why) in [
        ("a=%", Unfaithful::Encoding),
        ("a=%E4", Unfaithful::Encoding),
        (many.as_str(), Unfaithful::Encoding),
        ("a", Unfaithful::Spelling),
        ("a=1&", Unfaithful::Spelling),
        ("a=1&&b=2", Unfaithful::Spelling),
        ("a=%c3%a4", Unfaithful::Spelling),
        ("a=~", Unfaithful::Spelling),
        ("a=b=c", Unfaithful::Spelling),
        ("a=b%20c", Unfaithful::Spelling),
        ("{\"a\":1}", Unfaithful::Spelling),
        ("=1", Unfaithful::Value),
        ("_charset_=UTF-8", Unfaithful::Value),
        ("_CHARSET_=", Unfaithful::Value),
        ("a=one%0Atwo", Unfaithful::Value),
        ("a=one%0Dtwo", Unfaithful::Value),
        ("a=%0D%0D%0A", Unfaithful::Value),
        ("a%0A=1", Unfaithful::Value),
        ("a=%00", Unfaithful::Value),
        ("a=%1B", Unfaithful::Value),
        ("a=%C2%85", Unfaithful::Value),
    ] {
        assert_eq!(form(body), Err(why), "{body}");
    }
}

#[test]
fn the_sender_is_whoever_was_signed_in_last() {
    let mut old = session();
    old.fields.expires_at = at(-86_400);
    let cookies = seal_session(&old, &settings(), &[], &Counting::default()).unwrap();
    assert_eq!(Sender::of_ended(&jar(&cookies), &settings()), Some(Sender::of(&session())));
    let foreign = Settings { keys: keys(&[2], "https://sp.example/saml"), ..settings() };
    for presented in [&[][..], &[("__Host-samlgate", "1.AAAA")], &[("samlgate", "1.AAAA")]] {
        assert_eq!(Sender::of_ended(presented, &settings()), None, "{presented:?}");
    }
    assert_eq!(Sender::of_ended(&jar(&cookies), &foreign), None, "sealed by nobody whom we know");
}

#[test]
#[expect(clippy::string_slice, reason = "an id is ASCII")]
fn an_id_is_one_of_ours_or_none() {
    let sealed = saved(&[]);
    let text = sealed.id.as_str();
    assert_eq!(FormId::parse(text, SLOTS), Some(sealed.id.clone()));
    assert!(sealed.id.slot_key().starts_with("samlgate.form.1."), "{}", sealed.id.slot_key());
    let upper = text.to_uppercase();
    let longer = format!("{text}A");
    let beyond = format!("{}0040{}", &text[..12], &text[16..]);
    for wrong in [
        "",
        "x",
        "/",
        &text[1..],
        &text[..text.len() - 1],
        &longer,
        &upper,
        &beyond,
        "\u{e4}".repeat(20).as_str(),
    ] {
        assert_eq!(FormId::parse(wrong, SLOTS), None, "{wrong}");
    }
}

#[test]
fn a_slot_is_free_when_nothing_of_ours_waits_in_it() {
    let sealed = saved(&[]);
    assert!(!saved_form::is_free(Some(&sealed.value), NOW));
    assert!(!saved_form::is_free(Some(&sealed.value), at(599)));
    assert!(saved_form::is_free(Some(&sealed.value), at(600)));
    for free in [None, Some(&[][..]), Some(&[0]), Some(&[0xff; 8]), Some(&[0xff; 7])] {
        assert!(saved_form::is_free(free, NOW), "{free:?}");
    }
}

#[test]
fn a_browser_keeps_the_youngest_forms_only() {
    let mut held: Vec<SetCookie> = Vec::new();
    for second in 0..6 {
        let presented = jar(&held).into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect::<Vec<_>>();
        let presented: Vec<(&str, &str)> = presented.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let entropy = Counting(core::cell::Cell::new(100 * u64::try_from(second).unwrap()));
        let sender = Sender::of(&session());
        let sealed =
            saved_form::seal(&good(), &sender, SLOTS, &presented, &settings(), at(second), &entropy).unwrap();
        for cookie in sealed.cookies {
            if cookie.max_age == Some(Duration::ZERO) {
                let oldest = held.iter().map(|held| held.name.clone()).min();
                assert_eq!(Some(cookie.name.clone()), oldest, "the oldest goes");
                held.retain(|held| held.name != cookie.name);
            } else {
                held.push(cookie);
            }
        }
    }
    assert_eq!(held.len(), 4);
    // Cookies that only look like ours are left alone.
    let strange = [("__Host-samlgate-f-x", "1"); 8];
    assert_eq!(saved(&strange).cookies.len(), 1);
    assert!(
        saved_form::seal(&good(), &Sender::of(&session()), SLOTS, &[], &settings(), NOW, &Broken).is_err()
    );
}
