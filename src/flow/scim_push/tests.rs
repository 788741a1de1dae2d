//! What clients are told, and who is believed to be at work.

use core::time::Duration;

use super::caretaker::is_stuck;
use super::rows::{self, Busy, Projected};
use super::settle::detached;
use super::table::TableFault;
use super::work::of_application;
use super::{OnDelete, Settings, Token, too_many_requests};
use crate::base::{Code, EntropyFailure, EntropySource, Rejection, Secret, UnixTime};
use crate::directory::{GroupNaming, GroupsBecome};
use crate::effect::{CallFailure, Tell};
use crate::scim::{Error, ResourceKind, ScimType};
use crate::store::StoreError;

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

/// The same byte again and again.
struct Same(u8);

impl EntropySource for Same {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        out.fill(self.0);
        Ok(())
    }
}

fn told(code: Code, retry_after: Option<u64>) -> Error {
    of_application(&Rejection::new(code, "because"), retry_after.map(Duration::from_secs))
}

#[test]
fn what_passes_by_itself_is_asked_for_again_and_nothing_else() {
    let malformed = Code::TargetAnswerMalformed;
    for code in [
        Code::TargetUnreachable,
        Code::TargetThrottled,
        Code::TargetUnauthorized,
        malformed,
        Code::CircuitOpen,
    ] {
        let error = told(code, None);
        assert_eq!((error.status(), error.code()), (503, Code::ScimTargetUnavailable), "{code}");
        assert!(error.retry_after().is_some_and(|after| !after.is_zero()));
    }
    // The application's own word counts.
    assert_eq!(told(Code::TargetThrottled, Some(7)).retry_after(), Some(Duration::from_secs(7)));
    for code in [Code::TargetRefused, Code::DirectoryReadOnly, Code::GuardrailExceeded, Code::EmailConflict] {
        let error = told(code, None);
        assert_eq!((error.status(), error.code()), (400, Code::ScimTargetRefused), "{code}");
        assert_eq!(error.retry_after(), None);
    }
    let taken = told(Code::NameTaken, None);
    assert_eq!((taken.status(), taken.scim_type()), (409, Some(ScimType::Uniqueness)));
}

#[test]
fn no_fault_of_the_table_reads_as_nobody() {
    let faults = [
        (TableFault::Store(StoreError::NotReached(CallFailure::NoAnswer)), Code::ScimTableUnavailable),
        (TableFault::Missing, Code::ScimTableNotReady),
        (TableFault::NotReady, Code::ScimTableNotReady),
        (TableFault::Unreadable, Code::ScimTableUnreadable),
    ];
    for (fault, code) in faults {
        let error = fault.error();
        assert_eq!((error.status(), error.code(), fault.rejection().code), (503, code, code));
        assert!(error.retry_after().is_some());
    }
    let contended = super::pen::unavailable(Code::ScimContended);
    assert_eq!((contended.status(), contended.retry_after().is_some()), (503, true));
}

#[test]
fn too_many_requests_are_told_when_to_come_back() {
    let (reply, _) = too_many_requests(Some("application/json"));
    let header =
        |name: &str| reply.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str());
    assert_eq!((reply.status, header("retry-after")), (429, Some("1")));
    assert_eq!(header("content-type"), Some("application/json"));
    assert!(String::from_utf8_lossy(&reply.body).contains(Code::ScimTooManyRequests.id()));
}

#[test]
fn ids_tell_the_time_and_nothing_else_and_are_all_different() {
    let one = rows::new_id(NOW, &Same(0)).unwrap();
    let (two, later) = (
        rows::new_id(NOW, &Same(1)).unwrap(),
        rows::new_id(NOW.saturating_add(Duration::from_secs(1)), &Same(0)),
    );
    assert_eq!(one.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert_ne!(one, two);
    assert!(one < two && two < later.unwrap(), "what is made later stands later in a list");
    assert!(rows::resource(ResourceKind::User, &one).is_some());
    for wrong in ["", "..", "a/b", "user/x", "a b", &"x".repeat(65)] {
        assert!(rows::resource(ResourceKind::Group, wrong).is_none(), "{wrong}");
        assert!(rows::membership(&one, wrong).is_none() && rows::membership(wrong, &one).is_none());
    }
}

#[test]
fn who_says_nothing_for_too_long_is_relieved() {
    let busy = Busy::new(NOW, &Same(7)).unwrap();
    let at = |seconds| NOW.saturating_add(Duration::from_secs(seconds));
    assert!(busy.holds(NOW) && busy.holds(at(19)));
    assert!(!busy.holds(at(20)) && !busy.holds(at(1_000)));
    // A clock that ran far ahead keeps nobody away for ever.
    assert!(!busy.holds(UnixTime::from_secs(NOW.as_secs() - 1_000)));
}

#[test]
fn one_of_several_tokens_is_enough_and_a_part_of_one_is_not() {
    let token = |name: &str, text: &str| Token::new(name.to_owned(), &Secret::new(text.to_owned()));
    let settings = Settings {
        pass_through: None,
        path_prefix: "/scim/v2".to_owned(),
        base_uri: "https://sp.example/scim/v2".to_owned(),
        tokens: vec![token("old", "0123456789"), token("new", "9876543210")],
        networks: Vec::new(),
        groups_become: GroupsBecome::Groups,
        naming: GroupNaming::Name,
        on_name_conflict: super::OnNameConflict::DoNotSync,
        memberships: super::Memberships::Directory,
        on_delete: OnDelete::Deactivate,
        max_body_bytes: 1,
        max_requests_per_second: 1,
        max_users_per_group: 1,
        max_groups: 1,
        max_endings_per_hour: 1,
        begins_anew: false,
        look_again: None,
    };
    assert_eq!(settings.client("0123456789"), Some("old"));
    assert_eq!(settings.client("9876543210"), Some("new"));
    for wrong in ["", "012345678", "01234567890", "0123456789 ", "9876543211", "old"] {
        assert_eq!(settings.client(wrong), None, "{wrong}");
    }
    let printed = format!("{settings:?}");
    assert!(!printed.contains("0123456789"), "{printed}");
}

#[test]
fn what_the_application_has_is_not_printed() {
    let projected = Projected::of("alice".to_owned(), None);
    assert!(!format!("{projected:?}").contains("alice"));
    assert!(projected.reference().is_none());
}

#[test]
fn what_is_left_to_do_waits_for_its_time_and_for_no_clock_that_ran_ahead() {
    use super::rows::{Todo, What};
    let todo = |ahead: u64, tries| Todo { tries, ..Todo::at(NOW.as_secs() + ahead, What::GroupGone) };
    assert!(todo(0, 0).is_due(NOW, false));
    // A group that is being made is left alone, also by who asks for it again.
    assert!(!todo(600, 0).is_due(NOW, false) && !todo(600, 0).is_due(NOW, true));
    // What failed waits, but not for a client that pushes it again.
    assert!(!todo(3_600, 3).is_due(NOW, false) && todo(3_600, 3).is_due(NOW, true));
    assert!(todo(100_000, 0).is_due(NOW, false));
}

#[test]
fn what_fails_for_its_own_sake_is_left_alone_longer_each_time() {
    use super::settle::pause_after;
    let pauses: Vec<u64> = (1..5).map(|tries| pause_after(tries).as_secs()).collect();
    assert_eq!(pauses, [10, 20, 40, 80]);
    assert_eq!(pause_after(u32::MAX).as_secs(), 3_600);
}

#[test]
fn only_failures_that_say_nothing_about_whom_stop_the_others() {
    use super::work::concerns_everybody;
    for code in [Code::TargetUnreachable, Code::TargetThrottled, Code::CircuitOpen] {
        assert!(concerns_everybody(code), "{code}");
    }
    for code in [Code::TargetRefused, Code::TargetAnswerMalformed, Code::GuardrailExceeded, Code::NameTaken] {
        assert!(!concerns_everybody(code), "{code}");
    }
}

#[test]
fn ten_thousand_rows_are_asked_for_at_once_and_read_in_bites() {
    use super::book::{Book, Facts, Stop, next_reads};
    use crate::session::table_key::TableKey;
    use crate::store::table::{Action, Done, MAX_ACTIONS};
    let table = TableKey::new(&Same(3)).unwrap();
    let keys: Vec<_> = (0..10_000).filter_map(|at| rows::about("todo", &format!("u{at}"))).collect();
    let mut facts = Facts::default();
    let Err(Stop::Read(actions)) = (Book { table: &table, facts: &facts }).look(keys.iter().cloned()) else {
        panic!("nothing is known yet");
    };
    assert_eq!(actions.len(), 10_000);
    let (mut queue, mut bites) = (std::collections::VecDeque::from(actions), 0);
    loop {
        let bite = next_reads(&mut queue);
        if bite.is_empty() {
            break;
        }
        assert!(bite.len() < MAX_ACTIONS);
        bites += 1;
        bite.into_iter().for_each(|action| {
            assert!(matches!(action, Action::Find(_)));
            facts.learn(action, Done::Read(None));
        });
    }
    assert_eq!(bites, 84);
    assert!((Book { table: &table, facts: &facts }).look(keys).is_ok(), "it begins anew once");
}

#[test]
fn a_table_that_is_gone_is_not_an_empty_one() {
    let lost = TableFault::Lost;
    assert_eq!((lost.error().status(), lost.code()), (503, Code::ScimTableNotReady));
    assert!(lost.error().retry_after().is_some());
}

#[test]
fn what_is_told_of_a_person_or_group_names_neither() {
    let refused = Rejection::new(Code::TargetRefused, "add_to_group `secret-project` (not a member)");
    for (tell, code) in
        [(is_stuck("0190-id", &refused), Code::ScimTodoStuck), (detached("0190-id"), Code::ScimGroupDetached)]
    {
        let Tell::Event(event) = &tell else { panic!("{tell:?}") };
        assert_eq!(event.code, Some(code));
        let printed = format!("{event:?}");
        assert!(printed.contains("0190-id") && printed.contains(code.remedy()), "{printed}");
        assert!(!printed.contains("secret"), "{printed}");
    }
}
