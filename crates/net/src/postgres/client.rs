//! A connection that waits for no answer for ever: the blocking face of `tokio-postgres`, with a limit on every answer.

use super::Error;
use crate::tls::Tls;
use futures_util::{TryStreamExt, future::join};
use std::{cell::Cell, collections::HashMap, fmt, pin::Pin, time::Duration};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::timeout,
};
use tokio_postgres::{
    Config, NoTls, Row, RowStream, Socket, Statement, ToStatement,
    tls::MakeTlsConnect,
    types::{BorrowToSql, ToSql},
};

/// How long an answer is waited for, unless the address says another `tcp_user_timeout`.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long what has to do with a whole table may take.
const LONG: Duration = Duration::from_secs(600);
/// The least time for which a lock is waited for.
const SHORT: Duration = Duration::from_millis(50);
/// The server is told to notice a client that is gone, for it may hold a lock; and what it acknowledges is on disk.
const SESSION: &str = "
SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET client_min_messages = warning;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// A connection. It is driven while an answer is waited for, and closed when it goes.
pub struct Client {
    runtime: Runtime,
    connection: JoinHandle<()>,
    client: tokio_postgres::Client,
    patience: Duration,
    silent: Cell<bool>,
    prepared: HashMap<String, Statement>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl Client {
    /// Connects and signs in. Must not be called where an asynchronous runtime forbids waiting, nor may any other method.
    pub(super) fn connect(config: &Config, tls: Option<&Tls>) -> Result<Client, Error> {
        let patience = config.get_tcp_user_timeout().copied().unwrap_or(PATIENCE);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let connected = runtime.block_on(async {
            match tls {
                Some(tls) => timeout(patience, open(config, tls.clone())).await,
                None => timeout(patience, open(config, NoTls)).await,
            }
        });
        let (client, connection) = match connected {
            Ok(Ok(both)) => both,
            failed => {
                // Looking a name up may hang as well, on a thread of its own.
                runtime.shutdown_background();
                return Err(match failed {
                    Ok(Err(error)) => Error::Postgres(error),
                    _ => Error::Silent(patience),
                });
            }
        };
        let mut client = Client { runtime, connection, client, patience, silent: Cell::new(false), prepared: HashMap::new() };
        // Whoever waits for a lock is told so before they are given up.
        let lock = (patience / 2).max(SHORT).as_millis();
        client.batch_execute(&format!("SET lock_timeout = {lock}; {SESSION}"))?;
        Ok(client)
    }

    fn wait<T>(&self, answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Error> {
        match self.runtime.block_on(async { timeout(self.patience, answer).await }) {
            Ok(answer) => Ok(answer?),
            Err(_) => {
                // An answer that came later would be taken for that of the next question.
                self.connection.abort();
                self.silent.set(true);
                Err(Error::Silent(self.patience))
            }
        }
    }

    /// Whether it is of no use any more.
    pub fn is_closed(&self) -> bool {
        self.silent.get() || self.client.is_closed()
    }

    /// Does what takes long because it has to do with a whole table: each answer may take ten minutes.
    pub fn patiently<T>(&mut self, work: impl FnOnce(&mut Client) -> Result<T, Error>) -> Result<T, Error> {
        let usual = std::mem::replace(&mut self.patience, LONG);
        let answer = work(self);
        self.patience = usual;
        answer
    }

    /// Does everything in one transaction, or nothing.
    pub fn transaction<T>(&mut self, work: impl FnOnce(&mut Client) -> Result<T, Error>) -> Result<T, Error> {
        self.batch_execute("BEGIN")?;
        let answer = work(self);
        let ended = self.batch_execute(if answer.is_ok() { "COMMIT" } else { "ROLLBACK" });
        answer.and_then(|answer| ended.map(|()| answer))
    }

    /// Runs statements without parameters.
    pub fn batch_execute(&mut self, sql: &str) -> Result<(), Error> {
        self.wait(self.client.batch_execute(sql))
    }

    /// A statement, prepared once.
    pub fn statement(&mut self, sql: &str) -> Result<Statement, Error> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.wait(self.client.prepare(sql))?;
        self.prepared.insert(sql.to_string(), statement.clone());
        Ok(statement)
    }

    /// Runs a statement; gives the number of rows it changed.
    pub fn execute<S: ?Sized + ToStatement>(&mut self, statement: &S, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        self.wait(self.client.execute(statement, parameters))
    }

    /// Runs a statement and after it others without parameters, sent together; gives the number of rows it changed.
    pub fn execute_and(&mut self, statement: &Statement, parameters: &[&(dyn ToSql + Sync)], sql: &str) -> Result<u64, Error> {
        self.wait(async {
            let (changed, ran) = join(self.client.execute(statement, parameters), self.client.batch_execute(sql)).await;
            let changed = changed?;
            ran.map(|()| changed)
        })
    }

    /// Runs statements without parameters and after them one that has a row or none, sent together.
    pub fn batch_and_query(&mut self, sql: &str, statement: &Statement) -> Result<Option<Row>, Error> {
        self.wait(async {
            let (ran, row) = join(self.client.batch_execute(sql), self.client.query_opt(statement, &[])).await;
            ran?;
            row
        })
    }

    /// The rows of a statement.
    pub fn query<S: ?Sized + ToStatement>(&mut self, statement: &S, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        self.wait(self.client.query(statement, parameters))
    }

    /// The row of a statement that has one.
    pub fn query_one<S: ?Sized + ToStatement>(&mut self, statement: &S, parameters: &[&(dyn ToSql + Sync)]) -> Result<Row, Error> {
        self.wait(self.client.query_one(statement, parameters))
    }

    /// The row of a statement that has one or none.
    pub fn query_opt<S: ?Sized + ToStatement>(&mut self, statement: &S, parameters: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>, Error> {
        self.wait(self.client.query_opt(statement, parameters))
    }

    /// The rows of a statement, one by one.
    pub fn query_raw<S, P, I>(&mut self, statement: &S, parameters: I) -> Result<Rows<'_>, Error>
    where
        S: ?Sized + ToStatement,
        P: BorrowToSql,
        I: IntoIterator<Item = P>,
        I::IntoIter: ExactSizeIterator,
    {
        let stream = Box::pin(self.wait(self.client.query_raw(statement, parameters))?);
        Ok(Rows { client: self, stream })
    }
}

/// Rows that come one by one, each in time.
pub struct Rows<'c> {
    client: &'c Client,
    stream: Pin<Box<RowStream>>,
}

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rows")
    }
}

/// A connection that is driven beside whoever waits; what breaks it is told to them.
async fn open<T>(config: &Config, tls: T) -> Result<(tokio_postgres::Client, JoinHandle<()>), tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, connection) = config.connect(tls).await?;
    Ok((client, tokio::spawn(async { connection.await.unwrap_or_default() })))
}

impl Rows<'_> {
    /// The next row.
    // Not an iterator: reading may fail at every row.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Row>, Error> {
        self.client.wait(self.stream.try_next())
    }
}
