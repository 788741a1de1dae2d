//! Whether the rules keep out somebody whom the directory has.

use crate::base::Code;
use crate::directory::{GroupNaming, Membership, Person};
use crate::policy::{AccountFacts, Facts, RequestFacts, keeps_out};

use super::super::Env;

/// Is it for `code` that the rules have nobody of that kind in the application, whatever account there is?
pub(in crate::flow) const fn refuses_by_rule(code: Code) -> bool {
    matches!(code, Code::RequiredGroupMissing | Code::AccessDenied)
}

/// Do the rules certainly keep `person` out? Where the groups are not known, nothing is certain.
pub(in crate::flow) fn is_kept_out(person: &Person, naming: GroupNaming, env: &Env<'_>) -> bool {
    let known = matches!(person.groups, Membership::Known(_));
    let identity = person.identity(naming, &env.settings.identity);
    known
        && identity.is_ok_and(|identity| {
            let (account, request) = (AccountFacts::Unknown, RequestFacts::default());
            let facts = Facts { identity: &identity, request, account: &account, now: env.now };
            keeps_out(&facts, &env.settings.policy)
        })
}
