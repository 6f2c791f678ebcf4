//! The fence around the pack's SQL: it reads what the catalog lists, for a limited time, and nothing else.

use crate::{
    catalog::{Catalog, functions, may_call},
    error::Mistake,
    sql::split::step_names,
    suggest::nearest,
};
use rusqlite::{
    Connection, Error, ErrorCode, Result, Statement,
    config::DbConfig,
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
};
use shirube_plan::Sensitivity;
use shirube_snapshot::gate::{Gate, Guard};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long and how much one run of an indicator may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Time for all of it.
    pub time: Duration,
    /// Rows of the result.
    pub rows: usize,
    /// Bytes of any text or row on the way.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { time: Duration::from_secs(10), rows: 100_000, bytes: 1_000_000 }
    }
}

/// What the fenced SQL reads: table and column (empty when only rows are counted).
pub(crate) type Reads = BTreeSet<(String, String)>;

/// A fence that stands as long as this value lives.
pub(crate) struct Fence<'a> {
    connection: &'a Connection,
    gate: &'a Gate,
    catalog: Arc<Catalog>,
    limits: Limits,
    seen: Arc<Mutex<Seen>>,
    before: Before,
}

/// Settings of the connection to put back.
struct Before {
    query_only: bool,
    text_in_double_quotes: bool,
    bytes: i32,
    pattern: i32,
    attached: i32,
}

#[derive(Default)]
struct Seen {
    /// Names that stand for steps of the statement, not for tables; in lower case, as SQLite does not tell them apart.
    steps: BTreeSet<String>,
    reads: Reads,
    denied: Option<Mistake>,
    late: bool,
}

/// Longest LIKE pattern: matching is quadratic and cannot be stopped halfway.
const PATTERN_BYTES: i32 = 1000;

impl<'a> Fence<'a> {
    /// Puts the fence up.
    pub fn enter(connection: &'a Connection, gate: &'a Gate, catalog: &Arc<Catalog>, limits: Limits) -> Result<Fence<'a>> {
        let views = temporary_views(connection)?;
        let bytes = i32::try_from(limits.bytes).unwrap_or(i32::MAX);
        let before = Before {
            query_only: query_only(connection, true)?,
            text_in_double_quotes: connection.db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML)?,
            bytes: connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, bytes)?,
            pattern: connection.set_limit(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_BYTES)?,
            attached: connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?,
        };
        // A misspelt "column" must be an error, not a text.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        let seen = Arc::<Mutex<Seen>>::default();
        let watch = Watch { catalog: Arc::clone(catalog), views, seen: Arc::clone(&seen), end: Instant::now() + limits.time };
        gate.close(Box::new(watch));
        Ok(Fence { connection, gate, catalog: Arc::clone(catalog), limits, seen, before })
    }

    /// Plans a statement behind the fence.
    pub fn prepare(&self, sql: &str) -> Result<Statement<'a>> {
        hold(&self.seen).steps = step_names(sql).into_iter().map(|name| name.to_lowercase()).collect();
        self.connection.prepare(sql)
    }

    /// What was read since this was last asked.
    pub fn take_reads(&self) -> Reads {
        std::mem::take(&mut hold(&self.seen).reads)
    }

    /// The mistake behind an error of SQLite, and the byte of the SQL where it is, when known.
    pub fn mistake(&self, error: Error) -> (Mistake, Option<usize>) {
        let mut seen = hold(&self.seen);
        let offset = match &error {
            Error::SqlInputError { offset, .. } => usize::try_from(*offset).ok(),
            _ => None,
        };
        let mistake = if let Some(denied) = seen.denied.take() {
            denied
        } else if seen.late {
            Mistake::TooSlow { seconds: self.limits.time.as_secs_f64() }
        } else {
            match error.sqlite_error_code() {
                Some(ErrorCode::TooBig) => Mistake::TooLarge { bytes: self.limits.bytes },
                Some(ErrorCode::Unknown) | None => self.named(&words(&error), &seen.reads),
                Some(_) => Mistake::Database { message: words(&error) },
            }
        };
        (mistake, offset)
    }

    /// SQLite's words about a name that does not exist, with the nearest one that does.
    fn named(&self, message: &str, reads: &Reads) -> Mistake {
        let after = |prefix: &str| message.strip_prefix(prefix).map(|rest| rest.split_whitespace().next().unwrap_or_default().to_string());
        if let Some(name) = after("no such table: ") {
            let like = nearest(&name, self.catalog.tables());
            return Mistake::UnknownTable { name, like };
        }
        if let Some(name) = after("no such column: ") {
            let name = name.trim_matches('"').to_string();
            let column = name.rsplit('.').next().unwrap_or_default();
            let tables: Vec<String> = reads.iter().map(|(table, _)| table.clone()).collect();
            let like = nearest(column, self.catalog.columns(&tables));
            return Mistake::UnknownColumn { like, name };
        }
        if let Some(name) = after("no such function: ") {
            let like = nearest(&name, functions());
            return Mistake::UnknownFunction { name, like };
        }
        Mistake::Sql { message: message.to_string() }
    }
}

impl Drop for Fence<'_> {
    fn drop(&mut self) {
        self.gate.open();
        let before = &self.before;
        // The connection took these values a moment ago; it takes their predecessors back.
        let _ = self.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, before.bytes);
        let _ = self.connection.set_limit(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, before.pattern);
        let _ = self.connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, before.attached);
        let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, before.text_in_double_quotes);
        let _ = query_only(self.connection, before.query_only);
    }
}

/// Switches writing off or on; gives what it was.
pub(crate) fn query_only(connection: &Connection, on: bool) -> Result<bool> {
    let was = connection.pragma_query_value(None, "query_only", |row| row.get(0))?;
    if was != on {
        connection.pragma_update(None, "query_only", on)?;
    }
    Ok(was)
}

/// Views that show the registers as of the snapshot's moment.
fn temporary_views(connection: &Connection) -> Result<BTreeSet<String>> {
    let mut found = connection.prepare_cached("SELECT name FROM temp.sqlite_schema WHERE type = 'view'")?;
    found.query_map([], |row| row.get(0))?.collect()
}

/// SQLite's words, without the SQL they are about.
fn words(error: &Error) -> String {
    match error {
        Error::SqlInputError { msg, .. } => msg.clone(),
        Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    }
}

fn hold(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The guard at the gate.
struct Watch {
    catalog: Arc<Catalog>,
    views: BTreeSet<String>,
    seen: Arc<Mutex<Seen>>,
    end: Instant,
}

impl Guard for Watch {
    fn allow(&mut self, context: AuthContext<'_>) -> Authorization {
        let verdict = match context.action {
            AuthAction::Select | AuthAction::Recursive => Ok(()),
            AuthAction::Function { function_name } if may_call(function_name) => Ok(()),
            AuthAction::Function { function_name } => Err(Mistake::ForbiddenFunction { name: function_name.to_string() }),
            AuthAction::Read { table_name, column_name } => self.read(table_name, column_name, &context),
            other => Err(Mistake::Forbidden { action: deed(&other).to_string() }),
        };
        match verdict {
            Ok(()) => Authorization::Allow,
            Err(mistake) => {
                hold(&self.seen).denied.get_or_insert(mistake);
                Authorization::Deny
            }
        }
    }

    fn stop(&mut self) -> bool {
        let late = Instant::now() >= self.end;
        if late {
            hold(&self.seen).late = true;
        }
        late
    }
}

impl Watch {
    fn read(&self, table: &str, column: &str, context: &AuthContext<'_>) -> std::result::Result<(), Mistake> {
        // Inside a view of the snapshot: the view was judged where it is named.
        let inside_a_view = context.accessor.is_some_and(|view| self.views.contains(view)) && context.database_name == Some("main");
        if inside_a_view && !table.starts_with("sqlite_") {
            return Ok(());
        }
        // SQLite asks about a step only when none of its columns is named (`count(*)`), and then as about a table.
        if column.is_empty() && hold(&self.seen).steps.contains(&table.to_lowercase()) {
            return Ok(());
        }
        let Some(known) = self.catalog.table(table) else {
            return Err(Mistake::ForbiddenTable { name: table.to_string() });
        };
        if known.sensitivity(column) == Sensitivity::Personal {
            return Err(Mistake::Personal { table: table.to_string(), column: column.to_string() });
        }
        hold(&self.seen).reads.insert((table.to_string(), column.to_string()));
        Ok(())
    }
}

/// A forbidden action in words that follow "this would".
fn deed(action: &AuthAction<'_>) -> &'static str {
    match action {
        AuthAction::Pragma { .. } => "change or read settings (PRAGMA)",
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => "open another file (ATTACH)",
        AuthAction::Insert { .. } | AuthAction::Update { .. } | AuthAction::Delete { .. } => "write records",
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => "begin or end a transaction",
        _ => "change the tables",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use shirube_plan::Pack;
    use shirube_snapshot::Snapshot;

    fn snapshot() -> Snapshot {
        Snapshot::empty(Arc::new(Pack::default())).unwrap()
    }

    fn fence(snapshot: &Snapshot, time: Duration) -> Fence<'_> {
        let catalog = Arc::new(Catalog::of(snapshot.pack()));
        Fence::enter(snapshot.connection(), snapshot.gate(), &catalog, Limits { time, ..Limits::default() }).unwrap()
    }

    /// The mistake a statement makes when the text was not looked at before.
    fn refusal(fence: &Fence<'_>, sql: &str) -> Option<Mistake> {
        let run = |sql: &str| {
            let mut statement = fence.prepare(sql)?;
            let mut rows = statement.raw_query();
            while rows.next()?.is_some() {}
            Ok(())
        };
        run(sql).err().map(|error| fence.mistake(error).0)
    }

    #[test]
    fn whatever_is_not_reading_is_refused_before_it_runs() {
        let snapshot = snapshot();
        let fence = fence(&snapshot, Duration::from_secs(5));
        for sql in [
            "ATTACH '/tmp/other.db' AS other",
            "DETACH main",
            "PRAGMA query_only = 0",
            "PRAGMA writable_schema = 1",
            "SELECT * FROM pragma_table_info('assumption')",
            "SELECT * FROM pragma_database_list",
            "INSERT INTO assumption VALUES ('x', 1, 'percent')",
            "UPDATE assumption SET value = 1",
            "DELETE FROM published_figure",
            "REPLACE INTO assumption VALUES ('x', 1, 'percent')",
            "CREATE TABLE t (a)",
            "CREATE TEMP TABLE t (a)",
            "CREATE TEMP VIEW assumption AS SELECT 1",
            "CREATE TEMP TRIGGER r AFTER INSERT ON assumption BEGIN SELECT 1; END",
            "CREATE VIRTUAL TABLE t USING fts5(a)",
            "DROP TABLE assumption",
            "ALTER TABLE assumption RENAME TO other",
            "VACUUM INTO '/tmp/other.db'",
            "REINDEX",
            "ANALYZE",
            "BEGIN",
            "SAVEPOINT s",
            "SELECT load_extension('/tmp/x.so')",
            "SELECT readfile('/etc/passwd')",
            "SELECT writefile('/tmp/x', 'y')",
            "SELECT randomblob(10)",
            "SELECT zeroblob(10)",
            "SELECT last_insert_rowid()",
            "SELECT CURRENT_TIMESTAMP",
            "SELECT sqlite_source_id()",
            "SELECT fts3_tokenizer('simple')",
            "SELECT sql FROM sqlite_schema",
            "SELECT count(*) FROM sqlite_schema",
            "SELECT * FROM sqlite_temp_schema",
            "SELECT * FROM dbstat",
            "WITH assumption AS (SELECT * FROM sqlite_schema) SELECT * FROM assumption",
            "SELECT (SELECT count(*) FROM sqlite_schema)",
        ] {
            let seen = refusal(&fence, sql);
            let refused = matches!(
                seen,
                Some(
                    Mistake::Forbidden { .. }
                        | Mistake::ForbiddenFunction { .. }
                        | Mistake::ForbiddenTable { .. }
                        | Mistake::UnknownFunction { .. }
                )
            );
            assert!(refused, "{sql}: {seen:?}");
        }
        assert_eq!(refusal(&fence, "SELECT count(*), sum(a.value) FROM assumption a, json_each('[1,2]')"), None);
        assert_eq!(refusal(&fence, "WITH Steps AS (SELECT 1) SELECT count(*) FROM sTEPS"), None);
    }

    #[test]
    fn bombs_go_off_within_the_limits() {
        let snapshot = snapshot();
        let started = Instant::now();
        for (sql, late) in [
            ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n", true),
            ("WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n) SELECT * FROM n", true),
            (
                "WITH a(x) AS (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9)) SELECT count(*) FROM a, a b, a c, a d, a e, a f, a g, a h, a i, a j, a k",
                true,
            ),
            ("WITH RECURSIVE n(s) AS (SELECT 'xxxxxxxxxx' UNION ALL SELECT s || s FROM n) SELECT max(length(s)) FROM n", false),
            ("SELECT printf('%.*c', 100000000, 'x')", false),
            ("SELECT replace(printf('%.*c', 1000, 'x'), 'x', printf('%.*c', 10000, 'y'))", false),
            ("SELECT group_concat(a.value || printf('%.*c', 90000, 'x')) FROM json_each('[1,2,3,4,5,6,7,8,9,0,1,2]') a", false),
        ] {
            let fence = fence(&snapshot, Duration::from_millis(100));
            let seen = refusal(&fence, sql);
            let stopped = if late { matches!(seen, Some(Mistake::TooSlow { .. })) } else { matches!(seen, Some(Mistake::TooLarge { .. })) };
            assert!(stopped, "{sql}: {seen:?}");
        }
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn the_connection_is_as_before_when_the_fence_is_gone() {
        let snapshot = snapshot();
        let settings = || {
            let c = snapshot.connection();
            let limits = [Limit::SQLITE_LIMIT_LENGTH, Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, Limit::SQLITE_LIMIT_ATTACHED]
                .map(|l| c.limit(l).unwrap());
            let query_only: bool = c.pragma_query_value(None, "query_only", |r| r.get(0)).unwrap();
            (limits, query_only, c.db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML).unwrap(), format!("{:?}", snapshot.gate()))
        };
        let before = settings();
        let stands = fence(&snapshot, Duration::from_secs(1));
        assert!(stands.prepare("PRAGMA query_only").is_err());
        drop(stands);
        assert_eq!(settings(), before);
    }
}
