//! The pages that visitors see, in a real browser: in light and dark, on a phone and on a desk, for those who do not see
//! them, and without JavaScript. The pictures stay in the folder of the test, for whoever changes the look.

use std::path::Path;

use serde_json::json;
use testbed::idp::{Idp, IdpOptions};
use testbed::{Scene, SceneOptions};

use crate::support::scratch;
use crate::webdriver::Chromium;

const LOGO: &str = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSIxNjAiIGhlaWdodD0iNDAiPjxyZWN0IHdpZHRoPSIxNjAiIGhlaWdodD0iNDAiIHJ4PSI4IiBmaWxsPSIjNmEzOWFhIi8+PHRleHQgeD0iMTYiIHk9IjI3IiBmb250LXNpemU9IjIwIiBmaWxsPSIjZmZmIj5NdXN0ZXI8L3RleHQ+PC9zdmc+";

/// Every visible text with less contrast than WCAG 2.2 (1.4.3) asks for, and everything to click that is too small (2.5.8)
/// or wider than the page.
const FAULTS: &str = "
const rgb = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n };
const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 });
  return .2126 * r + .7152 * g + .0722 * b };
const canvas = document.createElement('div'); canvas.style.backgroundColor = 'Canvas'; document.body.append(canvas);
const ground = rgb(getComputedStyle(canvas).backgroundColor); canvas.remove();
const below = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c }
  return ground };
const faults = [];
for (const e of document.querySelectorAll('body *')) {
  const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
  if (own && !['SCRIPT', 'STYLE'].includes(e.tagName)) {
    const [a, b] = [light(rgb(getComputedStyle(e).color).slice(0, 3)), light(below(e).slice(0, 3))].sort((x, y) => y - x);
    const contrast = (a + .05) / (b + .05);
    if (contrast < 4.5) faults.push(`${e.tagName} ${e.textContent.slice(0, 30)}: contrast ${contrast.toFixed(2)}`);
  }
  if (e.matches('button, a.choice, input:not([type=hidden]), select')) {
    const box = e.getBoundingClientRect();
    if (box.height < 44) faults.push(`${e.tagName}: ${box.height} pixels high`);
  }
}
if (document.documentElement.scrollWidth > document.documentElement.clientWidth) faults.push(`wider than the window: ${document.documentElement.scrollWidth}`);
for (const [what, selector, count] of [['main', 'main', 1], ['heading', 'main h1', 1], ['language', 'html[lang]', 1]])
  if (document.querySelectorAll(selector).length !== count) faults.push(`${what}: not ${count}`);
if (!document.title) faults.push('no title');
return faults";

fn scene(partner: &Idp) -> Scene {
    let secret = json!({ "inline_string": "correct horse battery staple" });
    let options = SceneOptions::new().patch(json!({
        "idp": null,
        "idps": [
            { "id": "staff", "display_name": "Mitarbeitende", "metadata": { "environment_variable": "IDP_METADATA" } },
            { "id": "partner", "display_name": "Partner mit einem sehr langen Namen & Söhne Aktiengesellschaft",
              "metadata": { "inline_string": partner.metadata() } },
        ],
        "discovery": {
            "rules": [{ "match": { "path": { "exact": "/mail" } }, "by": { "email_domain": {} } }],
            "email_domains": [{ "idp": "partner", "domains": ["partner.example"] }],
        },
        "emergency_access": { "secret": secret },
        "test_page": { "people": ["agent"], "secret": secret },
        "pages": {
            "language": "de",
            "site_name": "Kundendienst Muster AG",
            "logo": LOGO,
            "accent_color": "#6a39aa",
            "support": { "text": "Hilfe: Telefon 4711", "uri": "tel:4711" },
            "texts": [
                { "name": "CHOOSE", "text": "Wo möchten Sie sich anmelden?" },
                { "name": "REFUSED", "text": "Die Anmeldung hat nicht geklappt" },
                { "name": "EMAIL_LABEL", "text": "E-Mail-Adresse" },
            ],
        },
        "provisioning": null,
    }));
    Scene::start(options).unwrap()
}

fn look_at(browser: &Chromium, page: &str, url: &str, pictures: &Path) {
    for (scheme, width) in [("light", 1000), ("dark", 1000), ("light", 320), ("dark", 320)] {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        browser.devtools("Emulation.setEmulatedMedia", &json!({ "features": features }));
        let size = json!({ "width": width, "height": 700, "deviceScaleFactor": 1, "mobile": width < 600 });
        browser.devtools("Emulation.setDeviceMetricsOverride", &size);
        browser.open(url);
        browser.screenshot(&pictures.join(format!("{page}-{scheme}-{width}.png")));
        assert_eq!(browser.run(FAULTS), json!([]), "{page} in {scheme}, {width} pixels wide");
    }
}

#[test]
fn every_page_is_read_in_light_and_dark_on_a_phone_and_aloud() {
    let scratch = scratch("pages");
    let partner = Idp::start(&IdpOptions::default()).unwrap();
    let scene = scene(&partner);
    let browser = Chromium::start(&scratch);
    for (page, path) in [
        ("chooser", "/browse?x=1"),
        ("email", "/mail"),
        ("refusal", "/saml/discovery?idp=nobody"),
        ("emergency", "/saml/emergency"),
        ("test", "/saml/test"),
        ("signed-out", "/saml/logged-out"),
    ] {
        look_at(&browser, page, &scene.app_url(path), &scratch);
    }
    // The look is measured, not taken on trust: a page with faults has them.
    browser.open(&scene.app_url("/saml/emergency"));
    let spoilt = "document.querySelector('h1').style.color = '#777'; document.querySelector('button').style.height = '30px';
        document.querySelector('button').style.minHeight = '0'; document.querySelector('main p').style.width = '2000px'";
    browser.run(spoilt);
    assert_eq!(browser.run(FAULTS).as_array().map(Vec::len), Some(3), "{}", browser.run(FAULTS));
    // What a screen reader says (computed by the browser: WAI-ARIA 1.2, accessible name computation).
    let said = |path: &str, selector: &str| {
        browser.open(&scene.app_url(path));
        browser.said(selector)
    };
    let spoken = |role: &str, name: &str| (role.to_owned(), name.to_owned());
    assert_eq!(said("/browse", "ul.choices li:first-child a"), spoken("link", "Mitarbeitende"));
    assert_eq!(said("/browse", "h1"), spoken("heading", "Wo möchten Sie sich anmelden?"));
    assert_eq!(said("/browse", "main").0, "main");
    assert_eq!(said("/browse", "header").0, "banner");
    assert_eq!(said("/browse", "footer").0, "contentinfo");
    assert_eq!(said("/browse", "footer a"), spoken("link", "Hilfe: Telefon 4711"));
    assert_eq!(said("/mail", "input[name=email]"), spoken("textbox", "E-Mail-Adresse"));
    assert_eq!(said("/mail", "button"), spoken("button", "Continue"));
    assert_eq!(said("/saml/emergency", "input[name=secret]").1, "Secret");
    assert_eq!(said("/saml/test", "select"), spoken("combobox", "Identity provider"));
    // Nothing on the page is refused by its own policy: the picture is there, the style applies.
    browser.open(&scene.app_url("/browse"));
    assert_eq!(browser.run("return document.querySelector('header img').naturalWidth"), json!(160));
    assert_eq!(
        browser.run("return getComputedStyle(document.querySelector('a.choice')).backgroundColor"),
        json!("rgb(106, 57, 170)")
    );
    assert_eq!(browser.run("return document.documentElement.lang"), json!("de"));
}

/// By keyboard alone, with JavaScript switched off, from the chooser to the application.
#[test]
fn a_person_chooses_without_javascript() {
    let scratch = scratch("pages-without-javascript");
    let partner = Idp::start(&IdpOptions::default()).unwrap();
    let scene = scene(&partner);
    let browser = Chromium::start(&scratch);
    browser.devtools("Emulation.setScriptExecutionDisabled", &json!({ "value": true }));
    browser.open(&scene.app_url("/browse/A-1?x=1"));
    browser.click("ul.choices li:nth-child(2) a");
    browser.fill("input[name=user]", "agent");
    browser.fill("input[name=password]", "agent");
    browser.click("button[type=submit]");
    // The identity provider's page would post itself; its button does it.
    browser.click("button");
    browser.wait_for_url(&scene.app_url("/browse/A-1?x=1"));
    assert_eq!(partner.requests().len(), 1);
    // The e-mail page leads on by itself (a header) once it was sent.
    let other = Chromium::start(&self::scratch("pages-without-javascript-email"));
    other.devtools("Emulation.setScriptExecutionDisabled", &json!({ "value": true }));
    other.open(&scene.app_url("/mail"));
    other.fill("input[name=email]", "agent@partner.example");
    other.click("button");
    other.fill("input[name=user]", "agent");
    other.fill("input[name=password]", "agent");
    other.click("button[type=submit]");
    other.click("button");
    other.wait_for_url(&scene.app_url("/mail"));
}
