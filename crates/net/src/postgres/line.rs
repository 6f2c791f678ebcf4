//! A connection that is made anew when it broke, and the turn among those who share a lock.

use super::{Client, Error, Server};
use std::{
    fmt,
    time::{Duration, Instant},
};
use tracing::Span;

/// How long one waits for a turn.
pub const TURN: Duration = Duration::from_secs(60);
/// The first wait before a broken connection is tried again, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// Each statement after the lock sees what was committed before it was granted, whatever the server's default.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
/// It keeps nobody waiting, and what is done with its rows may take long.
const MOMENT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0";
const WHO: &str = "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()";
/// Ends a session that waits for us. One that is at work is let finish: it may be committing.
const END: &str = "SELECT CASE WHEN state LIKE 'idle in transaction%' OR wait_event = 'ClientWrite' THEN pg_terminate_backend(pid) END
    FROM pg_stat_activity WHERE pid = $1 AND backend_start::text = $2";

/// A lock by its number, one for each schema of a database.
#[derive(Clone, Copy, Debug)]
pub struct Lock(pub i32);

impl Lock {
    fn ask(self, function: &str) -> String {
        format!("SELECT {function}({}, hashtext(coalesce(current_schema(), '')))", self.0)
    }
}

/// A session of the server, never mistaken for another.
type Who = (i32, String);

/// A connection that is made anew when it broke or fell silent. Sessions of ours that the server still has then, and that
/// wait for us, are ended: where only we know that a connection is gone, it would hold its locks for minutes.
pub struct Line {
    server: Server,
    /// What it is asked of, for traces.
    table: &'static str,
    /// What each session begins with.
    session: &'static str,
    client: Option<(Client, Who)>,
    /// In a transaction: a connection made anew would not be in it.
    within: bool,
    /// Sessions that were let go, as long as the server may have them.
    left: Vec<Who>,
    not_before: Instant,
    wait: Duration,
    cause: String,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({})", self.server)
    }
}

impl Line {
    /// Connects, to ask of a table. Each session begins with the statements given.
    pub fn open(server: &Server, table: &'static str, session: &'static str) -> Result<Line, Error> {
        let (left, not_before, wait) = (vec![], Instant::now(), BACK_OFF.0);
        let mut line = Line {
            server: server.clone(),
            table,
            session,
            client: None,
            within: false,
            left,
            not_before,
            wait,
            cause: "no connection".to_string(),
        };
        line.client = Some(line.connect()?);
        Ok(line)
    }

    /// Where it leads.
    pub fn server(&self) -> &Server {
        &self.server
    }

    fn connect(&self) -> Result<(Client, Who), Error> {
        let mut client = self.server.connect()?;
        client.batch_execute(self.session)?;
        let who = client.query_one(WHO, &[])?;
        Ok((client, (who.try_get(0)?, who.try_get(1)?)))
    }

    /// The connection, made anew if it broke and it is time.
    fn take(&mut self) -> Result<(Client, Who), Error> {
        if self.client.as_ref().is_some_and(|(client, _)| client.is_closed()) {
            self.let_go();
        }
        if let Some(open) = self.client.take() {
            return Ok(open);
        }
        if self.within || Instant::now() < self.not_before {
            return Err(Error::Away(self.cause.clone()));
        }
        self.connect().inspect(|_| self.wait = BACK_OFF.0).inspect_err(|error| {
            self.cause = error.to_string();
            // The attempt itself may have taken long.
            self.not_before = Instant::now() + self.wait;
            self.wait = (self.wait * 2).min(BACK_OFF.1);
        })
    }

    /// Does something over the connection, and lets go of one that broke. In the middle of a transaction there is none
    /// other than the one it was begun over.
    pub fn ask<T>(&mut self, work: impl FnOnce(&mut Client) -> Result<T, Error>) -> Result<T, Error> {
        if !self.within && !self.left.is_empty() {
            let mut left = std::mem::take(&mut self.left);
            let ended = self.over(|client| end(client, &mut left));
            self.left.append(&mut left);
            ended?;
        }
        self.over(work)
    }

    fn over<T>(&mut self, work: impl FnOnce(&mut Client) -> Result<T, Error>) -> Result<T, Error> {
        // Taken out, so that one in which a panic left half a transaction is not used again.
        let (mut client, who) = self.take()?;
        let answer = self.asking().in_scope(|| work(&mut client));
        self.client = Some((client, who));
        if let Err(error) = &answer
            && error.is_lost()
        {
            self.cause = error.to_string();
            self.let_go();
        }
        answer
    }

    /// The span of asking something, for traces. Outside of any other span there is none: looks at the log five times a
    /// second are not the work of a request.
    fn asking(&self) -> Span {
        if Span::current().is_none() {
            return Span::none();
        }
        tracing::info_span!("postgresql", otel.kind = "client", db.system.name = "postgresql", db.collection.name = self.table)
    }

    /// Gives the connection up, with what was begun over it.
    pub fn let_go(&mut self) {
        self.left.extend(self.client.take().map(|(_, who)| who));
    }

    /// Begins a transaction as soon as the lock is ours, or gives up after a while.
    pub fn begin(&mut self, lock: Lock, most: Duration) -> Result<(), Error> {
        self.begin_by(lock, most, |client, sql| client.batch_execute(sql))
    }

    /// The same by work that runs the statements it is given, and may ask something with them: where many wait for their
    /// turn, each answer that is waited for keeps all of them.
    pub fn begin_by<T>(&mut self, lock: Lock, most: Duration, begin: impl Fn(&mut Client, &str) -> Result<T, Error>) -> Result<T, Error> {
        self.rollback();
        let sql = format!("{BEGIN}; {}", lock.ask("pg_advisory_xact_lock"));
        let begun = self.in_turn(most, |client| begin(client, &sql))?;
        self.within = true;
        Ok(begun)
    }

    /// Takes a lock that lasts as long as the connection.
    pub fn hold(&mut self, lock: Lock) -> Result<(), Error> {
        self.in_turn(TURN, |client| client.batch_execute(&lock.ask("pg_advisory_lock")))
    }

    /// Asks for a lock until it is given or the time is over: a question may not take longer than an answer is waited
    /// for. A connection that broke while nothing was asked over it is found out here.
    fn in_turn<T>(&mut self, most: Duration, take: impl Fn(&mut Client) -> Result<T, Error>) -> Result<T, Error> {
        let (until, mut anew) = (Instant::now() + most, true);
        loop {
            let error = match self.ask(&take) {
                Ok(taken) => return Ok(taken),
                Err(error) => error,
            };
            if error.is_broken() && anew {
                anew = false;
                continue;
            }
            if !error.is_lost() {
                // What was begun is over, and with it a lock that was given before something else failed.
                self.over(|client| client.batch_execute("ROLLBACK"))?;
            }
            if !error.is_busy() || Instant::now() >= until {
                return Err(error);
            }
        }
    }

    /// Shows one and the same moment from here on, and at the next call a later one.
    pub fn moment(&mut self) -> Result<(), Error> {
        let end = if self.within { "COMMIT; " } else { "" };
        self.ask(|client| client.batch_execute(&format!("{end}{MOMENT}")))?;
        self.within = true;
        Ok(())
    }

    /// Ends a transaction. If the connection is lost meanwhile, it is not known how.
    pub fn commit(&mut self) -> Result<(), Error> {
        self.commit_by(|client, sql| client.batch_execute(sql))
    }

    /// The same by work that runs the statement it is given last. If something before it fails, nothing is written.
    pub fn commit_by<T>(&mut self, end: impl FnOnce(&mut Client, &str) -> Result<T, Error>) -> Result<T, Error> {
        let ended = self.ask(|client| end(client, "COMMIT"));
        if ended.is_err() {
            // The work may have failed before it ran the statement.
            self.rollback();
        }
        self.within = false;
        ended
    }

    /// Takes a transaction back.
    pub fn rollback(&mut self) {
        if self.within && self.ask(|client| client.batch_execute("ROLLBACK")).is_err() {
            // The server ends the transaction of a connection that is gone.
            self.let_go();
        }
        self.within = false;
    }
}

/// Ends sessions that wait for us, and forgets those the server has no more.
fn end(client: &mut Client, sessions: &mut Vec<Who>) -> Result<(), Error> {
    let mut still = vec![];
    for (pid, since) in &*sessions {
        if client.query_opt(END, &[pid, since])?.is_some() {
            still.push((*pid, since.clone()));
        }
    }
    *sessions = still;
    Ok(())
}
