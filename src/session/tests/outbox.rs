//! What waits for other replicas: sealed, told once, and told again to a store that forgot.

use super::{Counting, NOW, at, settings};
use crate::base::Pii;
use crate::session::outbox::{Announcement, Outbox, open};
use crate::session::revocation::{LogoutInstants, Revocation, Subject};
use crate::session::sealed_for_store::{self, Kind};

fn revocation(name: &str) -> Revocation {
    let name = Pii::new(name.to_owned());
    let subject = Subject { idp_entity_id: "https://idp.example", name: &name };
    let instants =
        LogoutInstants { issued: NOW, now: NOW, absolute_ttl: core::time::Duration::from_secs(3600) };
    Revocation::of_subject(subject, &[], &instants).remove(0)
}

fn announcement(name: &str) -> Announcement {
    Announcement::new(&revocation(name), &settings(), &Counting::default()).unwrap()
}

#[test]
fn only_what_a_replica_sealed_as_a_revocation_is_one() {
    let sealed = announcement("alice").sealed().to_vec();
    assert!(open(&sealed, &settings()) == Some(revocation("alice")));
    assert!(!String::from_utf8_lossy(&sealed).contains("alice"));
    for cut in 0..sealed.len() {
        assert!(open(&sealed[..cut], &settings()).is_none(), "{cut}");
    }
    for position in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[position] = if altered[position] == b'A' { b'B' } else { b'A' };
        assert!(open(&altered, &settings()).is_none(), "{position}");
    }
    let bytes = revocation("alice").to_bytes();
    assert!(open(&bytes, &settings()).is_none(), "not sealed");
    let token = sealed_for_store::seal(Kind::Token, &bytes, &settings(), &Counting::default()).unwrap();
    assert!(open(&token, &settings()).is_none(), "sealed as something else");
    let short = sealed_for_store::seal(Kind::Revocation, &bytes[1..], &settings(), &Counting::default());
    assert!(open(&short.unwrap(), &settings()).is_none(), "sealed, and no revocation");
    assert!(open(&vec![b'A'; 5000], &settings()).is_none());
}

#[test]
fn what_was_told_is_told_again_only_to_a_store_that_forgot() {
    let mut outbox = Outbox::load(None, NOW);
    let (one, two) = (announcement("one"), announcement("two"));
    outbox.add(&[one.clone(), two.clone()]);
    assert_eq!(outbox.untold(1), std::slice::from_ref(&one));
    outbox.note(&[one]);
    let mut outbox = Outbox::load(Some(&outbox.store()), NOW);
    assert_eq!(outbox.untold(9), std::slice::from_ref(&two));
    outbox.note(&[two]);
    assert!(outbox.untold(9).is_empty());
    outbox.tell_again();
    assert_eq!(outbox.untold(9).len(), 2);
    // What does not matter any more goes.
    let value = outbox.store();
    assert!(Outbox::load(Some(&value), at(1_000_000)).untold(9).is_empty());
    assert!(Outbox::load(Some(b"\xff\xffnonsense"), NOW).untold(9).is_empty());
}

#[test]
fn a_full_outbox_drops_what_was_told_first() {
    let mut outbox = Outbox::default();
    let told: Vec<Announcement> = (0..10).map(|number| announcement(&format!("told {number}"))).collect();
    outbox.add(&told);
    outbox.note(&told);
    let new: Vec<Announcement> = (0..1_000).map(|number| announcement(&format!("new {number}"))).collect();
    outbox.add(&new);
    assert_eq!(outbox.untold(2_000), new);
    outbox.add(&[announcement("one too many")]);
    assert_eq!(outbox.untold(2_000).len(), 1_000);
}
