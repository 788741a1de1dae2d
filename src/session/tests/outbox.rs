//! What waits for other replicas: sealed, told once, and told again to a store that forgot.

use core::time::Duration;

use super::{Counting, NOW, at, keys, settings};
use crate::base::Pii;
use crate::effect::{Answer, Ask, Version};
use crate::session::outbox::{Announcement, Outbox, Posting, open};
use crate::session::revocation::{LogoutInstants, Recording, RecordingTurn, Revocation, Subject};
use crate::session::sealed_for_store::{self, Kind};
use crate::session::{SessionError, Settings};
use crate::store::Etcd;

fn revocation(name: &str) -> Revocation {
    let name = Pii::new(name.to_owned());
    let subject = Subject { idp_entity_id: "https://idp.example", name: &name };
    let instants = LogoutInstants { issued: NOW, absolute_ttl: core::time::Duration::from_secs(3600) };
    Revocation::of_subject(subject, &[], &instants).remove(0)
}

fn announcement(name: &str) -> Announcement {
    Announcement::new(&revocation(name), &settings(), NOW, &Counting::default()).unwrap()
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
    outbox.add(&[one.clone(), two.clone()]).unwrap();
    assert_eq!(outbox.untold(1), core::slice::from_ref(&one));
    outbox.note(&[one]);
    let mut outbox = Outbox::load(Some(&outbox.store()), NOW);
    assert_eq!(outbox.untold(9), core::slice::from_ref(&two));
    outbox.note(&[two]);
    assert!(outbox.untold(9).is_empty());
    assert_eq!(outbox.waits_since(), None);
    outbox.tell_again(at(60));
    assert_eq!(outbox.untold(9).len(), 2);
    assert_eq!(outbox.waits_since(), Some(at(60)), "it was told until now");
    outbox.add(&[announcement("three")]).unwrap();
    outbox.tell_again(at(90));
    assert_eq!(outbox.waits_since(), Some(NOW), "the third waits since it was added");
    // What does not matter any more goes.
    let value = outbox.store();
    assert!(Outbox::load(Some(&value), at(1_000_000)).untold(9).is_empty());
    assert!(Outbox::load(Some(b"\xff\xffnonsense"), NOW).untold(9).is_empty());
}

#[test]
fn a_full_outbox_drops_what_was_told_and_nothing_else() {
    let mut outbox = Outbox::default();
    let told: Vec<Announcement> = (0..10).map(|number| announcement(&format!("told {number}"))).collect();
    outbox.add(&told).unwrap();
    outbox.note(&told);
    let new: Vec<Announcement> = (0..1_000).map(|number| announcement(&format!("new {number}"))).collect();
    outbox.add(&new).unwrap();
    assert_eq!(outbox.untold(2_000), new);
    let more = announcement("one too many");
    assert_eq!(outbox.add(core::slice::from_ref(&more)), Err(SessionError::OutboxFull));
    assert_eq!(outbox.untold(2_000), new);
    // What is there needs no room.
    outbox.add(&new[..3]).unwrap();
    outbox.note(&new[..1]);
    outbox.add(&[more]).unwrap();
    assert_eq!(outbox.untold(2_000).len(), 1_000);
}

#[test]
fn the_same_revocation_is_one_record() {
    let replica = Counting::default();
    let one = Announcement::new(&revocation("alice"), &settings(), NOW, &replica).unwrap();
    let two = Announcement::new(&revocation("alice"), &settings(), at(9), &replica).unwrap();
    assert_ne!(one.sealed(), two.sealed());
    assert_eq!(one.name(), two.name());
    let mut outbox = Outbox::default();
    outbox.add(&[one.clone(), two.clone()]).unwrap();
    assert_eq!(outbox.untold(9), core::slice::from_ref(&one));
    outbox.note(core::slice::from_ref(&two));
    outbox.add(&[two]).unwrap();
    assert!(outbox.untold(9).is_empty(), "it was told, and is not told again");
    // Nobody guesses the name of a name, and sites do not write over each other's records.
    assert_ne!(announcement("bob").name(), one.name());
    for keys in [keys(&[2, 1], "https://sp.example/saml"), keys(&[1], "https://other.example/saml")] {
        let other = Settings { keys, ..settings() };
        let other = Announcement::new(&revocation("alice"), &other, NOW, &replica).unwrap();
        assert_ne!(other.name(), one.name());
    }
    let older = Settings { keys: keys(&[1, 2], "https://sp.example/saml"), ..settings() };
    let other = Announcement::new(&revocation("alice"), &older, NOW, &replica).unwrap();
    assert_eq!(other.name(), one.name());
}

#[test]
fn what_one_site_keeps_about_one_store_is_nobody_elses() {
    let etcd = |cluster: &str, authority: &str, key_prefix: &str| Etcd {
        cluster: cluster.to_owned(),
        authority: authority.to_owned(),
        timeout: Duration::from_secs(1),
        key_prefix: key_prefix.to_owned(),
        credentials: None,
    };
    let ours = settings();
    let other = Settings { keys: keys(&[1], "https://other.example/saml"), ..settings() };
    let places = [
        (etcd("a", "b", "c/"), &ours),
        (etcd("a", "b", "d/"), &ours),
        (etcd("a", "bc", "/"), &ours),
        (etcd("ab", "", "c/"), &ours),
        (etcd("a", "b", "c/"), &other),
    ];
    let mut keys: Vec<String> = ["outbox", "cursor"]
        .iter()
        .flat_map(|what| places.iter().map(|(etcd, settings)| sealed_for_store::key(what, etcd, settings)))
        .collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 10);
    // A new key of ours is no other site: what waits is not forgotten.
    let rotated = Settings { keys: super::keys(&[2, 1], "https://sp.example/saml"), ..settings() };
    assert!(keys.contains(&sealed_for_store::key("outbox", &etcd("a", "b", "c/"), &rotated)));
}

#[test]
fn a_logout_that_nobody_would_hear_of_says_so() {
    let full: Vec<Announcement> = (0..1_000).map(|number| announcement(&format!("new {number}"))).collect();
    for (already, told) in [(&full[..], false), (&full[1..], true)] {
        let mut outbox = Outbox::default();
        outbox.add(already).unwrap();
        let posting =
            Posting { outbox: String::from("outbox"), announcements: vec![announcement("one more")] };
        let mut turn = Recording::announced(vec![revocation("one more")], posting);
        let mut asked = Vec::new();
        while let RecordingTurn::Ask { recording, ask } = turn {
            let answer = match ask {
                Ask::Load { key } => {
                    let value = (key == "outbox").then(|| outbox.store());
                    asked.push(key);
                    Answer::Loaded { value, version: Version::Absent }
                }
                _ => Answer::Swapped,
            };
            turn = recording.answer(&answer, NOW);
        }
        assert!(asked.iter().any(|key| key.ends_with(".epoch")), "it is in force here");
        match turn {
            RecordingTurn::Recorded(_) => assert!(told),
            RecordingTurn::Untold => assert!(!told),
            other => panic!("{other:?}"),
        }
    }
}
