//! PostgreSQL: a server's address, a connection to it, and a line that is made anew when it breaks.
//!
//! No answer is waited for for ever. What TCP has of its own (`tcp_user_timeout`, keepalives) notices a network that is
//! silent; it does not notice a server that is stopped, or a proxy or tunnel that goes on acknowledging what it can no
//! longer hand on. Nothing here knows what a connection is for.

mod address;
mod client;
mod error;
mod line;

pub use address::{AddressError, Server};
pub use client::{Client, PATIENCE, Rows};
pub use error::Error;
pub use line::{Line, Lock, TURN};
pub use tokio_postgres::{Row, Statement, types};
