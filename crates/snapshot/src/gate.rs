//! The gate every statement on a snapshot's connection passes.
//!
//! SQLite takes its authorizer and its progress handler only from the owner of a connection, so the snapshot
//! installs both once and hands out this switch. Who runs SQL that is not the program's own (indicators) closes
//! the gate with a [`Guard`] for as long as that SQL is planned and run.

use rusqlite::{
    Connection, Result,
    hooks::{AuthContext, Authorization},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Virtual-machine steps between two questions whether to stop; about 20 µs.
const STEPS_BETWEEN_QUESTIONS: i32 = 1000;

/// What decides about statements while the gate is closed.
pub trait Guard: Send {
    /// Whether SQLite may do this; asked while a statement is planned.
    fn allow(&mut self, context: AuthContext<'_>) -> Authorization;
    /// Whether the running statement must stop; asked again and again while it runs.
    fn stop(&mut self) -> bool;
}

/// The guards of one connection.
#[derive(Default)]
struct Guards {
    /// Stands there for as long as the snapshot is narrowed.
    lasting: Option<Box<dyn Guard>>,
    /// Stands there while the gate is closed.
    passing: Option<Box<dyn Guard>>,
}

impl Guards {
    fn allow(&mut self, context: AuthContext<'_>) -> Authorization {
        let ask = |guard: &mut Option<Box<dyn Guard>>| guard.as_mut().map_or(Authorization::Allow, |guard| guard.allow(context));
        match ask(&mut self.lasting) {
            Authorization::Allow => ask(&mut self.passing),
            refused => refused,
        }
    }

    fn stop(&mut self) -> bool {
        [&mut self.lasting, &mut self.passing].into_iter().flatten().any(|guard| guard.stop())
    }
}

type Keeper = Arc<Mutex<Guards>>;

/// The switch of one connection. Open until someone closes it; clones share it.
#[derive(Clone)]
pub struct Gate(Keeper);

impl Gate {
    /// Installs a gate, open, on a connection.
    pub fn install(connection: &mut Connection) -> Result<Gate> {
        let keeper = Keeper::default();
        let asked = Arc::clone(&keeper);
        connection.authorizer(Some(move |context: AuthContext<'_>| hold(&asked).allow(context)))?;
        let asked = Arc::clone(&keeper);
        connection.progress_handler(STEPS_BETWEEN_QUESTIONS, Some(move || hold(&asked).stop()))?;
        Ok(Gate(keeper))
    }

    /// Puts a guard at the gate; a guard already there is replaced.
    pub fn close(&self, guard: Box<dyn Guard>) {
        hold(&self.0).passing = Some(guard);
    }

    /// Sends the guard away.
    pub fn open(&self) {
        hold(&self.0).passing = None;
    }

    /// Sets the guard that stays whether the gate is closed or open, or sends it away; gives the one that stood there.
    pub(crate) fn keep(&self, guard: Option<Box<dyn Guard>>) -> Option<Box<dyn Guard>> {
        std::mem::replace(&mut hold(&self.0).lasting, guard)
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if hold(&self.0).passing.is_some() { "Gate(closed)" } else { "Gate(open)" })
    }
}

/// A guard that panicked leaves nothing half-done behind: it only answers questions.
fn hold(keeper: &Keeper) -> MutexGuard<'_, Guards> {
    keeper.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rusqlite::hooks::AuthAction;

    struct NoReading;
    impl Guard for NoReading {
        fn allow(&mut self, context: AuthContext<'_>) -> Authorization {
            if matches!(context.action, AuthAction::Read { .. }) { Authorization::Deny } else { Authorization::Allow }
        }
        fn stop(&mut self) -> bool {
            true
        }
    }

    #[test]
    fn a_closed_gate_asks_its_guard_and_an_open_one_nobody() {
        let mut connection = Connection::open_in_memory().unwrap();
        let gate = Gate::install(&mut connection).unwrap();
        connection.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
        let read = |c: &Connection| c.query_row("SELECT a FROM t", [], |r| r.get::<_, i64>(0));
        assert_eq!(read(&connection).unwrap(), 1);
        gate.close(Box::new(NoReading));
        assert!(read(&connection).is_err());
        let long = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT count(*) FROM n";
        assert!(connection.query_row(long, [], |r| r.get::<_, i64>(0)).is_err());
        gate.open();
        assert_eq!(read(&connection).unwrap(), 1);
        assert_eq!(connection.query_row(long, [], |r| r.get::<_, i64>(0)).unwrap(), 100_000);
    }
}
