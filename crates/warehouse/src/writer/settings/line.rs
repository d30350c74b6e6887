//! The rows of the tables of settings: a key, what is said under it, and the stamp of the writer.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

/// A row of a table of settings.
pub(super) trait Line: Row + Sized {
    /// The table's name.
    const TABLE: &'static str;
    /// What one row of the table has alone, next to its account.
    type Key<'a>: Ord
    where
        Self: 'a;

    /// Gives the key.
    fn key(&self) -> Self::Key<'_>;

    /// Tells whether both say the same under the same key, whatever their stamps.
    fn says_as(&self, other: &Self) -> bool;

    /// Gives the row as it is written.
    fn stamped(&self, version: u64, deleted: bool) -> Self;
}

/// Declares one row with its constructor; fields before `=>` are the key.
macro_rules! line {
    (
        $(#[$meta:meta])*
        $name:ident in $table:literal {
            $($(#[$key_doc:meta])* $key:ident: $key_type:ty),+
            => $($(#[$doc:meta])* $field:ident: $type:ty),*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize)]
        pub struct $name {
            $($(#[$key_doc])* pub $key: $key_type,)+
            $($(#[$doc])* pub $field: $type,)*
            version: u64,
            deleted: u8,
        }

        impl $name {
            /// Makes a row, not yet stamped.
            pub fn new(
                $($key: impl Into<$key_type>,)+
                $($field: impl Into<$type>,)*
            ) -> Self {
                Self {
                    $($key: $key.into(),)+
                    $($field: $field.into(),)*
                    version: 0,
                    deleted: 0,
                }
            }
        }

        impl Line for $name {
            const TABLE: &'static str = $table;
            type Key<'a> = ($(&'a $key_type,)+);

            fn key(&self) -> Self::Key<'_> {
                ($(&self.$key,)+)
            }

            fn says_as(&self, other: &Self) -> bool {
                self.key() == other.key() $(&& self.$field == other.$field)*
            }

            fn stamped(&self, version: u64, deleted: bool) -> Self {
                Self { version, deleted: u8::from(deleted), ..self.clone() }
            }
        }
    };
}

line! {
    /// A manager's name.
    ManagerRow in "managers" {
        /// The account's id.
        account: String,
        /// The manager's id.
        manager: String
        =>
        /// The name to show.
        name: String
    }
}

line! {
    /// A channel's name.
    ChannelRow in "channels" {
        /// The account's id.
        account: String,
        /// The channel's id.
        channel: String
        =>
        /// The name to show.
        name: String
    }
}

line! {
    /// A team's name.
    TeamRow in "teams" {
        /// The account's id.
        account: String,
        /// The team's id.
        team: String
        =>
        /// The name to show.
        name: String
    }
}

line! {
    /// A manager's membership of a team.
    TeamMemberRow in "team_members" {
        /// The account's id.
        account: String,
        /// The manager's id.
        manager: String,
        /// The team's id.
        team: String,
        /// Start, inclusive, in milliseconds since 1970; 0 if it always was.
        valid_from: i64
        =>
        /// End, exclusive, in milliseconds since 1970; [`OPEN_END`](super::OPEN_END) if none.
        valid_until: i64
    }
}

line! {
    /// A manager's extension.
    ExtensionRow in "extensions" {
        /// The account's id.
        account: String,
        /// The extension.
        extension: String,
        /// Start, inclusive, in milliseconds since 1970; 0 if it always was.
        valid_from: i64
        =>
        /// The manager's id.
        manager: String,
        /// End, exclusive, in milliseconds since 1970; [`OPEN_END`](super::OPEN_END) if none.
        valid_until: i64
    }
}

line! {
    /// What a manager is called at a provider.
    AliasRow in "aliases" {
        /// The account's id.
        account: String,
        /// The name, as in the facts.
        alias: String
        =>
        /// The manager's id.
        manager: String
    }
}

line! {
    /// A stage of a pipeline of leads.
    StageRow in "stages" {
        /// The account's id.
        account: String,
        /// The pipeline's id.
        pipeline: String,
        /// The stage's id.
        stage: String
        =>
        /// The name to show.
        name: String,
        /// What it means: `incoming`, `open`, `won` or `lost`.
        kind: String,
        /// Its place in its pipeline, from 1.
        position: u32
    }
}

line! {
    /// A tag of contacts that is a touch.
    SourceTagRow in "source_tags" {
        /// The account's id.
        account: String,
        /// The tag.
        tag: String
        =>
    }
}

line! {
    /// A static number and its source.
    StaticNumberRow in "static_numbers" {
        /// The account's id.
        account: String,
        /// The number, as calls have it.
        number: String,
        /// Start, inclusive, in milliseconds since 1970; 0 if it always did.
        valid_from: i64
        =>
        /// The source.
        source: String,
        /// The medium; empty if none.
        medium: String,
        /// The campaign; empty if none.
        campaign: String,
        /// End, exclusive, in milliseconds since 1970; [`OPEN_END`](super::OPEN_END) if none.
        valid_until: i64
    }
}

line! {
    /// A number of a pool.
    PoolNumberRow in "pool_numbers" {
        /// The account's id.
        account: String,
        /// The number, as calls have it.
        number: String
        =>
        /// The pool's id.
        pool: String,
        /// Whether it may be leased: `in_service`, `draining` or `quarantined`.
        state: String
    }
}

line! {
    /// What one of a currency was worth on a day.
    RateRow in "rates" {
        /// The account's id.
        account: String,
        /// The currency.
        currency: String,
        /// The day, in days since 1970.
        date: u16
        =>
        /// In the account's currency, in 10^-12 of it.
        rate: i128
    }
}
