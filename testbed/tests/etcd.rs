//! What `samlgate::store` sends and reads, against the real etcd.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use samlgate::base::{EntropyFailure, EntropySource, Secret, UnixTime};
use samlgate::store::table::{
    Action, Condition, Done, Folder, List, Listed, MAX_ACTIONS, MAX_ROW_BYTES, MAX_ROWS, Outcome, RowKey,
    RowSize, RowVersion, Transaction,
};
use samlgate::store::{Claim, Credentials, Etcd, Lease, Mark, Name, Revision, StoreError, Token};
use serde_json::json;
use testbed::etcd::Etcd as Server;

/// Different for each number.
struct Numbered(u8);

impl EntropySource for Numbered {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        out.fill(self.0);
        Ok(())
    }
}

fn mark(number: u8) -> Mark {
    Mark::new(&Numbered(number)).unwrap()
}

fn name(text: &str) -> Name {
    Name::of("test", &[text.as_bytes()])
}

fn folder(test: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("etcd-{test}"))
}

fn store(prefix: &str) -> Etcd {
    Etcd {
        cluster: "etcd".to_owned(),
        authority: "etcd.internal".to_owned(),
        timeout: Duration::from_secs(5),
        key_prefix: prefix.to_owned(),
        credentials: None,
    }
}

fn now() -> UnixTime {
    UnixTime::from_secs(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}

fn lease() -> Lease {
    Lease::until(now().saturating_add(Duration::from_secs(60)), now(), "samlgate/")
}

fn claim(server: &Server, store: &Etcd, what: &str, by: u8) -> Result<Claim, StoreError> {
    let (name, mark) = (name(what), mark(by));
    store.claimed(&name, &mark, &server.perform(&store.claim(&name, &mark, lease(), None)).unwrap())
}

fn grant(server: &Server, store: &Etcd, lease: Lease) {
    Etcd::granted(&server.perform(&store.grant(lease, None)).unwrap()).unwrap();
}

#[test]
fn one_of_many_gets_the_claim_and_nobody_after_a_restart() {
    let mut server = Server::start(&folder("claims")).unwrap();
    let store = store("samlgate/");
    assert_eq!(claim(&server, &store, "a", 1).unwrap_err(), StoreError::LeaseMissing);
    grant(&server, &store, lease());
    // Whoever grants second is told so, and goes on.
    grant(&server, &store, lease());
    let won: usize = std::thread::scope(|scope| {
        let claimants: Vec<_> = (1..=16_u8)
            .map(|by| {
                let (server, store) = (&server, &store);
                scope.spawn(move || {
                    let claim = claim(server, store, "a", by).unwrap();
                    usize::from(matches!(claim, Claim::Ours(_)))
                })
            })
            .collect();
        claimants.into_iter().map(|claimant| claimant.join().unwrap()).sum()
    });
    assert_eq!(won, 1);
    assert!(matches!(claim(&server, &store, "b", 1), Ok(Claim::Ours(_))));
    // The same call twice is one claim.
    assert!(matches!(claim(&server, &store, "b", 1), Ok(Claim::Ours(_))));
    server.kill();
    server.run().unwrap();
    assert!(matches!(claim(&server, &store, "b", 2), Ok(Claim::Taken)));
    // Another installation in the same etcd is another world.
    assert!(matches!(claim(&server, &self::store("other/"), "b", 2), Ok(Claim::Ours(_))));
    server.kill();
    server.forget().unwrap();
    server.run().unwrap();
    assert_eq!(claim(&server, &store, "b", 2).unwrap_err(), StoreError::LeaseMissing);
}

#[test]
fn records_arrive_in_order_page_by_page_and_once() {
    let mut server = Server::start(&folder("records")).unwrap();
    let store = store("samlgate/");
    let publish = |server: &Server, number: u32| {
        let call = store.publish(&name(&number.to_string()), &number.to_le_bytes(), lease(), None);
        Etcd::published(&server.perform(&call).unwrap())
    };
    assert_eq!(publish(&server, 0), Err(StoreError::LeaseMissing));
    grant(&server, &store, lease());
    for number in 0..250 {
        publish(&server, number).unwrap();
    }
    // Neighbours in the same etcd.
    for key in ["samlgate/record", "samlgate/record0", "samlgate/recorc/x", "other/record/x"] {
        let key = samlgate::encoding::base64::encode(key.as_bytes());
        assert_eq!(server.ask("/v3/kv/put", &json!({ "key": key, "value": "YQ==" })).unwrap().status, 200);
    }
    let read = |server: &Server, since: Revision| {
        let (mut since, mut pages) = (since, Vec::new());
        loop {
            let answer = server.perform(&store.changes(since, None)).unwrap();
            let page = Etcd::changed(since, &answer).unwrap();
            since = page.upto;
            let more = page.more;
            pages.push(page.records.len());
            if !more {
                return (since, pages);
            }
        }
    };
    let (upto, pages) = read(&server, Revision::START);
    assert_eq!(pages, [200, 50]);
    assert_eq!(read(&server, upto).1, [0]);
    publish(&server, 7).unwrap();
    publish(&server, 1000).unwrap();
    assert_eq!(read(&server, upto).1, [2], "what was written again is read again");
    server.kill();
    server.forget().unwrap();
    server.run().unwrap();
    assert!(read(&server, upto).0 < upto, "an empty store is seen to be another");
}

#[test]
fn an_office_has_one_holder_and_passes_on() {
    let server = Server::start(&folder("office")).unwrap();
    let store = store("samlgate/");
    let office = name("sync");
    let holder = |number: u8| {
        let lease = Lease::of_holder(&Name::of("holder", &[&[number]]), Duration::from_secs(2));
        (mark(number), lease)
    };
    let lead = |(mark, lease): &(Mark, Lease)| {
        grant(&server, &store, *lease);
        let answer = server.perform(&store.lead(&office, mark, *lease, None)).unwrap();
        store.leads(&office, mark, &answer).unwrap()
    };
    let (one, two) = (holder(1), holder(2));
    assert!(lead(&one) && lead(&one));
    assert!(!lead(&two));
    let alive =
        |lease: Lease| Etcd::kept_alive(&server.perform(&store.keep_alive(lease, None)).unwrap()).unwrap();
    for _ in 0..4 {
        sleep(Duration::from_secs(1));
        assert!(alive(one.1));
    }
    assert!(!lead(&two), "signs of life keep the office");
    // Holder one says nothing any more.
    let deadline = Instant::now() + Duration::from_secs(30);
    while !lead(&two) {
        assert!(Instant::now() < deadline, "the office was never free");
        sleep(Duration::from_millis(200));
    }
    assert!(!alive(one.1) && !lead(&one));
    assert_eq!(server.perform(&store.revoke(two.1, None)).unwrap().status, 200);
    assert!(lead(&one), "who resigns leaves the office at once");
}

#[test]
fn users_of_etcd_need_their_password_their_rights_and_a_token_that_is_known() {
    let server = Server::start(&folder("users")).unwrap();
    let key = |text: &str| samlgate::encoding::base64::encode(text.as_bytes());
    let rights = json!({ "permType": "READWRITE", "key": key("samlgate/"), "range_end": key("samlgate0") });
    for (path, body) in [
        ("user/add", json!({ "name": "root", "password": "root" })),
        ("role/add", json!({ "name": "root" })),
        ("user/grant", json!({ "user": "root", "role": "root" })),
        ("user/add", json!({ "name": "gate", "password": "secret" })),
        ("role/add", json!({ "name": "gate" })),
        ("user/grant", json!({ "user": "gate", "role": "gate" })),
        ("role/grant", json!({ "name": "gate", "perm": rights })),
    ] {
        assert_eq!(server.ask(&format!("/v3/auth/{path}"), &body).unwrap().status, 200, "{path}");
    }
    let with = |prefix: &str, password: &str| Etcd {
        credentials: Some(Credentials {
            username: "gate".to_owned(),
            password: Secret::new(password.to_owned()),
        }),
        ..store(prefix)
    };
    let ours = with("samlgate/", "secret");
    let token = |server: &Server, store: &Etcd| {
        Etcd::authenticated(&server.perform(&store.authenticate().unwrap()).unwrap())
    };
    // Credentials for an etcd that has no users yet are not silently left out.
    assert_eq!(token(&server, &ours).unwrap_err(), StoreError::CredentialsRefused);
    assert_eq!(server.ask("/v3/auth/enable", &json!({})).unwrap().status, 200);

    assert_eq!(claim(&server, &ours, "a", 1).unwrap_err(), StoreError::TokenRefused);
    assert_eq!(token(&server, &with("samlgate/", "wrong")).unwrap_err(), StoreError::CredentialsRefused);
    let good = token(&server, &ours).unwrap();
    let (a, by) = (name("a"), mark(1));
    let granted =
        |server: &Server, token| Etcd::granted(&server.perform(&ours.grant(lease(), token)).unwrap());
    let claimed = |server: &Server, store: &Etcd, token| {
        store.claimed(&a, &by, &server.perform(&store.claim(&a, &by, lease(), token)).unwrap())
    };
    granted(&server, Some(&good)).unwrap();
    assert!(matches!(claimed(&server, &ours, Some(&good)), Ok(Claim::Ours(_))));
    let elsewhere = with("elsewhere/", "secret");
    assert_eq!(claimed(&server, &elsewhere, Some(&good)).unwrap_err(), StoreError::PermissionDenied);
    let changes = server.perform(&elsewhere.changes(Revision::START, Some(&good))).unwrap();
    assert_eq!(Etcd::changed(Revision::START, &changes), Err(StoreError::PermissionDenied));
    assert!(server.perform(&ours.changes(Revision::START, Some(&good))).is_ok());
    let unknown = Token::kept("AAAAAAAAAAAAAAAA.1".to_owned());
    assert_eq!(claimed(&server, &ours, Some(&unknown)).unwrap_err(), StoreError::TokenRefused);
    let again = token(&server, &ours).unwrap();
    assert!(matches!(claimed(&server, &ours, Some(&again)), Ok(Claim::Ours(_))), "our own mark");
}

fn row(parts: &[&str]) -> RowKey {
    RowKey::new(parts).unwrap()
}

fn transact(server: &Server, store: &Etcd, transaction: &Transaction) -> Outcome {
    assert!(transaction.fits());
    store.transacted(transaction, &server.perform(&store.transact(transaction, None)).unwrap()).unwrap()
}

fn put(key: &RowKey, version: RowVersion, content: &[u8]) -> Transaction {
    Transaction {
        conditions: vec![Condition::Unchanged(key.clone(), version)],
        then: vec![Action::Put(key.clone(), content.to_vec())],
        otherwise: vec![Action::Read(key.clone())],
    }
}

fn listed(server: &Server, store: &Etcd, list: List) -> Listed {
    let transaction = Transaction { then: vec![Action::List(list)], ..Transaction::default() };
    match transact(server, store, &transaction).done.pop() {
        Some(Done::Listed(listed)) => listed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_many_who_change_a_row_at_once_each_sees_what_the_one_before_wrote() {
    let mut server = Server::start(&folder("table")).unwrap();
    let store = store("samlgate/");
    let counter = row(&["counter", "a"]);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let (mut version, mut value) = (RowVersion::ABSENT, 0_u8);
                    loop {
                        let outcome = transact(&server, &store, &put(&counter, version, &[value + 1]));
                        match &outcome.done[..] {
                            [Done::Put] => break,
                            [Done::Read(Some(row))] => (version, value) = (row.version, row.content[0]),
                            other => panic!("{other:?}"),
                        }
                    }
                }
            });
        }
    });
    let read = Transaction { then: vec![Action::Read(counter.clone())], ..Transaction::default() };
    let value = |outcome: Outcome| match &outcome.done[..] {
        [Done::Read(Some(row))] => (row.content[0], row.version),
        other => panic!("{other:?}"),
    };
    let (count, version) = value(transact(&server, &store, &read));
    assert_eq!(count, 80);
    // `kill -9` loses nothing that was answered.
    server.kill();
    server.run().unwrap();
    assert_eq!(value(transact(&server, &store, &read)), (80, version));
    // The version of what was written is the transaction's.
    let outcome = transact(&server, &store, &put(&counter, version, b"x"));
    assert!(outcome.carried_out);
    assert_eq!(value(transact(&server, &store, &read)).1, outcome.version);
    // A store that forgot everything fulfils no condition about what was there.
    server.kill();
    server.forget().unwrap();
    server.run().unwrap();
    let there = Transaction {
        conditions: vec![Condition::Exists(counter.clone())],
        then: vec![Action::Put(row(&["counter", "b"]), b"x".to_vec())],
        ..Transaction::default()
    };
    assert!(!transact(&server, &store, &there).carried_out);
    assert_eq!(listed(&server, &store, all("counter", 10)).count, 0);
}

fn all(folder: &str, limit: u32) -> List {
    List { folder: Folder::new(&[folder]).unwrap(), after: None, limit, size: RowSize::Any }
}

#[test]
fn a_folder_is_listed_page_by_page_and_without_its_neighbours() {
    let server = Server::start(&folder("listing")).unwrap();
    let store = store("samlgate/");
    let key = |number: usize| row(&["user", &format!("{number:04}")]);
    // As many actions, and as much, as one transaction may have.
    for chunk in (0..100_usize).collect::<Vec<_>>().chunks(50) {
        let then = chunk.iter().map(|number| Action::Put(key(*number), vec![7; MAX_ROW_BYTES])).collect();
        transact(&server, &store, &Transaction { then, ..Transaction::default() });
    }
    let many = |range: std::ops::Range<usize>| Transaction {
        conditions: range
            .clone()
            .map(|number| Condition::Unchanged(key(number), RowVersion::ABSENT))
            .collect(),
        then: range.map(|number| Action::Put(key(number), b"x".to_vec())).collect(),
        ..Transaction::default()
    };
    assert!(transact(&server, &store, &many(100..100 + MAX_ACTIONS)).carried_out);
    assert!(!transact(&server, &store, &many(227..230)).carried_out, "one of them is there");
    for other in ["users", "use", "user-a", "group"] {
        let then = vec![Action::Put(row(&[other, "x"]), b"x".to_vec())];
        transact(&server, &store, &Transaction { then, ..Transaction::default() });
    }
    let put = samlgate::encoding::base64::encode(b"samlgate/table/user0");
    assert_eq!(server.ask("/v3/kv/put", &json!({ "key": put, "value": "YQ==" })).unwrap().status, 200);

    let (mut after, mut seen) = (None, Vec::new());
    loop {
        // An answer with the largest rows is the largest that is read.
        let page = listed(&server, &store, List { after, ..all("user", MAX_ROWS) });
        assert_eq!(page.count + u64::try_from(seen.len()).unwrap(), 228);
        seen.extend(page.rows.iter().map(|row| row.key.clone()));
        after = page.rows.last().map(|row| row.key.clone());
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, (0..228).map(key).collect::<Vec<_>>());
    let small = listed(&server, &store, List { size: RowSize::Small, ..all("user", 200) });
    assert_eq!(small.rows.len(), 200);
    let find =
        Transaction { then: vec![Action::Find(key(0)), Action::Find(key(999))], ..Transaction::default() };
    let found = transact(&server, &store, &find).done;
    assert!(matches!(&found[..], [Done::Read(Some(row)), Done::Read(None)] if row.content.is_empty()));
    let counted = listed(&server, &store, all("user", 0));
    assert_eq!((counted.count, counted.rows.len()), (228, 0));
    // Whole or not at all: the condition of one fails, nothing of the others is done.
    let half = Transaction {
        conditions: vec![Condition::Exists(key(0)), Condition::Exists(key(999))],
        then: vec![Action::Delete(key(0))],
        otherwise: vec![Action::Read(key(0))],
    };
    let outcome = transact(&server, &store, &half);
    assert!(!outcome.carried_out && matches!(&outcome.done[..], [Done::Read(Some(_))]));
    let both = Transaction {
        then: vec![Action::Delete(key(0)), Action::Delete(key(999))],
        ..Transaction::default()
    };
    assert_eq!(transact(&server, &store, &both).done, [Done::Deleted, Done::Deleted]);
    assert_eq!(listed(&server, &store, all("user", 0)).count, 227);
}
