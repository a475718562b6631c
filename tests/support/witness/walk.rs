//! A seeded walk: a handful of connections, and at every step something happens to one of them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use super::stage::{Family, PACE, Pair, Stage, connect, reset};

/// Steps taken.
const STEPS: u32 = 330;
/// Connections at a time.
const PAIRS: usize = 6;

/// Numbers that look random, and are the same for the same seed (xorshift64*).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.roll(last + 1));
        }
    }
}

/// Both ends, as long as they are open.
type Ends = [Option<TcpStream>; 2];

/// Takes all steps.
pub fn walk(stage: &Stage, families: &[Family], mut dice: Dice) {
    let listeners: Vec<(Family, TcpListener)> = families.iter().map(|family| (*family, stage.listener(*family))).collect();
    let mut pairs: Vec<Ends> = Vec::new();
    for _ in 0..STEPS {
        pairs.retain(|ends| ends.iter().any(Option::is_some));
        if pairs.len() < PAIRS {
            pairs.push(open(&listeners[dice.roll(listeners.len())]));
        } else {
            let (pair, end, act) = (dice.roll(PAIRS), dice.roll(2), dice.roll(9));
            step(&mut pairs[pair][end], act, dice.roll(3000));
        }
        thread::sleep(PACE);
    }
    pairs.into_iter().flatten().flatten().for_each(|end| stage.keep(end));
}

fn open((family, listener): &(Family, TcpListener)) -> Ends {
    let Pair { client, server } = connect(listener, *family);
    [client, server].map(|end| {
        end.set_nonblocking(true).unwrap();
        Some(end)
    })
}

/// Something happens to one end; where that is closed already, or the peer has reset it, nothing does.
fn step(end: &mut Option<TcpStream>, act: usize, octets: usize) {
    let Some(mut stream) = end.take() else { return };
    match act {
        0 => return drop(stream),
        1 => return reset(stream),
        2 | 3 => drop(stream.shutdown(Shutdown::Write)),
        4 | 5 => drop(stream.read(&mut [0; 1 << 16])),
        _ => drop(stream.write(&vec![0; octets])),
    }
    *end = Some(stream);
}
