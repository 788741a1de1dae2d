//! What transactions look like on the wire, and answers that would read as "not there".

use serde_json::{Value, json};

use super::*;
use crate::base::Code;
use core::time::Duration;

fn etcd() -> Etcd {
    Etcd {
        cluster: String::from("etcd"),
        authority: String::from("etcd.internal"),
        timeout: Duration::from_secs(1),
        key_prefix: String::from("samlgate/"),
        credentials: None,
    }
}

fn key(parts: &[&str]) -> RowKey {
    RowKey::new(parts).unwrap()
}

fn users(limit: u32, after: Option<RowKey>) -> List {
    List { folder: Folder::new(&["user"]).unwrap(), after, limit, size: RowSize::Any }
}

fn answered(body: &Value) -> HttpResponse {
    HttpResponse { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() }
}

fn pair(key: &str, version: &str, value: &[u8]) -> Value {
    let key = base64::encode(format!("samlgate/table/{key}").as_bytes());
    json!({ "key": key, "mod_revision": version, "create_revision": "1", "value": base64::encode(value) })
}

fn range(pairs: &[Value], count: u64) -> Value {
    json!({ "response_range": { "kvs": pairs, "count": count.to_string() } })
}

fn succeeded(responses: &Value) -> Value {
    json!({ "header": { "revision": "9", "cluster_id": "7" }, "succeeded": true, "responses": responses })
}

/// What `then` is answered by `responses`.
fn read(then: Action, responses: &Value) -> Result<Outcome, StoreError> {
    let transaction = Transaction { then: vec![then], ..Transaction::default() };
    etcd().transacted(&transaction, &answered(&succeeded(responses)))
}

#[test]
fn a_transaction_names_its_conditions_and_both_ways() {
    let (one, two) = (key(&["user", "a"]), key(&["index", "b"]));
    let transaction = Transaction {
        conditions: vec![
            Condition::Unchanged(one.clone(), RowVersion::kept(5)),
            Condition::Unchanged(two.clone(), RowVersion::ABSENT),
            Condition::Exists(one.clone()),
        ],
        then: vec![Action::Put(one.clone(), b"new".to_vec()), Action::Delete(two)],
        otherwise: vec![Action::Read(one)],
    };
    assert!(transaction.fits());
    let call = etcd().transact(&transaction, None);
    assert_eq!(call.path, "/v3/kv/txn");
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    let at = |pointer: &str| body.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!((at("/compare/0/target"), at("/compare/0/mod_revision")), (json!("MOD"), json!("5")));
    assert_eq!((at("/compare/1/target"), at("/compare/1/mod_revision")), (json!("MOD"), json!("0")));
    assert_eq!((at("/compare/2/target"), at("/compare/2/result")), (json!("CREATE"), json!("GREATER")));
    assert_eq!(at("/success/0/request_put/key"), json!(base64::encode(b"samlgate/table/user/a")));
    assert_eq!(at("/success/1/request_delete_range/key"), json!(base64::encode(b"samlgate/table/index/b")));
    // A range end would delete a folder.
    assert_eq!(at("/success/1/request_delete_range/range_end"), Value::Null);
    assert_eq!(at("/failure/0/request_range/key"), json!(base64::encode(b"samlgate/table/user/a")));
}

#[test]
fn no_part_of_a_key_reaches_into_another_folder() {
    for wrong in ["", "a/b", "..", "a.b", "a b", "ä", "a\0", "a_b", &"x".repeat(65)] {
        assert_eq!(RowKey::new(&["user", wrong]), None, "{wrong}");
        assert_eq!(Folder::new(&[wrong]), None, "{wrong}");
    }
    assert_eq!(RowKey::new(&[]), None);
    assert_eq!(RowKey::new(&["a", "b", "c", "d", "e"]), None);
    let folder = Folder::new(&["user"]).unwrap();
    assert!(folder.holds(&key(&["user", "a"])) && folder.holds(&key(&["user", "a", "b"])));
    assert!(!folder.holds(&key(&["user"])) && !folder.holds(&key(&["users", "a"])));
    assert_eq!(key(&["member", "g", "u"]).last(), "u");
}

#[test]
fn lists_begin_behind_the_last_row_and_end_with_their_folder() {
    let at = |list: List| {
        let transaction = Transaction { then: vec![Action::List(list)], ..Transaction::default() };
        let body: Value = serde_json::from_slice(&etcd().transact(&transaction, None).body).unwrap();
        body.pointer("/success/0/request_range").cloned().unwrap()
    };
    let bytes = |value: &Value| base64::decode_strict(value.as_str().unwrap()).unwrap();
    let first = at(users(10, None));
    assert_eq!(bytes(&first["key"]), b"samlgate/table/user/");
    assert_eq!(bytes(&first["range_end"]), b"samlgate/table/user0");
    assert_eq!(first["limit"], json!("10"));
    let next = at(users(1_000_000, Some(key(&["user", "a"]))));
    assert_eq!(bytes(&next["key"]), b"samlgate/table/user/a\0");
    assert_eq!(next["limit"], json!(MAX_ROWS.to_string()), "an answer has room for so many");
    let small = at(List { size: RowSize::Small, ..users(1_000_000, None) });
    assert_eq!(small["limit"], json!(MAX_SMALL_ROWS.to_string()));
    let count = at(users(0, None));
    assert_eq!((&count["count_only"], count.get("limit")), (&json!(true), None));
}

#[test]
fn a_row_is_there_or_not_and_nothing_in_between() {
    let wanted = key(&["user", "a"]);
    let ask = || Action::Read(wanted.clone());
    let found = read(ask(), &json!([range(&[pair("user/a", "5", b"x")], 1)])).unwrap();
    let row = Row { key: wanted.clone(), version: RowVersion::kept(5), content: b"x".to_vec() };
    assert_eq!(found.done, [Done::Read(Some(row))]);
    assert_eq!((found.carried_out, found.version), (true, RowVersion::kept(9)));
    // Zeros are left out in the JSON form of Protocol Buffers, so that this is how "none" looks.
    assert_eq!(read(ask(), &json!([{ "response_range": {} }])).unwrap().done, [Done::Read(None)]);
    for wrong in [
        json!([]),
        json!([{}]),
        json!([null]),
        json!({}),
        json!("no list"),
        json!([range(&[], 0), range(&[], 0)]),
        json!([{ "response_put": {} }]),
        json!([range(&[pair("user/b", "5", b"x")], 1)]),
        json!([range(&[pair("user/a", "5", b"x"), pair("user/a", "5", b"x")], 2)]),
        // From the future, never written, not a number.
        json!([range(&[pair("user/a", "10", b"x")], 1)]),
        json!([range(&[pair("user/a", "0", b"x")], 1)]),
        json!([range(&[pair("user/a", "-1", b"x")], 1)]),
        json!([range(&[pair("user/a", "", b"x")], 1)]),
        json!([{ "response_range": { "kvs": [{ "mod_revision": "5" }] } }]),
        json!([{ "response_range": { "kvs": [{ "key": "!", "mod_revision": "5" }] } }]),
        json!([{ "response_range": { "kvs": [{ "key": base64::encode(b"elsewhere/table/user/a"), "mod_revision": "5" }] } }]),
        json!([{ "response_range": { "kvs": {} } }]),
    ] {
        let found = read(ask(), &wrong).unwrap_err();
        assert!(matches!(found, StoreError::AnswerMalformed { .. }), "{wrong}: {found}");
        assert_eq!(found.code(), Code::SharedStoreUnavailable);
    }
}

#[test]
fn a_list_that_was_cut_short_is_no_list() {
    let list = |limit, after| Action::List(users(limit, after));
    let (a, b, c) = (pair("user/a", "5", b"x"), pair("user/b", "6", b"y"), pair("user/c", "7", b"z"));
    let whole = read(list(3, None), &json!([range(&[a.clone(), b.clone(), c.clone()], 3)])).unwrap();
    assert!(matches!(&whole.done[..], [Done::Listed(listed)] if listed.rows.len() == 3 && !listed.more));
    let first = read(list(2, None), &json!([range(&[a.clone(), b.clone()], 3)])).unwrap();
    assert!(matches!(&first.done[..], [Done::Listed(listed)] if listed.more && listed.count == 3));
    let counted = read(list(0, None), &json!([{ "response_range": { "count": "150000" } }])).unwrap();
    assert!(matches!(&counted.done[..], [Done::Listed(listed)] if listed.count == 150_000));
    let none = read(list(2, None), &json!([{ "response_range": {} }])).unwrap();
    assert!(matches!(&none.done[..], [Done::Listed(listed)] if *listed == Listed::default()));

    let behind_b = || list(3, Some(key(&["user", "b"])));
    for (action, part) in [
        // More than asked for, more than counted, fewer than there are, more behind nothing.
        (list(1, None), range(&[a.clone(), b.clone()], 2)),
        (list(3, None), range(&[a.clone(), b.clone()], 1)),
        (list(3, None), range(std::slice::from_ref(&a), 3)),
        (list(3, None), range(&[], 3)),
        (list(3, None), json!({ "response_range": { "kvs": [a], "count": "many" } })),
        // Out of order, twice, before where it begins, from another folder.
        (list(3, None), range(&[b.clone(), a.clone()], 2)),
        (list(3, None), range(&[a.clone(), a.clone()], 2)),
        (behind_b(), range(&[b.clone(), c], 2)),
        (list(3, None), range(&[pair("group/a", "5", b"x")], 1)),
        (list(3, None), range(&[pair("users/a", "5", b"x")], 1)),
    ] {
        let found = read(action, &json!([part]));
        assert!(matches!(found, Err(StoreError::AnswerMalformed { .. })), "{part}: {found:?}");
    }
}

#[test]
fn what_failed_is_told_from_what_cannot_be() {
    let wanted = key(&["user", "a"]);
    let transaction = Transaction {
        conditions: vec![Condition::Unchanged(wanted.clone(), RowVersion::kept(5))],
        then: vec![Action::Put(wanted.clone(), b"new".to_vec())],
        otherwise: vec![Action::Read(wanted.clone())],
    };
    let failed = |body: Value| etcd().transacted(&transaction, &answered(&body));
    let header = json!({ "revision": "9", "cluster_id": "7" });
    let shown = range(&[pair("user/a", "6", b"x")], 1);
    let found = failed(json!({ "header": header, "responses": [shown] })).unwrap();
    assert!(!found.carried_out && matches!(&found.done[..], [Done::Read(Some(_))]));
    for wrong in [
        json!({ "header": header, "succeeded": true, "responses": [shown] }),
        json!({ "header": header, "succeeded": "true", "responses": [shown] }),
        json!({ "header": header, "succeeded": 1, "responses": [shown] }),
        json!({ "header": header, "responses": [{ "response_put": {} }] }),
        json!({ "responses": [shown] }),
        json!({}),
        json!(null),
    ] {
        assert!(failed(wrong.clone()).is_err(), "{wrong}");
    }
    // Nothing can fail where nothing was demanded: somebody answers for etcd.
    let unconditional = Transaction { conditions: Vec::new(), ..transaction };
    let body = json!({ "header": header, "responses": [shown] });
    assert!(etcd().transacted(&unconditional, &answered(&body)).is_err());
}

#[test]
fn what_does_not_fit_is_known_before_it_is_sent() {
    let put = |bytes| Action::Put(key(&["user", "a"]), vec![0; bytes]);
    let of = |then| Transaction { then, ..Transaction::default() };
    assert!(of(vec![put(MAX_ROW_BYTES); 64]).fits() && of(vec![put(1); MAX_ACTIONS]).fits());
    assert!(!of(vec![put(MAX_ROW_BYTES); 65]).fits(), "etcd takes no more at once");
    assert!(!of(vec![put(MAX_ROW_BYTES + 1)]).fits());
    assert!(!of(vec![put(1); MAX_ACTIONS + 1]).fits());
    let conditions = vec![Condition::Exists(key(&["user", "a"])); MAX_ACTIONS + 1];
    assert!(!Transaction { conditions, ..Transaction::default() }.fits());
}

#[test]
fn a_content_that_nobody_of_us_wrote_is_handed_on_as_unreadable() {
    let long = read(
        Action::Read(key(&["user", "a"])),
        &json!([range(&[pair("user/a", "5", &[1; MAX_ROW_BYTES + 1])], 1)]),
    );
    assert!(matches!(&long.unwrap().done[..], [Done::Read(Some(row))] if row.content.is_empty()));
}
