//! Who is who: ids of traces and spans, and what a caller says of them (W3C Trace Context, level 1).

/// A span, wherever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    pub trace: u128,
    pub span: u64,
}

impl Context {
    /// Of a new span, in this trace or one of its own. None if the system gives no random numbers.
    pub fn new(trace: Option<u128>) -> Option<Context> {
        // All zero means none.
        let random = || getrandom::u64().ok().map(|n| n.max(1));
        let trace = match trace {
            Some(trace) => trace,
            None => u128::from(random()?) << 64 | u128::from(random()?),
        };
        Some(Context { trace, span: random()? })
    }
}

/// What a caller's `traceparent` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub context: Context,
    /// The caller keeps the trace; of one that is not kept, parts are of no use.
    pub sampled: bool,
}

impl Caller {
    /// Reads it; none if it does not hold, which begins a new trace.
    pub fn parse(text: &str) -> Option<Caller> {
        let part = |from: usize, to: usize| text.get(from..to).filter(|t| t.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        let dashes = [2, 35, 52].into_iter().all(|at| text.as_bytes().get(at) == Some(&b'-'));
        // A later version may say more behind it.
        let whole = match part(0, 2)? {
            "ff" => false,
            "00" => text.len() == 55,
            _ => text.len() == 55 || text.as_bytes().get(55) == Some(&b'-'),
        };
        let trace = u128::from_str_radix(part(3, 35)?, 16).ok().filter(|n| *n != 0)?;
        let span = u64::from_str_radix(part(36, 52)?, 16).ok().filter(|n| *n != 0)?;
        let flags = u8::from_str_radix(part(53, 55)?, 16).ok()?;
        (dashes && whole).then_some(Caller { context: Context { trace, span }, sampled: flags & 1 == 1 })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_caller_is_read_as_the_standard_writes_it() {
        let caller = Caller::parse(GOOD).unwrap();
        let context = Context { trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, span: 0x00f0_67aa_0ba9_02b7 };
        assert_eq!(caller, Caller { context, sampled: true });
        assert!(!Caller::parse(&GOOD.replace("-01", "-00")).unwrap().sampled);
        assert!(Caller::parse(&format!("cc{}-more", &GOOD[2..])).unwrap().sampled, "a later version");
    }

    #[test]
    fn what_is_no_caller_begins_a_trace() {
        for wrong in [
            "",
            "00",
            &GOOD.to_uppercase(),
            &GOOD.replace("00-4b", "ff-4b"),
            &GOOD.replace('-', "_"),
            &format!("{GOOD}-more"),
            &format!("cc{}more", &GOOD[2..]),
            &GOOD.replace("00f067aa0ba902b7", "0000000000000000"),
            &GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", "00000000000000000000000000000000"),
            &GOOD.replace("0e0e", "0e0+"),
            &GOOD.replace("4bf9", "４"),
        ] {
            assert_eq!(Caller::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ids_are_never_zero_and_a_trace_goes_on() {
        let (one, other) = (Context::new(None).unwrap(), Context::new(None).unwrap());
        assert!(one.trace != other.trace && one.span != other.span && one.trace != 0 && one.span != 0);
        assert_eq!(Context::new(Some(7)).unwrap().trace, 7);
    }
}
