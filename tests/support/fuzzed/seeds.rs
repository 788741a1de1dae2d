//! What each target begins with: the vectors, in the form that the target reads.

use std::fs;
use std::path::{Path, PathBuf};

use samlgate::encoding::{base64, form, inflate, percent};
use serde_json::Value;

use super::world::tests_folder;

/// The seeds of `target`, each with a name: among them what fuzzing has found before.
pub fn of(target: &str) -> Vec<(String, Vec<u8>)> {
    let found = vectors().join("fuzz").join(target);
    let mut seeds = if found.is_dir() { files(&[&format!("fuzz/{target}")]) } else { Vec::new() };
    seeds.extend(begun_with(target));
    seeds
}

fn begun_with(target: &str) -> Vec<(String, Vec<u8>)> {
    match target {
        "c14n" => c14n(),
        "cel_expression" => expressions(),
        "certificate" => certificates(),
        "config" => configurations(),
        "cookie" => cookies(),
        "decrypt" => {
            let mut seeds = files(&["response"]);
            seeds.retain(|(name, _)| name.contains("encrypted"));
            seeds
        }
        "metadata" => files(&["config_idp"]),
        "post_message" => forms(),
        "redirect_query" => queries(),
        "response" => files(&["response"]),
        "scim_filter" | "scim_patch" | "scim_path" => scim(target),
        "signed_response" | "encrypted_response" => scripts(),
        "xml_document" => {
            let mut seeds = files(&["xml", "response", "signature", "config_idp"]);
            seeds.extend(differential().into_iter().map(|(name, case)| (name, document(&case))));
            seeds
        }
        other => panic!("no seeds for {other}"),
    }
}

/// The filters, the bodies of PATCH, or the paths in them, of `vectors/scim`.
fn scim(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for folder in entries(&vectors().join("scim")) {
        let case = fs::read_to_string(folder.join("case.yaml")).expect("a case");
        let body = fs::read(folder.join("request.json")).unwrap_or_default();
        let name = name_of(&folder);
        if target == "scim_filter" {
            let query = case.split_once("?filter=").and_then(|(_, rest)| rest.split('"').next());
            let filter = query.and_then(|query| form::component(query).ok());
            seeds.extend(filter.map(|filter| (name, filter.into_bytes())));
        } else if case.contains("PATCH /") && target == "scim_patch" {
            seeds.push((name, body));
        } else if let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(&body) {
            let operations = body.get("Operations").and_then(Value::as_array).into_iter().flatten();
            let paths = operations.filter_map(|operation| operation.get("path")?.as_str()).take(4);
            seeds.extend(paths.enumerate().map(|(index, path)| (format!("{name}-{index}"), path.into())));
        }
    }
    seeds
}

fn vectors() -> PathBuf {
    tests_folder().join("vectors")
}

/// All documents below these folders of vectors.
fn files(folders: &[&str]) -> Vec<(String, Vec<u8>)> {
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| vectors().join(folder)).collect();
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_none_or(|extension| extension != "yaml" && extension != "md") {
                found.push((name_of(&path), fs::read(&path).expect("a vector")));
            }
        }
    }
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of vectors");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn name_of(path: &Path) -> String {
    let below = path.strip_prefix(tests_folder()).unwrap_or(path);
    below.to_string_lossy().replace(['/', '\\', '.'], "-")
}

/// Every eighth case of the documents that were canonicalized by another implementation.
fn differential() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for path in entries(&vectors().join("c14n")) {
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            let text = fs::read_to_string(&path).expect("the cases");
            let cases = text.lines().enumerate().step_by(8);
            found.extend(cases.map(|(number, line)| {
                (format!("{}-{number}", name_of(&path)), serde_json::from_str(line).expect("a case"))
            }));
        }
    }
    found
}

fn document(case: &Value) -> Vec<u8> {
    match (case["xml"].as_str(), case["file"].as_str()) {
        (Some(xml), _) => xml.as_bytes().to_vec(),
        (None, Some(file)) => fs::read(vectors().join(file)).expect("the file of a case"),
        _ => panic!("a case without a document"),
    }
}

fn c14n() -> Vec<(String, Vec<u8>)> {
    let mut seeds = files(&["response"]);
    seeds.extend(differential().into_iter().enumerate().map(|(number, (name, case))| {
        let number = number as u8;
        (name, [vec![number & 1, number / 3, number / 7, number], document(&case)].concat())
    }));
    seeds
}

fn certificates() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for path in entries(&tests_folder().join("keys")) {
        let text = fs::read_to_string(&path).expect("a file of keys");
        let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
        if let Ok(der) = base64::decode_strict(&body) {
            seeds.push((format!("{}-der", name_of(&path)), der));
            seeds.push((name_of(&path), text.into_bytes()));
        }
    }
    seeds
}

/// The documented examples, and what the typed conditions have no words for.
fn expressions() -> Vec<(String, Vec<u8>)> {
    let document = tests_folder().join("../docs/expressions.md");
    let text = fs::read_to_string(document).expect("the examples");
    let examples = text.split("```cel\n").skip(1).filter_map(|block| block.split("```").next());
    let others = [
        "groups.filter(g, g != 'x').map(g, g + 'y').exists_one(g, g.size() > 3)",
        "[1, 2, 3].all(n, n * now / n % 7 - -n < 4 ? n >= 1 : n <= 2 || n != 3)",
        "saml.attributes['d'][0].contains(saml.email) || !('x' in saml.attributes)",
        "1 / 0 == int('9223372036854775808') + 9223372036854775807 // never",
        "saml.attributes.partly.size() == 1 && account.groups[-1] == r'\\d\u{e9}'",
        "groups.exists(a, groups.exists(b, a == b))",
        "['a'].map(x, x + x).map(x, x + x).map(x, x + x)[0].endsWith(\"\"\"a\"\"\")",
        "{'a': [null, 1.0, 2u, b'\\xff'], 'a': type(dyn(1))}.?b[?0].orValue(duration('1s'))",
    ];
    let seeds = examples.chain(others).enumerate();
    seeds.map(|(number, text)| (format!("expression-{number}"), text.trim().as_bytes().to_vec())).collect()
}

fn configurations() -> Vec<(String, Vec<u8>)> {
    let folder = vectors().join("config");
    let base = yaml(&folder.join("good_minimal/config.yaml"));
    let mut seeds = Vec::new();
    for folder in entries(&folder).into_iter().filter(|path| path.is_dir()) {
        let bytes = if let Ok(bytes) = fs::read(folder.join("config.json")) {
            bytes
        } else if folder.join("config.yaml").is_file() {
            yaml(&folder.join("config.yaml")).to_string().into_bytes()
        } else {
            let mut value = base.clone();
            merge(&mut value, &yaml(&folder.join("case.yaml"))["patch"]);
            value.to_string().into_bytes()
        };
        seeds.push((name_of(&folder), bytes));
    }
    seeds
}

fn yaml(path: &Path) -> Value {
    serde_norway::from_str(&fs::read_to_string(path).expect("a case")).expect("YAML")
}

/// RFC 7396.
fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = Value::Object(serde_json::Map::new());
    }
    let Value::Object(fields) = value else { return };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

/// A clock, then five bytes for each cookie.
fn cookies() -> Vec<(String, Vec<u8>)> {
    let mut seeds = vec![
        (String::from("small"), vec![0, 0, 0, 0, 0, 0]),
        (String::from("large"), [vec![0], (0..9).flat_map(|chunk| [0, 1, chunk, 0, 0]).collect()].concat()),
        (String::from("pending"), vec![1, 0, 2, 0, 0, 0]),
        (String::from("all"), vec![0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 6, 0, 0, 0, 0]),
        (String::from("header"), b"__Host-samlgate=1.x; a=b; __Host-samlgate.1=y;; c=\"d e\"".to_vec()),
    ];
    for kind in 1..8 {
        for group in 0..3 {
            let text = b"text of a cookie".as_slice();
            seeds.push((format!("{kind}-{group}"), [&[0, kind, group, 0, 16, 5], text].concat()));
        }
    }
    seeds
}

fn forms() -> Vec<(String, Vec<u8>)> {
    let mut seeds: Vec<_> = files(&["response"])
        .into_iter()
        .step_by(8)
        .map(|(name, xml)| {
            let value = percent::query_component(&base64::encode(&xml));
            (name, format!("SAMLResponse={value}&RelayState=abc").into_bytes())
        })
        .collect();
    for (name, form) in [
        ("short", "SAMLResponse=PGEvPg%3D%3D&RelayState=t"),
        ("spaced", "RelayState=t&SAMLResponse=PGEv%0D%0APg=="),
        ("twice", "SAMLResponse=PGEvPg==&SAML%52esponse=PGIvPg=="),
        ("empty", "SAMLResponse=&RelayState="),
    ] {
        seeds.push((name.to_owned(), form.as_bytes().to_vec()));
    }
    seeds
}

fn queries() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (name, xml) in files(&["response"]).into_iter().step_by(16) {
        seeds.push((format!("{name}-deflated"), [&[0], inflate::deflate_raw(&xml).as_slice()].concat()));
        seeds.push((name, [b"\xffrelay\n".as_slice(), &xml].concat()));
    }
    seeds.push((String::from("query"), b"\0SAMLRequest=a%2Bb&RelayState=t+u&SigAlg=x&Signature=y".to_vec()));
    seeds.push((String::from("bomb"), [&[9], inflate::deflate_raw(&[b'a'; 65_536]).as_slice()].concat()));
    seeds
}

/// Every kind of edit once, on several messages.
fn scripts() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for kind in 0..21_u8 {
        for message in [0_u8, 3, 7, 11] {
            let (at, to) = (kind.wrapping_mul(5).wrapping_add(message), message.wrapping_mul(9));
            let edit = [kind, at, 0, to, 0, kind.wrapping_mul(3), 0];
            seeds.push((format!("{kind}-{message}"), [&[message], edit.as_slice()].concat()));
        }
    }
    seeds
}
