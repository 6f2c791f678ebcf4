//! A snapshot as one file that any SQLite tool opens, in thirty years too.
//!
//! Rows go in by the order of their keys into a fresh file, so that the same moment of the same pack gives the
//! same file. It needs none of our functions: derived columns are stored.

use crate::{
    Moment, Snapshot, SnapshotError, digest, pack_tables,
    schema::{self, child_name, quoted},
};
use jiff::Timestamp;
use rusqlite::{Connection, params, types::Value};
use shirube_plan::{Lang, Pack, Pair, Sensitivity};
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// A written snapshot file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// The moment it shows.
    pub moment: Moment,
    /// Hex SHA-256 over its content.
    pub sha256: String,
}

const ABOUT: &str = "
CREATE TABLE _pack ( -- この写しの由来 / what this file is a copy of
  id TEXT NOT NULL, -- パック / pack
  version TEXT NOT NULL, -- 版 / version
  digest TEXT NOT NULL, -- 内容の要約値 / digest of the pack's files
  fictional INTEGER NOT NULL, -- 1 = 架空 / invented
  as_of_seq INTEGER NOT NULL, -- 最後の出来事 / last event contained
  as_of_ms INTEGER NOT NULL, -- 時点（ミリ秒）/ moment, milliseconds since 1970 UTC
  as_of TEXT NOT NULL -- 時点 / moment, UTC
) STRICT;
CREATE TABLE _columns ( -- 列の意味 / what the columns mean
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  label_ja TEXT NOT NULL,
  label_en TEXT NOT NULL,
  sensitivity TEXT NOT NULL, -- public, internal, commercial, personal
  PRIMARY KEY (table_name, column_name)
) STRICT;
";

/// Where a file is written until it is whole.
pub fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

impl Snapshot {
    /// Writes this moment to a new file, which has its name only when it is whole and on disk. What an attempt that was
    /// killed has left ([`unfinished`]) is replaced.
    ///
    /// # Errors
    /// [`SnapshotError::Exists`] when there is a file already.
    pub fn write_to(&self, path: &Path) -> Result<SnapshotInfo, SnapshotError> {
        let failed =
            |path: &Path, cause: std::io::Error| SnapshotError::File { path: path.display().to_string(), cause: cause.to_string() };
        if path.exists() {
            return Err(SnapshotError::Exists(path.display().to_string()));
        }
        let part = unfinished(path);
        let write = || {
            // Its journal, if it was killed at the very end, is none of the new file's.
            for old in [part.clone(), part.with_extension("part-journal")] {
                match fs::remove_file(&old) {
                    Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(failed(&old, cause)),
                    _ => {}
                }
            }
            let sha256 = self.fill(&part)?;
            fs::File::open(&part).and_then(|file| file.sync_all()).map_err(|cause| failed(&part, cause))?;
            fs::rename(&part, path).map_err(|cause| failed(path, cause))?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|cause| failed(folder, cause))?;
            Ok(SnapshotInfo { moment: self.moment(), sha256 })
        };
        let written = write();
        if written.is_err() {
            // A full disk gets its room back.
            let _ = fs::remove_file(&part);
        }
        written
    }

    fn fill(&self, path: &Path) -> Result<String, SnapshotError> {
        let file = Connection::open(path)?;
        file.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")?;
        file.execute_batch(ABOUT)?;
        for statement in schema::ddl(self.pack()) {
            file.execute_batch(&statement)?;
        }
        pack_tables::fill(&file, self.pack())?;
        about(&file, self.pack(), self.moment())?;
        for register in self.pack().registers.values() {
            self.copy(&file, &register.name, "_id")?;
            self.note_all(&register.name)?;
            for field in register.fields.iter().filter(|f| schema::child_columns(f).is_some()) {
                self.copy(&file, &child_name(&register.name, &field.name), "_id, position")?;
            }
        }
        file.execute_batch("COMMIT; PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE")?;
        let sha256 = digest::of(&file)?.iter().map(|b| format!("{b:02x}")).collect();
        file.close().map_err(|(_, error)| error)?;
        Ok(sha256)
    }

    fn copy(&self, file: &Connection, table: &str, order: &str) -> Result<(), SnapshotError> {
        let mut names = file.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
        let names: Vec<String> = names.query_map([table], |r| Ok(quoted(&r.get::<_, String>(0)?)))?.collect::<Result<_, _>>()?;
        let (columns, marks) = (names.join(", "), vec!["?"; names.len()].join(", "));
        let mut insert = file.prepare(&format!("INSERT INTO {} ({columns}) VALUES ({marks})", quoted(table)))?;
        let mut select = self.connection().prepare(&format!("SELECT {columns} FROM {} ORDER BY {order}", quoted(table)))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let values = (0..names.len()).map(|i| row.get::<_, Value>(i)).collect::<Result<Vec<_>, _>>()?;
            insert.execute(rusqlite::params_from_iter(values))?;
        }
        Ok(())
    }
}

fn about(file: &Connection, pack: &Pack, moment: Moment) -> Result<(), SnapshotError> {
    let time = Timestamp::from_millisecond(moment.at_ms).map(|t| t.to_string()).unwrap_or_default();
    let (meta, Moment { seq, at_ms }) = (&pack.meta, moment);
    file.execute(
        "INSERT INTO _pack VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![meta.id, meta.version, pack.digest, meta.fictional, seq, at_ms, time],
    )?;
    let mut insert = file.prepare("INSERT INTO _columns VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for register in pack.registers.values() {
        for (name, _, ja, en) in schema::OWN_COLUMNS {
            insert.execute(params![register.name, name, ja, en, "public"])?;
        }
        for field in &register.fields {
            let Pair { ja, en } = &field.label;
            let sensitivity = word(field.sensitivity);
            for column in field.columns() {
                insert.execute(params![register.name, column.name, ja, en, sensitivity])?;
            }
            for (name, _, label) in schema::child_columns(field).into_iter().flatten() {
                let table = child_name(&register.name, &field.name);
                insert.execute(params![table, name, label.get(Lang::Ja), label.get(Lang::En), sensitivity])?;
            }
        }
    }
    Ok(())
}

fn word(sensitivity: Sensitivity) -> &'static str {
    match sensitivity {
        Sensitivity::Public => "public",
        Sensitivity::Internal => "internal",
        Sensitivity::Commercial => "commercial",
        Sensitivity::Personal => "personal",
    }
}
