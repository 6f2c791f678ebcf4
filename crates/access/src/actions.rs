//! What can be done, and to what kind of thing.

/// Defines an enum of actions with their names in policies.
macro_rules! actions {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// Name in policies.
            pub fn name(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }

            /// The bit by which a table marks it.
            pub(crate) fn bit(self) -> u16 {
                1 << self as u16
            }
        }
    };
}

actions! {
    /// What can be done to a record. Moving it to another state is asked by the transition's name.
    RecordAction {
        /// Know that it exists and read the fields one may see.
        Read = "read",
        /// Make a new one in this state, for this organisation.
        Create = "create",
        /// Change its fields.
        Amend = "amend",
        /// Attach files to it.
        Attach = "attach",
        /// Erase personal fields for good.
        Redact = "redact",
        /// See its earlier versions and who made them.
        History = "history",
    }
}

actions! {
    /// What can be done with a register as a whole; each record is decided on its own besides.
    RegisterAction {
        /// Load records from a file.
        Import = "import",
        /// Take records away as a file.
        Export = "export",
    }
}

actions! {
    /// What can be done to the installation.
    SystemAction {
        /// Write a frozen copy of everything.
        Snapshot = "snapshot",
        /// Have the log checked against itself.
        Verify = "verify",
        /// Have the head made again from the log.
        Rebuild = "rebuild",
        /// Invite people, end sessions, change settings.
        Administer = "administer",
        /// See who read and changed what.
        Trail = "trail",
    }
}
