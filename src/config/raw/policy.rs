//! `policy`.

use super::{Condition, Regex, Span, StringMatch, raw};

raw! {
    /// Which application groups people get, and who may enter.
    struct Policy {
        /// Which groups of the identity provider stand for which groups of the application, by exact name. A group of the
        /// application that is listed is managed: who no longer gets it loses it at the next sign-in, unless another field
        /// says otherwise.
        #[cfg_attr(feature = "schema", schemars(length(max = 50000)))]
        group_mapping: Vec<GroupMapping>,
        /// Like `group_mapping`, with regular expressions. Groups that they make are given, but taken away only if
        /// `managed_groups` lists them. They never give one of `admin_groups`.
        #[cfg_attr(feature = "schema", schemars(length(max = 200)))]
        group_patterns: Vec<GroupPattern>,
        /// Groups of the identity provider stand for groups of the application of the same name. They never stand for one
        /// of `admin_groups`.
        same_name_groups: Option<SameNameGroups>,
        /// Whose groups follow those of the identity provider: for whom `group_mapping`, `group_patterns` and
        /// `same_name_groups` hold.
        apply_idp_groups_to: ApplyTo,
        /// Groups that people get besides those of the identity provider.
        default_groups: Option<DefaultGroups>,
        /// Groups that everybody gets, at every sign-in.
        always_groups: Vec<String>,
        /// The customer portal: a sign-in that starts there gets no default groups, and so uses up no licence.
        portal: Option<Portal>,
        /// Rules about groups, in order: the first that holds and speaks of a group decides about it, before the mapping
        /// and the default groups.
        #[cfg_attr(feature = "schema", schemars(length(max = 200)))]
        rules: Vec<PolicyRule>,
        /// Rules about who may enter, in order: the first that holds decides.
        #[cfg_attr(feature = "schema", schemars(length(max = 200)))]
        access: Vec<AccessRule>,
        /// What holds for people of whom no rule of `access` speaks.
        default_access: AllowOrDeny,
        /// Groups of the identity provider of which a person needs one.
        required_groups: RequiredGroups,
        /// Groups of the application that are never touched: neither given nor taken away.
        ignored_groups: Vec<String>,
        /// Groups of the application that are never taken away; they may be given.
        protected_groups: Vec<String>,
        /// Groups of the application that make administrators. Only where the configuration names one it is given or taken
        /// away: a row of `group_mapping`, `default_groups`, `always_groups` or a rule; never by a pattern, by a name that
        /// the identity provider sent, or because all groups are managed.
        admin_groups: Vec<String>,
        /// Lets patterns and same names give `admin_groups`: whoever may name groups at the identity provider may then make
        /// administrators.
        danger_allow_admin_groups_by_name: bool,
        /// Never takes any group away.
        keep_existing_groups: bool,
        /// Which groups of an account are taken away when nobody gives them any more.
        manage_groups: ManageGroups,
        /// Groups of the application that are managed besides those of `group_mapping`.
        #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
        managed_groups: Vec<StringMatch>,
        /// What becomes of accounts that a background sync does not find at the identity provider any more. Nothing runs
        /// in the background yet.
        cleanup: Cleanup,
    }
}

raw! {
    /// One group of the identity provider.
    #[derive(Default)]
    struct GroupMapping {
        /// Its name, or id, as the assertion carries it after `identity.group_transforms`, letter by letter.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        idp_group: Option<String>,
        /// The groups of the application that it stands for.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        groups: Vec<String>,
    }
}

raw! {
    /// Groups of the identity provider whose names match.
    #[derive(Default)]
    struct GroupPattern {
        /// What the whole name must match.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        pattern: Option<Regex>,
        /// The groups of the application that they stand for, with `\1` to `\9` for the groups of the expression, such as
        /// `\1-users`. A result that is no name of a group is passed over.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        groups: Vec<String>,
    }
}

raw! {
    /// Groups of the same name.
    #[derive(Default)]
    struct SameNameGroups {
        /// One of these must match the name; all names stand for themselves if empty. Groups that match are managed; with
        /// an empty list only `manage_groups` and `managed_groups` say which are.
        #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
        matching: Vec<StringMatch>,
    }
}

raw! {
    /// Whose groups follow those of the identity provider.
    words ApplyTo {
        /// Everybody's, at every sign-in.
        AllUsers = "ALL_USERS",
        /// Those of people whose account is created by this sign-in. Accounts that exist are neither added to a group nor
        /// removed from one by the mapping.
        NewUsers = "NEW_USERS",
        /// Those of people who have an account already.
        ExistingUsers = "EXISTING_USERS",
        /// Nobody's.
        None = "NONE",
    }
}

raw! {
    /// Groups that people get besides those of the identity provider.
    struct DefaultGroups {
        /// The groups of the application.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        groups: Vec<String>,
        /// Who gets them.
        assign_to: AssignTo,
        /// What else must hold. Without it the address where somebody enters may be all it takes to get a licence.
        only_if: Option<OnlyIf>,
        /// Nobody loses one of them again. `false` takes them from people who would get them but for the portal or
        /// `only_if`, and leaves them to the mapping otherwise.
        keep: bool,
    }
}

raw! {
    /// Who gets the default groups.
    words AssignTo {
        /// People whose account is created by this sign-in.
        NewUsers = "NEW_USERS",
        /// Everybody who signs in.
        AllUsers = "ALL_USERS",
        /// Nobody.
        None = "NONE",
    }
}

raw! {
    /// The sign that the default groups need: exactly one of the keys.
    choice OnlyIf {
        /// One of the person's groups at the identity provider stands for one of these groups of the application.
        MappedGroup(MappedGroup),
        /// A condition that certainly holds.
        Match(Box<Condition>),
    }
}

raw! {
    /// Groups of the application that tell agents from customers.
    #[derive(Default)]
    struct MappedGroup {
        /// Groups that only agents are mapped to. Customers may be mapped to others.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        any_of: Vec<String>,
    }
}

raw! {
    /// The customer portal. By itself it only withholds default groups, and takes no group away.
    struct Portal {
        /// Where the paths of the portal begin, compared by whole segments: `/servicedesk/` covers `/servicedesk` and
        /// everything below it. The normalized path of the request that started the sign-in is compared, without its
        /// query.
        path_prefixes: Vec<String>,
        /// Addresses of the portal besides, compared as a whole with their query, which the visitor chooses.
        url: Option<StringMatch>,
        /// What becomes of the default groups when no request started this, as in a background sync.
        no_request: GiveOrWithhold,
        /// Which sign-ins are remembered at the account (`customerLogin`), which spares it from `cleanup`.
        mark: Mark,
        /// For how long after the last sign-in the mark spares the account, from one day (`86400s`) to ten years; for good
        /// if it is left out.
        mark_lifetime: Option<Span>,
    }
}

raw! {
    /// Whether groups are given.
    words GiveOrWithhold {
        /// They are given.
        Give = "GIVE",
        /// They are not given, and not taken away by this.
        Withhold = "WITHHOLD",
    }
}

raw! {
    /// Which sign-ins are remembered at the account.
    words Mark {
        /// Those that start at the portal.
        PortalSignIns = "PORTAL_SIGN_INS",
        /// All.
        AllSignIns = "ALL_SIGN_INS",
    }
}

raw! {
    /// A rule about groups.
    #[derive(Default)]
    struct PolicyRule {
        /// How explanations call it; 1 to 64 characters, and no other rule of the list has it.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64), extend("x-required" = true)))]
        name: Option<String>,
        /// When it holds; always if nothing is given.
        #[serde(rename = "match")]
        r#match: Condition,
        /// What it says then.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        action: Option<PolicyAction>,
    }
}

raw! {
    /// What a rule says: exactly one of the keys.
    choice PolicyAction {
        /// Gives groups. The condition must certainly hold: what is not known does not give.
        Grant(Grant),
        /// Withholds groups, from the mapping and from the default groups too. Whoever has one keeps it. A condition that
        /// is not known is taken to hold.
        Withhold(Withhold),
        /// Gives or withholds the default groups, whatever the portal says.
        DefaultGroups(GiveOrWithhold),
    }
}

raw! {
    /// Groups that a rule gives.
    #[derive(Default)]
    struct Grant {
        /// The groups of the application.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        groups: Vec<String>,
        /// Takes them away again when the condition certainly does not hold and nothing else gives them.
        remove_otherwise: bool,
    }
}

raw! {
    /// Groups that a rule withholds.
    #[derive(Default)]
    struct Withhold {
        /// The groups of the application.
        #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("x-required" = true)))]
        groups: Vec<String>,
    }
}

raw! {
    /// A rule about who may enter.
    #[derive(Default)]
    struct AccessRule {
        /// How explanations call it; 1 to 64 characters, and no other rule of the list has it.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64), extend("x-required" = true)))]
        name: Option<String>,
        /// When it holds; always if nothing is given. What is not known holds for `DENY` and does not for `ALLOW`.
        #[serde(rename = "match")]
        r#match: Condition,
        /// What it says then.
        #[cfg_attr(feature = "schema", schemars(extend("x-required" = true)))]
        action: Option<AllowOrDeny>,
    }
}

raw! {
    /// Whether somebody may enter.
    words AllowOrDeny {
        /// The person may enter.
        Allow = "ALLOW",
        /// The sign-in is refused.
        Deny = "DENY",
    }
}

raw! {
    /// Groups of the identity provider of which a person needs one. Empty lists demand nothing; groups that are not known
    /// meet no demand.
    #[derive(Default)]
    struct RequiredGroups {
        /// To be provisioned by a background sync. Whoever signs in is created and updated all the same.
        sync: Vec<String>,
        /// To sign in.
        sign_in: Vec<String>,
    }
}

raw! {
    /// Which groups of an account are taken away when nobody gives them any more.
    words ManageGroups {
        /// Those of `group_mapping`, of `same_name_groups.matching` and of `managed_groups`.
        Listed = "LISTED",
        /// All that the account has, except `ignored_groups`, `protected_groups`, and `admin_groups` that are named
        /// nowhere.
        All = "ALL",
    }
}

raw! {
    /// Accounts that a background sync does not find any more.
    struct Cleanup {
        /// What happens to them.
        mode: CleanupMode,
        /// Also accounts that no pull of the directory ever showed and that carry samlgate's mark of a sign-in. Not together
        /// with `scim_gateway` or several `idps`: those people are somebody else's.
        also_signed_in: bool,
        /// Spares an account if it holds or if that is not known.
        unless: Option<Condition>,
    }
}

raw! {
    /// What happens to an account.
    words CleanupMode {
        /// Nothing.
        Keep = "KEEP",
        /// It may not be used any more.
        Disable = "DISABLE",
        /// It stays usable, and leaves the groups that the rules manage and the organizations that samlgate put it into.
        RemoveGroups = "REMOVE_GROUPS",
        /// It is deleted.
        Delete = "DELETE",
        /// The application forgets whose it was.
        Anonymize = "ANONYMIZE",
    }
}
