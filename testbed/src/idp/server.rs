//! The identity provider's HTTP side.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Form, Query, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::issue::{Groups, IssueOptions, fresh_id, issue};
use super::keys::TestKey;
use super::request::{AuthnRequest, Binding, SignatureCheck};
use super::single_logout;
use super::users::User;
use crate::browser::escape;
use crate::page::{page, with_status};
use crate::server::Server;

pub(super) const SITE: &str = "Identity provider of the samlgate demo";
/// `SameSite=None`, so that a sign-in by HTTP-POST finds it as well.
const COOKIE: &str = "__Host-idp";

/// How the identity provider starts.
#[derive(Clone, Debug, Default)]
pub struct IdpOptions {
    /// The port; 0 for a free one.
    pub port: u16,
    /// Its metadata says that it wants AuthnRequests signed.
    pub wants_signed_requests: bool,
    /// Its metadata offers HTTP-POST only.
    pub post_only: bool,
    /// Its metadata names the keys that attacks are run with: one with a small exponent, and one for encryption.
    pub keys_of_attacks: bool,
    /// Its metadata offers single logout, by HTTP-Redirect and HTTP-POST.
    pub single_logout: bool,
}

/// What a test changes in every response.
type Change = Arc<dyn Fn(&mut IssueOptions) + Send + Sync>;

pub(super) struct Desk {
    pub(super) origin: String,
    wants_signed_requests: bool,
    post_only: bool,
    keys_of_attacks: bool,
    single_logout: bool,
    /// LogoutRequests and LogoutResponses as they came, with what became of their signature.
    pub(super) logouts: Vec<(String, SignatureCheck)>,
    pub(super) partial_logouts: bool,
    users: Vec<User>,
    /// Cookie value and user name.
    pub(super) sessions: Vec<(String, String)>,
    pub(super) requests: Vec<AuthnRequest>,
    responses: Vec<String>,
    change: Option<Change>,
    delay: Duration,
    pub(super) sp_certificate: Option<TestKey>,
}

pub(super) type Shared = Arc<Mutex<Desk>>;

pub(super) fn lock(desk: &Shared) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running identity provider.
pub struct Idp {
    desk: Shared,
    server: Server,
}

impl std::fmt::Debug for Idp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Idp({})", self.server.address())
    }
}

impl Idp {
    /// Starts it at `http://idp.localhost:PORT`.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(options: &IdpOptions) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        let origin = format!("http://idp.localhost:{}", listener.local_addr()?.port());
        let desk = Arc::new(Mutex::new(Desk {
            origin,
            wants_signed_requests: options.wants_signed_requests,
            post_only: options.post_only,
            keys_of_attacks: options.keys_of_attacks,
            single_logout: options.single_logout,
            logouts: Vec::new(),
            partial_logouts: false,
            users: User::everybody(),
            sessions: Vec::new(),
            requests: Vec::new(),
            responses: Vec::new(),
            change: None,
            delay: Duration::ZERO,
            sp_certificate: None,
        }));
        let router = Router::new()
            .route("/", get(home))
            .route("/metadata", get(metadata))
            .route("/sso", get(sso_redirect).post(sso_post))
            .route("/login", post(login))
            .route("/logout", get(logout))
            .route("/slo", get(single_logout::redirect).post(single_logout::post))
            .route("/unsolicited", get(unsolicited))
            .with_state(Arc::clone(&desk));
        Ok(Self { desk, server: Server::on(listener, router)? })
    }

    /// Its entity id.
    #[must_use]
    pub fn entity_id(&self) -> String {
        entity_id(&lock(&self.desk).origin)
    }

    /// Where it is, without a path.
    #[must_use]
    pub fn origin(&self) -> String {
        lock(&self.desk).origin.clone()
    }

    /// Its metadata.
    #[must_use]
    pub fn metadata(&self) -> String {
        render_metadata(&lock(&self.desk))
    }

    /// Changes every response from now on, until [`Idp::honest`].
    pub fn change(&self, change: impl Fn(&mut IssueOptions) + Send + Sync + 'static) {
        lock(&self.desk).change = Some(Arc::new(change));
    }

    /// Ends [`Idp::change`] and [`Idp::delay`].
    pub fn honest(&self) {
        let mut desk = lock(&self.desk);
        desk.change = None;
        desk.delay = Duration::ZERO;
    }

    /// Back to the beginning: honest, with the first users, nobody signed in, nothing received.
    pub fn reset(&self) {
        self.honest();
        let mut desk = lock(&self.desk);
        desk.users = User::everybody();
        desk.sessions.clear();
        desk.requests.clear();
        desk.responses.clear();
        desk.logouts.clear();
        desk.partial_logouts = false;
    }

    /// Waits that long before every response.
    pub fn delay(&self, delay: Duration) {
        lock(&self.desk).delay = delay;
    }

    /// Sets the groups of the user `name`, adding the user if there is none.
    pub fn set_groups(&self, name: &str, groups: &[&str]) {
        let mut desk = lock(&self.desk);
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        match desk.users.iter_mut().find(|user| user.name == name) {
            Some(user) => user.groups = groups,
            None => desk.users.push(User { groups, ..User::new(name, name, &[]) }),
        }
    }

    /// Adds a user, or replaces the one of that name.
    pub fn add_user(&self, user: User) {
        let mut desk = lock(&self.desk);
        desk.users.retain(|have| have.name != user.name);
        desk.users.push(user);
    }

    /// Checks the signatures of requests against this key.
    pub fn trust(&self, key: TestKey) {
        lock(&self.desk).sp_certificate = Some(key);
    }

    /// The requests received so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<AuthnRequest> {
        lock(&self.desk).requests.clone()
    }

    /// The messages of a single logout received so far, oldest first, and what became of their signatures.
    #[must_use]
    pub fn logouts(&self) -> Vec<(String, SignatureCheck)> {
        lock(&self.desk).logouts.clone()
    }

    /// Answers every LogoutRequest from now on with what it says when some application did not answer.
    pub fn sign_out_partly(&self) {
        lock(&self.desk).partial_logouts = true;
    }

    /// Is anybody signed in here?
    #[must_use]
    pub fn has_sessions(&self) -> bool {
        !lock(&self.desk).sessions.is_empty()
    }

    /// The XML of the responses sent so far, oldest first.
    #[must_use]
    pub fn responses(&self) -> Vec<String> {
        lock(&self.desk).responses.clone()
    }
}

pub(super) fn entity_id(origin: &str) -> String {
    format!("{origin}/metadata")
}

fn render_metadata(desk: &Desk) -> String {
    let mut keys = String::new();
    let signing = if desk.keys_of_attacks { &TestKey::CORPUS[..] } else { &TestKey::IDP };
    let signing = signing.iter().map(|key| ("signing", *key));
    for (usage, key) in signing.chain(desk.keys_of_attacks.then_some(("encryption", TestKey::Encryption))) {
        keys.push_str(&format!(
            concat!(
                r#"<md:KeyDescriptor use="{}"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">"#,
                "<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            ),
            usage,
            key.certificate_base64()
        ));
    }
    let service = |binding: &str| {
        format!(
            concat!(
                r#"<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:{}" "#,
                r#"Location="{}/sso"/>"#
            ),
            binding, desk.origin
        )
    };
    let logout = |binding: &str| {
        format!(
            r#"<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" Location="{}/slo"/>"#,
            desk.origin
        )
    };
    let logouts = match (desk.single_logout, desk.post_only) {
        (false, _) => String::new(),
        (true, true) => logout("HTTP-POST"),
        (true, false) => logout("HTTP-Redirect") + &logout("HTTP-POST"),
    };
    let redirect = if desk.post_only { String::new() } else { service("HTTP-Redirect") };
    format!(
        concat!(
            r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}">"#,
            r#"<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" "#,
            r#"WantAuthnRequestsSigned="{signed}">{keys}{logouts}"#,
            "<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified</md:NameIDFormat>",
            "{redirect}{post}</md:IDPSSODescriptor></md:EntityDescriptor>"
        ),
        entity_id = entity_id(&desk.origin),
        signed = desk.wants_signed_requests,
        keys = keys,
        logouts = logouts,
        redirect = redirect,
        post = service("HTTP-POST"),
    )
}

async fn home(State(desk): State<Shared>) -> Response {
    let mut rows = String::new();
    for user in &lock(&desk).users {
        rows.push_str(&format!(
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td></tr>",
            escape(&user.name),
            escape(&user.display_name),
            escape(&user.groups.join(", "))
        ));
    }
    page(
        "Who is here",
        SITE,
        &format!(
            concat!(
                "<p>Everybody's password is the user name. Sign-in starts at the application; ",
                "<a href=\"/metadata\">the metadata</a> says how, and <a href=\"/logout\">here</a> you sign out.</p>",
                "<table><tr><th scope=\"col\">User</th><th scope=\"col\">Name</th><th scope=\"col\">Groups</th></tr>",
                "{}</table>"
            ),
            rows
        ),
    )
}

async fn metadata(State(desk): State<Shared>) -> Response {
    let xml = render_metadata(&lock(&desk));
    ([(header::CONTENT_TYPE, "application/samlmetadata+xml")], xml).into_response()
}

pub(super) fn refuse(what: &str) -> Response {
    with_status(
        StatusCode::BAD_REQUEST,
        "This request cannot be answered",
        SITE,
        &format!("<p>{}</p>", escape(what)),
    )
}

/// `key=value` pairs of a query or form.
pub(super) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

pub(super) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
}

async fn sso_redirect(State(desk): State<Shared>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let pairs = pairs(query.as_bytes());
    let Some(encoded) = value(&pairs, "SAMLRequest") else { return refuse("SAMLRequest is missing") };
    let trusted = lock(&desk).sp_certificate;
    let signature = super::signature::check_query(&query, trusted);
    let relay_state = value(&pairs, "RelayState").map(str::to_owned);
    match AuthnRequest::read(encoded, relay_state, Binding::Redirect, signature) {
        Ok(request) => begin(&desk, &headers, request).await,
        Err(what) => refuse(&what),
    }
}

async fn sso_post(State(desk): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let pairs = pairs(&body);
    let Some(encoded) = value(&pairs, "SAMLRequest") else { return refuse("SAMLRequest is missing") };
    let relay_state = value(&pairs, "RelayState").map(str::to_owned);
    match AuthnRequest::read(encoded, relay_state, Binding::Post, SignatureCheck::Unchecked) {
        Ok(mut request) => {
            let trusted = lock(&desk).sp_certificate;
            request.signature = super::signature::check_enveloped(&request.xml, trusted);
            begin(&desk, &headers, request).await
        }
        Err(what) => refuse(&what),
    }
}

/// Answers at once for somebody who is signed in, with the form otherwise.
async fn begin(desk: &Shared, headers: &HeaderMap, request: AuthnRequest) -> Response {
    let user = {
        let mut desk = lock(desk);
        desk.requests.push(request.clone());
        if request.signature == SignatureCheck::Bad {
            return refuse("the signature of the request is wrong");
        }
        let session = cookie(headers);
        let name = desk.sessions.iter().find(|(id, _)| Some(id.as_str()) == session).map(|(_, name)| name);
        name.and_then(|name| desk.users.iter().find(|user| user.name == *name)).cloned()
    };
    match user {
        Some(user) if !request.force_authn => answer(desk, &request, user).await,
        _ if request.is_passive => declined(desk, &request),
        _ => form(desk, &request, false),
    }
}

pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split("; "))
        .find_map(|pair| pair.strip_prefix(COOKIE)?.strip_prefix('='))
}

fn form(desk: &Shared, request: &AuthnRequest, wrong: bool) -> Response {
    let users: Vec<String> =
        lock(desk).users.iter().map(|user| format!("<code>{}</code>", escape(&user.name))).collect();
    let alert = if wrong {
        r#"<p class="alert" role="alert">That is not the password. It is the same as the user name.</p>"#
    } else {
        ""
    };
    let body = format!(
        concat!(
            "<p><strong>{sp}</strong> asks who you are.</p>{alert}",
            "<form method=\"post\" action=\"/login\"><input type=\"hidden\" name=\"request\" value=\"{id}\">",
            "<label for=\"user\">User name</label>",
            "<input id=\"user\" name=\"user\" autocomplete=\"username\" autocapitalize=\"none\" required autofocus>",
            "<label for=\"password\">Password</label>",
            "<input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required>",
            "<button type=\"submit\">Sign in</button></form>",
            "<h2>Try</h2><p>{users}. Everybody's password is the user name.</p>"
        ),
        sp = escape(&request.issuer),
        alert = alert,
        id = escape(&request.id),
        users = users.join(", "),
    );
    let status = if wrong { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    with_status(status, "Sign in", SITE, &body)
}

#[derive(Deserialize)]
struct Login {
    request: String,
    user: String,
    password: String,
}

async fn login(State(desk): State<Shared>, Form(login): Form<Login>) -> Response {
    let found = {
        let desk = lock(&desk);
        let request = desk.requests.iter().rev().find(|request| request.id == login.request).cloned();
        let user = desk.users.iter().find(|user| user.name == login.user.trim()).cloned();
        request.map(|request| (request, user))
    };
    let Some((request, user)) = found else {
        return refuse("this sign-in is not known here; start again from the application");
    };
    let Some(user) = user.filter(|user| user.name == login.password) else {
        return form(&desk, &request, true);
    };
    let id = fresh_id();
    lock(&desk).sessions.push((id.clone(), user.name.clone()));
    let mut response = answer(&desk, &request, user).await;
    let cookie = format!("{COOKIE}={id}; Path=/; Secure; HttpOnly; SameSite=None");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Nobody is signed in here, and nothing may be shown (core 3.4.1).
fn declined(desk: &Shared, request: &AuthnRequest) -> Response {
    let origin = lock(desk).origin.clone();
    let nobody = User::new("nobody", "Nobody", &[]);
    let mut options = IssueOptions::new(nobody, &entity_id(&origin), &request.acs, &request.issuer);
    options.in_response_to = Some(request.id.clone());
    options.failure = Some("urn:oasis:names:tc:SAML:2.0:status:NoPassive".to_owned());
    deliver(desk, &request.acs, &options, request.relay_state.as_deref())
}

/// The response to `request` about `user`, as a form that posts itself.
async fn answer(desk: &Shared, request: &AuthnRequest, user: User) -> Response {
    let (origin, change, delay) = {
        let desk = lock(desk);
        (desk.origin.clone(), desk.change.clone(), desk.delay)
    };
    let mut options = IssueOptions::new(user, &entity_id(&origin), &request.acs, &request.issuer);
    options.in_response_to = Some(request.id.clone());
    if let Some(change) = change {
        change(&mut options);
    }
    tokio::time::sleep(delay).await;
    deliver(desk, &request.acs, &options, request.relay_state.as_deref())
}

fn deliver(desk: &Shared, acs: &str, options: &IssueOptions, relay_state: Option<&str>) -> Response {
    let xml = match issue(options) {
        Ok(xml) => xml,
        Err(error) => return refuse(&error.to_string()),
    };
    let encoded = STANDARD.encode(&xml);
    lock(desk).responses.push(xml);
    let relay_state = relay_state.map_or_else(String::new, |state| {
        format!("<input type=\"hidden\" name=\"RelayState\" value=\"{}\">", escape(state))
    });
    page(
        "You are signed in",
        SITE,
        &format!(
            concat!(
                "<form method=\"post\" action=\"{acs}\">",
                "<input type=\"hidden\" name=\"SAMLResponse\" value=\"{encoded}\">{relay_state}",
                "<p>Going back to the application.</p><button type=\"submit\">Continue</button></form>",
                "<script>document.forms[0].submit()</script>"
            ),
            acs = escape(acs),
            encoded = encoded,
            relay_state = relay_state,
        ),
    )
}

async fn logout(State(desk): State<Shared>, headers: HeaderMap) -> Response {
    if let Some(session) = cookie(&headers) {
        lock(&desk).sessions.retain(|(id, _)| id != session);
    }
    let mut response =
        page("You are signed out", SITE, "<p>The application may still have a session of its own.</p>");
    let cookie = format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=0");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

#[derive(Deserialize)]
struct Unsolicited {
    user: String,
    acs: String,
    audience: String,
    relay_state: Option<String>,
}

/// A sign-in that starts here: `?user=agent&acs=..&audience=..`.
async fn unsolicited(State(desk): State<Shared>, Query(asked): Query<Unsolicited>) -> Response {
    let (origin, change, user) = {
        let desk = lock(&desk);
        let user = desk.users.iter().find(|user| user.name == asked.user).cloned();
        (desk.origin.clone(), desk.change.clone(), user)
    };
    let Some(user) = user else { return refuse("there is no such user") };
    let mut options = IssueOptions::new(user, &entity_id(&origin), &asked.acs, &asked.audience);
    options.groups = Groups::OfUser;
    if let Some(change) = change {
        change(&mut options);
    }
    deliver(&desk, &asked.acs, &options, asked.relay_state.as_deref())
}
