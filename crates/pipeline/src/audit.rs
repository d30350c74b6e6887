//! The audit: the facts in ClickHouse against those that the journal gives when it is read from its
//! beginning by a fold of its own, row by row, to the last one.
//!
//! And the cells of figures against the messages that ClickHouse holds: each is added up anew.
//! Rows that arrived longer ago than facts are kept may be there or not.
//!
//! Rows that ClickHouse got after the audit read its watermark are passed over: they are of records
//! behind where the audit stops reading.

use std::collections::BTreeMap;
use std::path::Path;

use hashbrown::{HashMap, HashSet};
use trunkline_calltracking::{AttributionFact, TrackingRows, VisitFact};
use trunkline_journal::{ReadError, Reader};
use trunkline_model::event::Event;
use trunkline_model::settings::FoldRules;
use trunkline_model::settings::Span;
use trunkline_model::time::Time;
use trunkline_rollup::facts::{
    CallFact, ChangeFact, ConversationFact, FormFact, IdentityFact, LeadFact, MessageFact, Rows,
    SpendFact, TagFact, TouchFact,
};
use trunkline_rollup::{Config, Position, Told};
use trunkline_warehouse::{Client, Fault, Writer, read};
use xxhash_rust::xxh3::xxh3_64;

use crate::record::{self, Record};
use crate::tracked::Tracked;

mod line;

use line::Line;

/// Takes facts that have an arrival and may be deleted, all in the same way.
macro_rules! take {
    (|$self:ident, $fact:ident, $line:ident| $take:expr) => {
        take!(call: CallFact |$self, $fact, $line| $take);
        take!(lead: LeadFact |$self, $fact, $line| $take);
        take!(form: FormFact |$self, $fact, $line| $take);
        take!(spend: SpendFact |$self, $fact, $line| $take);
        take!(touch: TouchFact |$self, $fact, $line| $take);
        take!(tag: TagFact |$self, $fact, $line| $take);
    };
    (tracking |$self:ident, $fact:ident, $line:ident| $take:expr) => {
        take!(visit: VisitFact |$self, $fact, $line| $take);
        take!(attribution: AttributionFact |$self, $fact, $line| $take);
    };
    ($name:ident: $type:ident |$self:ident, $fact:ident, $line:ident| $take:expr) => {
        fn $name(&mut $self, $fact: &$type<'_>) {
            let $line = Line::$name($fact);
            $take
        }
    };
}

/// Differences that are described; the others are counted.
const DESCRIBED: usize = 100;
/// Why no audit could be made.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The journal cannot be read.
    #[error("{0}")]
    Journal(#[from] ReadError),
    /// The journal's beginning is gone: what it gave cannot be computed again.
    #[error("retention has removed the journal's beginning (it starts at offset {base})")]
    Retired {
        /// Where it starts.
        base: u64,
    },
    /// ClickHouse cannot be read.
    #[error("{0}")]
    Warehouse(#[from] Fault),
    /// ClickHouse holds nothing of a journal.
    #[error("nothing was ever flushed to this database")]
    Empty,
}

/// What an audit found.
#[derive(Debug, Default)]
pub struct Audit {
    /// Records of the journal that were read.
    pub records: u64,
    /// Rows that are the same in both.
    pub same: u64,
    /// Rows of records behind the end of the audit.
    pub newer: u64,
    /// Rows in both that differ.
    pub different: u64,
    /// Rows that the journal gives and ClickHouse lacks, older than facts are kept.
    pub expired: u64,
    /// Rows that the journal gives and ClickHouse lacks, and should have.
    pub missing: u64,
    /// Rows that ClickHouse holds and the journal does not give.
    pub surplus: u64,
    /// The cells of figures against the messages.
    pub cells: CellAudit,
    /// The first differences, described.
    pub differences: Vec<String>,
}

/// How the rows of cells compare with what the messages add up to.
#[derive(Debug, Default)]
pub struct CellAudit {
    /// Rows that are the same.
    pub same: u64,
    /// Rows of records behind the end of the audit.
    pub newer: u64,
    /// Rows that differ from what the messages add up to.
    pub different: u64,
    /// Rows that the messages give and ClickHouse lacks.
    pub missing: u64,
    /// Rows of which there are no messages.
    pub surplus: u64,
}

impl Audit {
    /// Says whether all is as it should be.
    pub fn is_clean(&self) -> bool {
        self.found() == 0
    }

    /// Counts what is not as it should be.
    pub fn found(&self) -> u64 {
        let cells = &self.cells;
        let rows = self.different + self.missing + self.surplus;
        rows + cells.different + cells.missing + cells.surplus
    }

    fn describe(&mut self, difference: impl FnOnce() -> String) {
        if self.differences.len() < DESCRIBED {
            self.differences.push(difference());
        }
    }
}

/// Audits a journal's folder against a database that keeps facts for `retention`; `progress` is told
/// how many records were read.
pub async fn audit(
    journal: &Path,
    window: i64,
    retention: Span,
    warehouse: &Client,
    mut progress: impl FnMut(u64),
) -> Result<Audit, AuditError> {
    let writer = Writer::new(warehouse.clone());
    let mark = writer.watermark().await?;
    let below = mark.ok_or(AuditError::Empty)?.flushed;
    let mut fold = Fold::read(journal, window, below, &mut progress)?;
    let mut ours = Ours::default();
    fold.show(&mut ours);
    let mut theirs = Theirs {
        ours: &ours.0,
        met: HashSet::new(),
        below,
        audit: Audit::default(),
    };
    read::facts(warehouse, &mut theirs).await?;
    read::tracking(warehouse, &mut theirs).await?;
    let (mut audit, met) = (theirs.audit, theirs.met);
    audit.records = fold.records;
    fold.show(&mut Missing {
        met: &met,
        kept_from: retention.before(fold.last_arrival),
        audit: &mut audit,
    });
    audit.cells(&writer, fold.cells(), below).await?;
    Ok(audit)
}

impl Audit {
    /// Compares the cells of accounts, each of their own length, with the messages.
    async fn cells(
        &mut self,
        writer: &Writer,
        mut accounts: BTreeMap<String, u8>,
        below: u64,
    ) -> Result<(), Fault> {
        for stranger in writer.accounts_with_cells().await? {
            let length = FoldRules::default().cell_minutes;
            accounts.entry(stranger).or_insert(length);
        }
        for (account, minutes) in accounts {
            for compared in writer.compare_cells(&account, minutes, below).await? {
                let cells = &mut self.cells;
                let count = match compared.state.as_str() {
                    "same" => &mut cells.same,
                    "newer" => &mut cells.newer,
                    "missing" => &mut cells.missing,
                    "surplus" => &mut cells.surplus,
                    _ => &mut cells.different,
                };
                *count += compared.rows;
                if !matches!(compared.state.as_str(), "same" | "newer") {
                    for described in compared.described {
                        self.describe(|| described);
                    }
                }
            }
        }
        Ok(())
    }
}

/// A fold of all accounts, of its own.
struct Fold {
    accounts: HashMap<String, Tracked>,
    records: u64,
    /// Arrival of the journal's last record: the service removes facts by it.
    last_arrival: Time,
}

impl Fold {
    fn read(
        journal: &Path,
        window: i64,
        below: u64,
        progress: &mut impl FnMut(u64),
    ) -> Result<Self, AuditError> {
        let base = trunkline_journal::segments(journal)?
            .first()
            .map_or(0, |first| first.base);
        if base > 0 {
            return Err(AuditError::Retired { base });
        }
        let mut fold = Self {
            accounts: HashMap::new(),
            records: 0,
            last_arrival: Time(0),
        };
        // Any key of the hashes will do: no figure depends on it.
        let config = Config { window, seed: 0 };
        for batch in Reader::open(journal, 0)? {
            let batch = batch?;
            let received_at = Time(batch.received_at);
            for (offset, bytes) in (batch.first_offset..below).zip(batch.records()) {
                let at = Position {
                    offset,
                    received_at,
                };
                fold.observe(bytes, at, config);
            }
            fold.last_arrival = received_at;
            progress(fold.records);
        }
        Ok(fold)
    }

    /// What cannot be read is quarantined in the service, and gives no row here either.
    fn observe(&mut self, bytes: &[u8], at: Position, config: Config) {
        self.records += 1;
        match record::read(bytes) {
            Ok(Record::Event {
                account,
                origin,
                raw,
                ..
            }) => {
                if let Ok(event) = Event::parse(raw) {
                    let told = Told {
                        event: &event,
                        origin,
                        at,
                    };
                    self.account(account, config).observe_all(&[told], None);
                }
            }
            Ok(Record::Settings { account, json }) => {
                if let Ok(rules) = serde_json::from_str(json) {
                    self.account(account, config).settings(rules, at);
                }
            }
            Ok(Record::Mark { .. } | Record::Webhook { .. }) | Err(_) => {}
        }
    }

    fn account(&mut self, id: &str, config: Config) -> &mut Tracked {
        let make = || Tracked::new(id.into(), config);
        self.accounts.entry_ref(id).or_insert_with(make)
    }

    /// Gives how many minutes long the cells of each account are.
    fn cells(&self) -> BTreeMap<String, u8> {
        let accounts = self.accounts.iter();
        accounts
            .map(|(id, account)| (id.clone(), account.cell_minutes()))
            .collect()
    }

    /// Shows all rows.
    fn show(&mut self, rows: &mut (impl Rows + TrackingRows)) {
        for account in self.accounts.values_mut() {
            account.rewind(0);
            account.gather(0, usize::MAX, rows);
        }
    }
}

/// The rows that the journal gives, as hashes.
#[derive(Default)]
struct Ours(HashMap<u128, u64>);

impl Ours {
    fn take(&mut self, line: &Line) {
        self.0.insert(line.key(), xxh3_64(line.says.as_bytes()));
    }
}

impl Rows for Ours {
    fn message(&mut self, fact: &MessageFact<'_>) {
        if !fact.deleted {
            self.take(&Line::message(fact));
        }
    }

    fn change(&mut self, _: &ChangeFact<'_>) {}

    fn conversation(&mut self, fact: &ConversationFact<'_>) {
        if !fact.deleted {
            self.take(&Line::conversation(fact));
        }
    }

    take!(|self, fact, line| if !fact.deleted {
        self.take(&line);
    });

    fn identity(&mut self, fact: &IdentityFact<'_>) {
        if fact.contact.is_some() {
            self.take(&Line::identity(fact));
        }
    }
}

impl TrackingRows for Ours {
    take!(
        tracking | self,
        fact,
        line | if !fact.deleted {
            self.take(&line);
        }
    );
}

/// Compares the rows of ClickHouse.
struct Theirs<'a> {
    ours: &'a HashMap<u128, u64>,
    met: HashSet<u128>,
    below: u64,
    audit: Audit,
}

impl Theirs<'_> {
    fn take(&mut self, line: &Line) {
        let key = line.key();
        self.met.insert(key);
        let ours = self.ours.get(&key);
        if line.version >= self.below {
            self.audit.newer += 1;
        } else if ours == Some(&xxh3_64(line.says.as_bytes())) {
            self.audit.same += 1;
        } else {
            let (what, count) = match ours {
                Some(_) => ("differs from the journal's", &mut self.audit.different),
                None => ("is not the journal's", &mut self.audit.surplus),
            };
            *count += 1;
            let Line { of, says, .. } = line;
            self.audit
                .describe(|| format!("{of} {what}; clickhouse says: {says}"));
        }
    }
}

impl Rows for Theirs<'_> {
    fn message(&mut self, fact: &MessageFact<'_>) {
        self.take(&Line::message(fact));
    }

    fn change(&mut self, _: &ChangeFact<'_>) {}

    fn conversation(&mut self, fact: &ConversationFact<'_>) {
        self.take(&Line::conversation(fact));
    }

    take!(|self, _fact, line| self.take(&line));

    fn identity(&mut self, fact: &IdentityFact<'_>) {
        self.take(&Line::identity(fact));
    }
}

impl TrackingRows for Theirs<'_> {
    take!(tracking | self, _fact, line | self.take(&line));
}

/// Finds the rows that ClickHouse lacks.
struct Missing<'a> {
    met: &'a HashSet<u128>,
    kept_from: Time,
    audit: &'a mut Audit,
}

impl Missing<'_> {
    fn take(&mut self, line: &Line, received_at: Time, deleted: bool) {
        if deleted || self.met.contains(&line.key()) {
            return;
        }
        if received_at < self.kept_from {
            self.audit.expired += 1;
        } else {
            self.audit.missing += 1;
            let Line { of, says, .. } = line;
            self.audit
                .describe(|| format!("{of} is missing; the journal says: {says}"));
        }
    }
}

impl Rows for Missing<'_> {
    fn message(&mut self, fact: &MessageFact<'_>) {
        self.take(&Line::message(fact), fact.received_at, fact.deleted);
    }

    fn change(&mut self, _: &ChangeFact<'_>) {}

    fn conversation(&mut self, fact: &ConversationFact<'_>) {
        self.take(&Line::conversation(fact), fact.received_at, fact.deleted);
    }

    take!(|self, fact, line| self.take(&line, fact.received_at, fact.deleted));

    fn identity(&mut self, fact: &IdentityFact<'_>) {
        // They do not expire.
        self.take(&Line::identity(fact), Time::MAX, fact.contact.is_none());
    }
}

impl TrackingRows for Missing<'_> {
    take!(
        tracking | self,
        fact,
        line | self.take(&line, fact.received_at, fact.deleted)
    );
}
