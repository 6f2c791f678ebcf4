//! Chance that can be had again: everything follows from a seed.

/// SplitMix64.
pub struct Dice(u64);

impl Dice {
    /// The dice of one round.
    pub fn new(seed: u64, round: u64) -> Dice {
        let mut dice = Dice(seed ^ round.wrapping_mul(0xd134_2543_de82_ef95));
        dice.next();
        dice
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of 0, 1, … n - 1.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// The seed of this run: given to have a run again, or taken from the clock.
pub fn seed() -> u64 {
    match std::env::var("SHIRUBE_CHAOS_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64,
    }
}

/// How many rounds: few in an ordinary run, as many as one likes by `tests/chaos.sh`.
pub fn rounds(few: u64) -> u64 {
    std::env::var("SHIRUBE_CHAOS_ROUNDS").map_or(few, |rounds| rounds.parse().unwrap())
}

/// Says, if a round fails, how to have it again.
pub struct Again(pub u64, pub u64);

impl Drop for Again {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("round {} failed; again with SHIRUBE_CHAOS_SEED={}", self.1, self.0);
        }
    }
}
