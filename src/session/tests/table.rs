//! Rows of the table: what opens, and what somebody who can write to the store can not make of it.

use super::{Broken, Counting, keys, settings};
use crate::session::Settings;
use crate::session::error::Unreadable;
use crate::session::table_key::{NotSealed, TableKey};
use crate::store::table::{MAX_ROW_BYTES, Row, RowKey, RowVersion};

fn key(parts: &[&str]) -> RowKey {
    RowKey::new(parts).unwrap()
}

fn row(key: &RowKey, content: Vec<u8>) -> Row {
    Row { key: key.clone(), version: RowVersion::kept(1), content }
}

#[test]
fn a_row_opens_at_its_place_and_nowhere_else() {
    let entropy = Counting::default();
    let table = TableKey::new(&entropy).unwrap();
    let (here, there) = (key(&["user", "a"]), key(&["user", "b"]));
    let value = (String::from("alice@example.com"), vec![1_u8, 2]);
    let sealed = table.seal(&here, &value, &entropy).unwrap();
    let open = |row: &Row| table.open::<(String, Vec<u8>)>(row);
    assert_eq!(open(&row(&here, sealed.clone())), Ok(value));
    assert!(!String::from_utf8_lossy(&sealed).contains("alice"));
    assert_eq!(open(&row(&there, sealed.clone())), Err(Unreadable::Seal));
    for index in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[index] ^= 1;
        assert!(open(&row(&here, changed)).is_err(), "byte {index}");
        assert!(open(&row(&here, sealed[..index].to_vec())).is_err(), "cut at {index}");
    }
    // What is empty is what nobody could read: never a row without anything in it.
    assert_eq!(open(&row(&here, Vec::new())), Err(Unreadable::Encoding));
    // Another table's row, and one of another shape.
    let other = TableKey::new(&entropy).unwrap();
    assert_eq!(other.open::<(String, Vec<u8>)>(&row(&here, sealed.clone())), Err(Unreadable::Seal));
    assert_eq!(table.open::<u8>(&row(&here, sealed)), Err(Unreadable::Payload));
}

#[test]
fn names_tell_nothing_and_depend_on_what_they_name() {
    let entropy = Counting::default();
    let table = TableKey::new(&entropy).unwrap();
    let name = table.name("userName", "alice");
    assert_eq!(name.len(), 32);
    assert!(RowKey::new(&["index", &name]).is_some());
    assert_eq!(name, table.name("userName", "alice"));
    assert_ne!(name, table.name("externalId", "alice"));
    assert_ne!(table.name("a", "bc"), table.name("ab", "c"));
    assert_ne!(name, TableKey::new(&entropy).unwrap().name("userName", "alice"));
    assert_eq!(format!("{table:?}"), "TableKey");
}

#[test]
fn the_first_row_outlives_the_secret_that_sealed_it() {
    let entropy = Counting::default();
    let with = |secrets: &[u8]| Settings { keys: keys(secrets, "https://sp.example/saml"), ..settings() };
    let table = TableKey::new(&entropy).unwrap();
    let sealed = table.first_row(&7_u64, &with(&[1]), &entropy).unwrap();
    let open = |sealed: &[u8], secrets: &[u8]| TableKey::open_first_row::<u64>(sealed, &with(secrets));
    let (same, note, newest) = open(&sealed, &[1]).unwrap();
    assert_eq!((same.name("a", "b"), note, newest), (table.name("a", "b"), 7, true));
    // A new secret stands in front: the row opens, and asks to be sealed anew.
    let (same, _, newest) = open(&sealed, &[2, 1]).unwrap();
    assert!(!newest);
    let anew = same.first_row(&8_u64, &with(&[2, 1]), &entropy).unwrap();
    let (same, note, newest) = open(&anew, &[2]).unwrap();
    assert_eq!((same.name("a", "b"), note, newest), (table.name("a", "b"), 8, true));
    // Rows that were sealed before are as good as ever.
    let place = key(&["user", "a"]);
    let old = table.seal(&place, &1_u8, &entropy).unwrap();
    assert_eq!(same.open::<u8>(&row(&place, old)), Ok(1));
    // Without the secret it is nobody's table, and never a new one.
    assert_eq!(open(&sealed, &[2]).unwrap_err(), Unreadable::Seal);
    let elsewhere = Settings { keys: keys(&[1], "https://other.example"), ..settings() };
    assert!(TableKey::open_first_row::<u64>(&sealed, &elsewhere).is_err());
    for wrong in [&b""[..], b"\xff", &[b'a'; 2000]] {
        assert!(open(wrong, &[1]).is_err());
    }
}

#[test]
fn what_does_not_fit_or_has_no_nonce_is_not_sealed() {
    let entropy = Counting::default();
    let table = TableKey::new(&entropy).unwrap();
    let place = key(&["user", "a"]);
    let mut noise = vec![0; MAX_ROW_BYTES];
    crate::base::EntropySource::fill(&entropy, &mut noise).unwrap();
    assert_eq!(table.seal(&place, &noise, &entropy), Err(NotSealed::TooLarge));
    assert!(table.seal(&place, &"x".repeat(MAX_ROW_BYTES * 2), &entropy).is_ok(), "deflated it fits");
    assert_eq!(table.seal(&place, &1_u8, &Broken), Err(NotSealed::EntropyUnavailable));
    assert_eq!(table.first_row(&1_u8, &settings(), &Broken), Err(NotSealed::EntropyUnavailable));
    assert!(TableKey::new(&Broken).is_err());
}
