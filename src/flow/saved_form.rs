//! A form that met an ended session: put away, and shown to its sender after the sign-in, with a button that sends it.
//!
//! Nothing is sent by itself: the person sees that something is about to be sent, and only the person whose session had
//! ended sees it at all.

use core::fmt;

use crate::base::{Code, Rejection};
use crate::effect::{Answer, Ask, Tell, Verdict, Version};
use crate::encoding::percent;
use crate::http::RedirectTarget;
use crate::page;
use crate::session::saved_form::{self, Form, FormId, NoForm, SealedForm, Sender, Unfaithful};

use super::acs::Visit;
use super::{Env, FIRST_ASK, Step, out_of_turn, refusal_tells, refuse};

/// Slots that are tried for one form. With half of them taken 15 of 16 forms find one.
const MAX_TRIES: u32 = 4;

/// What an emptied slot holds. Hosts cannot tell an empty value from none.
const EMPTIED: u8 = 0;

/// Forms that wait for their senders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedForms {
    /// Below it lie the addresses at which people find their forms again.
    pub path: String,
    /// Bytes of one form's body.
    pub max_bytes: usize,
    /// How many forms wait at a time, on all workers.
    pub max_forms: u16,
}

impl SavedForms {
    /// The form whose address is `path`: `None` for an address that is none of these, `Some(None)` for one that names no
    /// form.
    #[must_use]
    pub fn form_at(&self, path: &str) -> Option<Option<FormId>> {
        let id = path.strip_prefix(self.path.as_str())?.strip_prefix('/')?;
        Some(FormId::parse(id, self.max_forms))
    }

    /// The address of the form `id`.
    fn address(&self, id: &FormId) -> String {
        format!("{}/{}", self.path, id.as_str())
    }

    /// Where the form `id` is found, or `None` for a path that cannot be a target.
    #[must_use]
    pub fn target(&self, id: &FormId) -> Option<RedirectTarget> {
        RedirectTarget::parse(&self.address(id)).ok()
    }
}

/// A form that is being put away.
#[derive(Debug)]
pub enum SaveForm {
    /// The body is on its way.
    ExpectBody(ExpectBody),
    /// A slot is being looked at.
    ExpectSlot(Box<ExpectSlot>),
    /// It is being filled.
    ExpectFilled(Box<ExpectSlot>),
}

/// Waits for the body.
#[derive(Debug)]
pub struct ExpectBody {
    visit: Visit,
    action: RedirectTarget,
    sender: Sender,
}

/// Waits for a slot.
#[derive(Debug)]
pub struct ExpectSlot {
    visit: Visit,
    form: Form,
    sender: Sender,
    sealed: SealedForm,
    tries: u32,
}

impl SaveForm {
    /// A form was posted to `action` from a page of this site by a browser whose session, of `sender`, has ended.
    #[must_use]
    pub fn start(visit: Visit, action: RedirectTarget, sender: Sender, forms: &SavedForms) -> Step<Self> {
        let media_type = visit.content_type.as_deref().and_then(|value| value.split(';').next());
        let is_form = media_type
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
        if !is_form {
            return not_saved("only application/x-www-form-urlencoded is kept", &visit);
        }
        let limit = forms.max_bytes;
        if visit
            .content_length
            .is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit))
        {
            return too_large(limit, &visit);
        }
        Step::Wait {
            state: Self::ExpectBody(ExpectBody { visit, action, sender }),
            asks: vec![(FIRST_ASK, Ask::RequestBody { limit })],
            tells: Vec::new(),
        }
    }

    /// Takes the answer to its ask.
    #[must_use]
    pub fn answer(self, answer: Answer, env: &Env<'_>) -> Step<Self> {
        match self {
            Self::ExpectBody(state) => state.answer(answer, env),
            Self::ExpectSlot(state) => state.looked_at(&answer, env),
            Self::ExpectFilled(state) => state.filled(&answer, env),
        }
    }
}

impl ExpectBody {
    fn answer(self, answer: Answer, env: &Env<'_>) -> Step<SaveForm> {
        let Self { visit, action, sender } = self;
        let Some(forms) = &env.settings.saved_forms else {
            return refuse(&out_of_turn("saved forms"), &visit.reader, None);
        };
        let body = match answer {
            Answer::RequestBody(body) if body.len() <= forms.max_bytes => body,
            Answer::RequestBody(_) | Answer::RequestBodyTooLarge => {
                return too_large(forms.max_bytes, &visit);
            }
            _ => return refuse(&out_of_turn("the form"), &visit.reader, None),
        };
        match Form::read(action, &body) {
            Ok(form) => try_slot(visit, form, sender, 1, env),
            Err(Unfaithful::Encoding) => not_saved("the body cannot be decoded", &visit),
            Err(Unfaithful::Spelling) => not_saved("no browser would send the same body again", &visit),
            Err(Unfaithful::Value) => not_saved("a field cannot be kept in a page", &visit),
        }
    }
}

/// Looks whether some slot is free.
fn try_slot(visit: Visit, form: Form, sender: Sender, tries: u32, env: &Env<'_>) -> Step<SaveForm> {
    let Some(forms) = &env.settings.saved_forms else {
        return refuse(&out_of_turn("saved forms"), &visit.reader, None);
    };
    let session = &env.settings.session;
    let cookies = visit.borrowed_cookies();
    let sealed = saved_form::seal(&form, &sender, forms.max_forms, &cookies, session, env.now, env.entropy);
    let sealed = match sealed {
        Ok(sealed) => sealed,
        Err(fault) => return not_saved(fault, &visit),
    };
    let key = sealed.id.slot_key();
    Step::Wait {
        state: SaveForm::ExpectSlot(Box::new(ExpectSlot { visit, form, sender, sealed, tries })),
        asks: vec![(FIRST_ASK, Ask::Load { key })],
        tells: Vec::new(),
    }
}

impl ExpectSlot {
    fn looked_at(self, answer: &Answer, env: &Env<'_>) -> Step<SaveForm> {
        let Answer::Loaded { value, version } = answer else {
            return not_saved("the store could not be read", &self.visit);
        };
        if !saved_form::is_free(value.as_deref(), env.now) {
            return self.try_again("every slot that was tried is taken", env);
        }
        let (key, value) = (self.sealed.id.slot_key(), self.sealed.value.clone());
        Step::Wait {
            state: SaveForm::ExpectFilled(Box::new(self)),
            asks: vec![(FIRST_ASK, Ask::CompareAndSwap { key, expected: *version, value })],
            tells: Vec::new(),
        }
    }

    fn filled(self, answer: &Answer, env: &Env<'_>) -> Step<SaveForm> {
        match (answer, &env.settings.saved_forms) {
            (Answer::Swapped, Some(forms)) => saved(&self.sealed, &self.form, forms, env),
            (Answer::Conflict, _) => self.try_again("others were quicker at every slot that was tried", env),
            _ => not_saved("the store could not be written", &self.visit),
        }
    }

    fn try_again(self, why_not: &'static str, env: &Env<'_>) -> Step<SaveForm> {
        let Self { visit, form, sender, tries, .. } = self;
        if tries < MAX_TRIES {
            return try_slot(visit, form, sender, tries.saturating_add(1), env);
        }
        not_saved(why_not, &visit)
    }
}

/// On to the form's own address, which begins the sign-in: by a page, because browsers hold the redirects that follow a
/// form to the policy of the page that it was on. That address says for which page the sign-in is.
fn saved(sealed: &SealedForm, form: &Form, forms: &SavedForms, env: &Env<'_>) -> Step<SaveForm> {
    let mut location = forms.address(&sealed.id);
    location.push_str("?for=");
    location.push_str(&percent::query_component(form.action.as_str()));
    let mut reply = page::continue_to(&env.settings.look, &location);
    for cookie in &sealed.cookies {
        reply.headers.push((String::from("set-cookie"), cookie.render()));
    }
    Step::End {
        verdict: Verdict::Reply(reply),
        tells: vec![Tell::Count { outcome: "form_saved", code: None }],
    }
}

fn too_large(limit: usize, visit: &Visit) -> Step<SaveForm> {
    not_saved(format_args!("it has more than {limit} bytes"), visit)
}

fn not_saved<S>(detail: impl fmt::Display, visit: &Visit) -> Step<S> {
    refuse(&Rejection::new(Code::FormNotSaved, detail), &visit.reader, None)
}

/// A form that its sender asks for.
#[derive(Debug)]
pub enum TakeForm {
    /// Its slot is being read.
    ExpectSlot(TakenBy),
    /// The slot is being emptied.
    ExpectEmptied(TakenBy, Box<Form>),
}

/// Who asks.
#[derive(Debug)]
pub struct TakenBy {
    visit: Visit,
    id: FormId,
    reader: Sender,
}

impl TakeForm {
    /// `reader`, who is signed in, asks for the form `id`.
    #[must_use]
    pub fn start(visit: Visit, id: FormId, reader: Sender) -> Step<Self> {
        let key = id.slot_key();
        Step::Wait {
            state: Self::ExpectSlot(TakenBy { visit, id, reader }),
            asks: vec![(FIRST_ASK, Ask::Load { key })],
            tells: Vec::new(),
        }
    }

    /// Takes the answer to its ask.
    #[must_use]
    pub fn answer(self, answer: &Answer, env: &Env<'_>) -> Step<Self> {
        match self {
            Self::ExpectSlot(by) => by.open(answer, env),
            Self::ExpectEmptied(by, form) => by.shown(&form, answer, env),
        }
    }
}

impl TakenBy {
    fn open(self, answer: &Answer, env: &Env<'_>) -> Step<TakeForm> {
        let Answer::Loaded { value: Some(value), version: version @ Version::Token(_) } = answer else {
            return self.no_form(NoForm::Missing, env);
        };
        let cookies = self.visit.borrowed_cookies();
        let session = &env.settings.session;
        match saved_form::open(&self.id, Some(value), &self.reader, &cookies, session, env.now) {
            Ok(form) => Step::Wait {
                asks: vec![(
                    FIRST_ASK,
                    Ask::CompareAndSwap { key: self.id.slot_key(), expected: *version, value: vec![EMPTIED] },
                )],
                state: TakeForm::ExpectEmptied(self, Box::new(form)),
                tells: Vec::new(),
            },
            Err(why) => self.no_form(why, env),
        }
    }

    /// Shown once: whoever empties the slot shows it.
    fn shown(self, form: &Form, answer: &Answer, env: &Env<'_>) -> Step<TakeForm> {
        if *answer != Answer::Swapped {
            return self.no_form(NoForm::Missing, env);
        }
        let mut reply = page::saved_form(&env.settings.look, form.action.as_str(), form.fields());
        let used_up = saved_form::clear(&self.id, &env.settings.session);
        reply.headers.push((String::from("set-cookie"), used_up.render()));
        Step::End {
            verdict: Verdict::Reply(reply),
            tells: vec![Tell::Count { outcome: "form_returned", code: None }],
        }
    }

    fn no_form(&self, why: NoForm, env: &Env<'_>) -> Step<TakeForm> {
        let (code, detail) = match why {
            NoForm::Missing => {
                (Code::SavedFormMissing, "there is no form in the slot that this browser can open")
            }
            NoForm::OfAnother => (Code::SavedFormOfAnother, "the form was sent by another person"),
        };
        let rejection = Rejection::new(code, detail);
        let mut reply = page::refusal(code, &self.visit.reader, None);
        // A form of somebody else stays: that person may come back.
        if why == NoForm::Missing {
            let used_up = saved_form::clear(&self.id, &env.settings.session);
            reply.headers.push((String::from("set-cookie"), used_up.render()));
        }
        Step::End { verdict: Verdict::Reply(reply), tells: refusal_tells(&rejection, &self.visit.reader) }
    }
}
