//! A rule keeps out somebody who was pushed.
//!
//! Nobody is made for them. Whoever was let in before loses what the rules gave and keeps the account, as in a cleanup that
//! removes groups: the directory still has the person, and only says that they do not belong here any more (R1).

use crate::base::{Code, Rejection};
use crate::provision::Absence;

use super::super::super::Env;
use super::super::super::directory::{Intent, is_kept_out, refuses_by_rule};
use super::super::job::Job;
use super::super::rows::Projected;
use super::work::naming;
use super::{Means, Settle, SettleTurn};

impl Settle {
    /// A rule, or what is known of the account, keeps the person out.
    pub(super) fn refused(mut self, rejection: &Rejection, env: &Env<'_>) -> SettleTurn {
        let (coming, claimed) = (self.is_coming(), self.claimed);
        let (Job::Person(job), Some(means)) = (&mut self.job, Means::of(env)) else {
            return self.finish(Vec::new(), env);
        };
        if job.gone {
            return self.brought(None, true, env);
        }
        let undecided = !matches!(rejection.code, Code::NoMappedGroup | Code::AccountAbsent)
            && !refuses_by_rule(rejection.code);
        if !coming || undecided {
            // What was not done is not written down as done.
            return self.finish(Vec::new(), env);
        }
        // What was only about to be made, or taken over, is not theirs.
        let begun = job.before.as_ref().is_some_and(|before| before.making);
        if claimed || (begun && !job.theirs.made) {
            let now = Projected::of(job.name.clone(), None);
            return self.written(now, env);
        }
        let can = Absence::RemoveGroups.is_possible(&means.provisioning.target.capabilities());
        if can
            && job.theirs.account.is_some()
            && refuses_by_rule(rejection.code)
            && is_kept_out(&job.person, naming(means), env)
        {
            job.intent = Intent::Absent(Absence::RemoveGroups);
            return self.leave(means, env);
        }
        self.finish(Vec::new(), env)
    }
}
