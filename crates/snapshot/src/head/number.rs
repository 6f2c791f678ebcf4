//! Numbers of new records, by the schemes of their registers.

use super::{Head, HeadError};
use crate::schema::quoted;
use shirube_plan::{NumberPart, Numbering, Register};

impl Head {
    /// The number a record created at this time gets by its register's scheme; none without a scheme.
    pub fn next_number(&mut self, register: &Register, at: i64) -> Result<Option<String>, HeadError> {
        let Some(scheme) = &register.number else { return Ok(None) };
        let year = self.time(at).fiscal_year;
        let counter = (register.name.clone(), if scheme.parts.contains(&NumberPart::Year) { year } else { 0 });
        let mut next = self.counters.get(&counter).copied().unwrap_or(0) + 1;
        if !counts(scheme) || self.is_free(register, scheme, &counter, year, next)? {
            return Ok(Some(written(scheme, year, next)));
        }
        // A scheme that was changed since may meet numbers that are already given.
        loop {
            let number = written(scheme, year, next);
            if !self.has_number(register, &number)? {
                return Ok(Some(number));
            }
            next += 1;
        }
    }

    /// Whether `next`, and all that follow it with as many digits, are known not to be given yet. It is found out once
    /// and stays so: only creations give numbers, and each moves the counter on.
    fn is_free(
        &mut self,
        register: &Register,
        scheme: &Numbering,
        counter: &(String, i64),
        year: i64,
        next: i64,
    ) -> Result<bool, HeadError> {
        if let Some(run) = self.numbers.get(counter).filter(|run| next <= run.last) {
            return Ok(run.free);
        }
        let digits = |width: usize| width.max(next.to_string().len());
        let widths = scheme.parts.iter().filter_map(|p| if let NumberPart::Seq(width) = p { Some(digits(*width)) } else { None });
        let Some(end) = widths.min().and_then(|n| 10_i64.checked_pow(u32::try_from(n).ok()?)) else { return Ok(false) };
        // As long as they are equally long, numbers of a scheme sort as texts as they count.
        let sql = format!("SELECT 1 FROM {} WHERE _number BETWEEN ?1 AND ?2 AND length(_number) = length(?1)", quoted(&register.name));
        let given = self.connection.prepare_cached(&sql)?.exists([written(scheme, year, next), written(scheme, year, end - 1)])?;
        self.numbers.insert(counter.clone(), Run { last: end - 1, free: !given });
        Ok(!given)
    }
}

/// Numbers that follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    last: i64,
    /// None of them is given yet.
    free: bool,
}

fn counts(scheme: &Numbering) -> bool {
    scheme.parts.iter().any(|p| matches!(p, NumberPart::Seq(_)))
}

fn written(scheme: &Numbering, year: i64, next: i64) -> String {
    let mut number = String::new();
    for part in &scheme.parts {
        match part {
            NumberPart::Literal(text) => number.push_str(text),
            NumberPart::Year => number.push_str(&year.to_string()),
            NumberPart::Seq(width) => number.push_str(&format!("{next:0width$}")),
        }
    }
    number
}
