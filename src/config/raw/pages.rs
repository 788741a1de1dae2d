//! `pages`.

use super::raw;

raw! {
    /// How the pages look that visitors see.
    #[derive(Default)]
    struct Pages {
        /// The language of the texts, such as `de` or `pt-BR`: screen readers pronounce by it.
        language: Option<String>,
        /// The name of the site, at the top and in the title.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 80)))]
        site_name: Option<String>,
        /// A picture at the top: a `data:` address of a PNG, JPEG, GIF, WebP or SVG image in base64 of at most 24,576
        /// characters, or a path of this site that a rule lets pass without a session.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 24576)))]
        logo: Option<String>,
        /// The colour of buttons, `#rrggbb`. Their text is black or white, whichever is easier to read on it.
        #[cfg_attr(feature = "schema", schemars(regex(pattern = "^#[0-9A-Fa-f]{6}$")))]
        accent_color: Option<String>,
        /// Where people find help, at the bottom.
        support: Option<Support>,
        /// Other words, also for other languages.
        #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
        texts: Vec<PageText>,
        /// Other sentences for codes than those of `docs/errors.md`, also in the answers for API clients.
        #[cfg_attr(feature = "schema", schemars(length(max = 256)))]
        reasons: Vec<CodeText>,
    }
}

raw! {
    /// Where people find help.
    #[derive(Default)]
    struct Support {
        /// What it says, such as `Call the service desk: 4711`.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 500), extend("x-required" = true)))]
        text: Option<String>,
        /// Where the text leads: an `https:`, `mailto:` or `tel:` address, or a path of this site.
        uri: Option<String>,
    }
}

raw! {
    /// Other words for one place on the pages.
    #[derive(Default)]
    struct PageText {
        /// Which.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        name: Option<PageTextName>,
        /// What it says.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 500), extend("x-required" = true)))]
        text: Option<String>,
    }
}

raw! {
    /// Another sentence for one code.
    #[derive(Default)]
    struct CodeText {
        /// The code, such as `SG5001`.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        code: Option<String>,
        /// What it says.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 500), extend("x-required" = true)))]
        text: Option<String>,
    }
}

raw! {
    /// A place on the pages.
    words PageTextName {
        /// Title of a refusal: "Sign-in did not work".
        Refused = "REFUSED",
        /// The link below a refusal: "Try again".
        TryAgain = "TRY_AGAIN",
        /// What a refusal adds when clocks may be why: "The clock of the identity provider and the clock of this site seem
        /// to differ."
        ClocksDiffer = "CLOCKS_DIFFER",
        /// Before the code of a refusal: "Code".
        Code = "CODE",
        /// Before the number of the request: "Request".
        Request = "REQUEST",
        /// Title of the page that leads to the identity provider: "Signing in".
        SigningIn = "SIGNING_IN",
        /// Its text: "You are being taken to the sign-in page."
        Leaving = "LEAVING",
        /// Its button or link: "Continue".
        Continue = "CONTINUE",
        /// Title of the page after a logout: "Signed out".
        SignedOut = "SIGNED_OUT",
        /// Its text: "You are signed out of this site. Your sign-in at the identity provider may still be open."
        SignedOutHere = "SIGNED_OUT_HERE",
        /// Its text after the identity provider ended its session too: "You are signed out of this site and at your identity
        /// provider."
        SignedOutEverywhere = "SIGNED_OUT_EVERYWHERE",
        /// Its text after the identity provider could not end all sessions: "You are signed out of this site. Your identity
        /// provider could not sign you out everywhere: .."
        SignedOutPartly = "SIGNED_OUT_PARTLY",
        /// Title of the page that leads to the identity provider to sign out there: "Signing out".
        SigningOut = "SIGNING_OUT",
        /// Its text: "You are being signed out at your identity provider."
        SigningOutText = "SIGNING_OUT_TEXT",
        /// Title of a refused logout: "Sign-out did not work".
        SignOutRefused = "SIGN_OUT_REFUSED",
        /// Its text: "The sign-out could not be completed. .."
        SignOutRefusedText = "SIGN_OUT_REFUSED_TEXT",
        /// Its link: "Sign in again".
        SignInAgain = "SIGN_IN_AGAIN",
        /// Title and button of the page that asks before it signs out: "Sign out".
        SignOut = "SIGN_OUT",
        /// Its question: "Do you want to sign out of this site?"
        SignOutQuestion = "SIGN_OUT_QUESTION",
        /// Title of the page that lets people choose: "Where do you want to sign in?"
        Choose = "CHOOSE",
        /// Title of the page that asks for an e-mail address: "Sign in".
        EmailTitle = "EMAIL_TITLE",
        /// Its text: "Your e-mail address decides where you sign in. It is not kept."
        EmailText = "EMAIL_TEXT",
        /// Its field: "E-mail address".
        EmailLabel = "EMAIL_LABEL",
        /// What it says of something that is no address: "This is not an e-mail address."
        EmailMalformed = "EMAIL_MALFORMED",
        /// Title of the page that brings back a form: "Send it again?"
        FormTitle = "FORM_TITLE",
        /// Its text: "Your session had ended when you sent something. It was kept, and is sent when you press the button."
        FormText = "FORM_TEXT",
        /// Its button: "Send".
        FormSend = "FORM_SEND",
    }
}
