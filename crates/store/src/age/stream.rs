//! The payload: chunks of 64 KiB, each authenticated at its place, the last one marked.

use super::{AgeError, FILE_KEY, Identity, Recipient, cipher, derive, header, random};
use ring::aead::{Aad, LessSafeKey, Nonce};
use std::io::{self, BufRead, Read, Write};

/// Bytes of a chunk before it is encrypted.
const CHUNK: usize = 64 << 10;
/// Bytes that encryption adds to a chunk.
const TAG: usize = 16;

/// The key of a payload, and the chunk that comes next.
struct Chunks {
    key: LessSafeKey,
    next: u64,
}

impl Chunks {
    fn new(file_key: &[u8; FILE_KEY], nonce: &[u8; 16]) -> Result<Chunks, AgeError> {
        Ok(Chunks { key: cipher(&derive(file_key, nonce, "payload")?)?, next: 0 })
    }

    /// Eleven bytes of number and one that marks the last chunk.
    fn nonce(&self, last: bool) -> Nonce {
        let mut bytes = [0; 12];
        bytes[3..11].copy_from_slice(&self.next.to_be_bytes());
        bytes[11] = u8::from(last);
        Nonce::assume_unique_for_key(bytes)
    }
}

/// Encrypts what is written to it. Without [`Sealed::finish`] the file is cut off, and reading it says so.
pub(crate) struct Sealed<W> {
    to: W,
    chunks: Chunks,
    buffer: Vec<u8>,
}

impl<W: Write> Sealed<W> {
    /// Writes the header.
    pub fn new(mut to: W, recipients: &[Recipient]) -> io::Result<Sealed<W>> {
        let file_key = random()?;
        header::write(&mut to, &file_key, recipients)?;
        let nonce = random()?;
        to.write_all(&nonce)?;
        Ok(Sealed { to, chunks: Chunks::new(&file_key, &nonce)?, buffer: Vec::with_capacity(CHUNK + TAG) })
    }

    fn chunk(&mut self, last: bool) -> io::Result<()> {
        let nonce = self.chunks.nonce(last);
        self.chunks.key.seal_in_place_append_tag(nonce, Aad::empty(), &mut self.buffer).map_err(|_| AgeError::Random)?;
        self.to.write_all(&self.buffer)?;
        self.buffer.clear();
        self.chunks.next += 1;
        Ok(())
    }

    /// Writes the last chunk.
    pub fn finish(mut self) -> io::Result<W> {
        self.chunk(true)?;
        Ok(self.to)
    }
}

impl<W: Write> Write for Sealed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk waits until there is more: it may be the last.
        if self.buffer.len() == CHUNK {
            self.chunk(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Decrypts; gives only bytes that authenticate.
pub(crate) struct Opened<R> {
    from: R,
    chunks: Chunks,
    buffer: Vec<u8>,
    /// Part of the buffer that was decrypted and not yet read.
    ready: std::ops::Range<usize>,
    /// The last chunk was read.
    ended: bool,
    /// And nothing follows it.
    done: bool,
}

impl<R: BufRead> Opened<R> {
    /// Reads the header.
    pub fn new(mut from: R, identities: &[Identity]) -> io::Result<Opened<R>> {
        let file_key = header::read(&mut from, identities)?;
        let mut nonce = [0; 16];
        from.read_exact(&mut nonce).map_err(|_| AgeError::Header)?;
        Ok(Opened {
            from,
            chunks: Chunks::new(&file_key, &nonce)?,
            buffer: Vec::with_capacity(CHUNK + TAG),
            ready: 0..0,
            ended: false,
            done: false,
        })
    }

    fn chunk(&mut self) -> io::Result<()> {
        let damaged = AgeError::Damaged(self.chunks.next * CHUNK as u64);
        self.buffer.clear();
        self.from.by_ref().take((CHUNK + TAG) as u64).read_to_end(&mut self.buffer)?;
        if self.ended {
            // Something follows the last chunk.
            return Err(damaged.into());
        }
        let full = self.buffer.len() == CHUNK + TAG;
        let at_end = !full || self.from.fill_buf()?.is_empty();
        let sealed = self.buffer.clone();
        let opened = match self.open(at_end) {
            // Authentic, and yet the file was cut off behind it or goes on behind it: told when that is read.
            None if full => {
                self.buffer = sealed;
                self.open(!at_end).map(|length| (length, !at_end))
            }
            opened => opened.map(|length| (length, at_end)),
        };
        let (length, last) = opened.filter(|(length, _)| *length > 0 || self.chunks.next == 0).ok_or(damaged)?;
        self.ready = 0..length;
        self.chunks.next += 1;
        self.ended = last;
        self.done = last && at_end;
        Ok(())
    }

    /// Decrypts the buffer as the last chunk or as another; its length, if it is authentic.
    fn open(&mut self, last: bool) -> Option<usize> {
        let nonce = self.chunks.nonce(last);
        self.chunks.key.open_in_place(nonce, Aad::empty(), &mut self.buffer).ok().map(|opened| opened.len())
    }
}

impl<R: BufRead> Read for Opened<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.ready.is_empty() && !self.done {
            self.chunk()?;
        }
        let taken = to.len().min(self.ready.len());
        to[..taken].copy_from_slice(&self.buffer[self.ready.start..self.ready.start + taken]);
        self.ready.start += taken;
        Ok(taken)
    }
}
