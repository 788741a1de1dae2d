//! The SCIM services that the target provisions, as they are: what the target relies on, and what it must not rely on.

use testbed::client::{Request, Response};
use testbed::scim_server::{Program, ScimServer, TOKEN};

const USER: &str =
    r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"Ada","active":true}"#;

fn call(server: &ScimServer, method: &str, target: &str, token: &str, body: &str) -> Response {
    let mut request = Request::new(method, &server.address().to_string(), target)
        .header("Accept", "application/scim+json")
        .header("Authorization", &format!("Bearer {token}"));
    if !body.is_empty() {
        request = request.body("application/scim+json", body);
    }
    request.send(server.address()).unwrap()
}

#[test]
fn services_of_other_people_differ_where_the_target_must_not_care() {
    for program in Program::ALL {
        let server = ScimServer::start(program).unwrap();
        let what = program.as_str();
        let find = "/v2/Users?filter=userName%20eq%20%22ada%22";
        for token in ["", "wrong"] {
            assert_eq!(call(&server, "GET", find, token, "").status, 401, "{what}");
        }
        let none = call(&server, "GET", find, TOKEN, "");
        assert_eq!((none.status, none.json()["totalResults"].as_u64()), (200, Some(0)), "{what}");
        let made = call(&server, "POST", "/v2/Users", TOKEN, USER);
        assert_eq!(made.status, 201, "{what}: {}", server.said());
        assert_eq!(call(&server, "POST", "/v2/Users", TOKEN, USER).status, 409, "{what}");
        // RFC 7643 4.1.1 compares user names without case; SCIMMY compares them with case, and refuses a second all the same.
        let found = call(&server, "GET", find, TOKEN, "").json()["totalResults"].as_u64();
        assert_eq!(found, Some(u64::from(program == Program::Scim2Server)), "{what}");
        let groups = made.json().get("groups").is_some();
        assert_eq!(groups, matches!(program, Program::Scimmy | Program::ScimmyWithoutPatch), "{what}");
        let config = call(&server, "GET", "/v2/ServiceProviderConfig", TOKEN, "").json();
        let patches = config["patch"]["supported"].as_bool();
        assert_eq!(patches, Some(program != Program::ScimmyWithoutPatch), "{what}");
    }
}
