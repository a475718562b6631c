//! What is remembered of a 5-tuple and its way back: two ways beside each other, in two lines of memory.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use super::Arriving;
use super::child::Child;
use super::lookup::Lookup;
use crate::track::FlowKey;
use crate::track::flow::Slot;
use crate::track::shelves::{Shelves, fetch};

/// A way's place: that of its pair, twice, and one more if it comes from the higher end.
pub(super) type WayId = u32;

pub(super) const fn way_id(pair: u32, from: Slot) -> WayId {
    pair << 1 | from as WayId
}

/// The way back; a socket that sends to itself has one way for both.
pub(super) fn way_back(way: WayId, arriving: &Arriving) -> WayId {
    if arriving.key.is_loop() { way } else { way ^ 1 }
}

/// The ways from the lower end and back. Of its two lines of memory most packets need but the first.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Pair {
    pub(super) key: FlowKey,
    /// The number of the verdict on each packet that changes nothing, as long as nothing else comes on either way.
    pub(super) steady: [Option<Number>; 2],
    pub(super) ways: [Way; 2],
}

const _: () = assert!(size_of::<Pair>() == 128, "two ways outgrew their lines of memory");

/// What is remembered of one direction.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// The place of the connected socket that gets what travels so.
    pub(super) child: Option<Number>,
    /// The birth of the child that the SYN at hand brings.
    pub(super) birth: Option<Number>,
    /// Something was sent on it that was no RST, by a socket that is not declared.
    pub(super) stranger: bool,
    verdicts: [Option<Given>; 3],
}

/// A number in four octets, also where there may be none: it is kept more by one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(NonZeroU32);

/// A verdict that was given before: its number, and whether it holds whatever comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given(Number);

/// What is asked about a packet, after its connection had its say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Asked {
    /// Who waits for it.
    Open,
    /// Who waits for this SYN.
    Syn,
    /// Nothing: its own socket gets it, found by this rule.
    Child(Lookup),
    /// Nothing: its connection opened before the capture, and the table does not tell its socket.
    Before,
}

impl Pair {
    /// Of these two ends nothing is known yet.
    pub(super) fn new(key: FlowKey) -> Self {
        Self { key, steady: [None; 2], ways: Default::default() }
    }

    /// The end that each way leads to.
    pub(super) fn receivers(&self) -> [(SocketAddr, &Way); 2] {
        let Self { ways: [up, down], key, .. } = self;
        [(key.endpoint(Slot::High), up), (key.endpoint(Slot::Low), down)]
    }

    /// The number of the verdict that every packet from this end gets by now which changes nothing.
    #[inline(always)]
    pub(super) fn steady(&self, from: Slot) -> Option<Number> {
        *self.steady.get(from as usize)?
    }

    /// The number of the verdict that most packets from this end get, if that is not steady. Has the processor fetch what
    /// else will be asked of them.
    pub(super) fn likely(&self, from: Slot, children: &Shelves<Child>) -> Option<u32> {
        self.ways.iter().filter_map(|way| children.get(way.child?.get())).for_each(fetch);
        let Way { verdicts: [open, before, child], .. } = self.ways.get(from as usize)?;
        child.or(*open).or(*before).map(Given::number)
    }
}

impl Way {
    pub(super) fn given(&self, asked: Asked) -> Option<Given> {
        *self.verdicts.get(asked.place()?)?
    }

    /// Keeps a verdict, if there is a place for it.
    pub(super) fn keep(&mut self, asked: Asked, given: Given) -> Option<()> {
        *self.verdicts.get_mut(asked.place()?)? = Some(given);
        Some(())
    }

    /// Puts another connected socket in the place of the one before, of which nothing holds any more.
    pub(super) fn replace_child(&mut self, child: Option<Number>) {
        let [.., of_child] = &mut self.verdicts;
        (self.child, *of_child) = (child, None);
    }
}

impl Number {
    /// Keeps a number; `None` of the highest one.
    pub(super) fn new(number: u32) -> Option<Self> {
        NonZeroU32::MIN.checked_add(number).map(Self)
    }

    #[inline(always)]
    pub(super) const fn get(self) -> u32 {
        self.0.get().saturating_sub(1)
    }
}

impl Given {
    /// `None` unless the number is below 2^31.
    pub(super) fn new(number: u32, settled: bool) -> Option<Self> {
        Number::new(number.checked_mul(2)?.saturating_add(settled.into())).map(Self)
    }

    pub(super) const fn number(self) -> u32 {
        self.0.get() >> 1
    }

    pub(super) const fn is_settled(self) -> bool {
        self.0.get() & 1 == 1
    }
}

impl Asked {
    /// Where the verdict is kept, that on a child behind the others; `None` if it is not: few packets of a way open or end
    /// its connection.
    const fn place(self) -> Option<usize> {
        match self {
            Self::Open => Some(0),
            Self::Before => Some(1),
            Self::Child(Lookup::Established) => Some(2),
            Self::Syn | Self::Child(_) => None,
        }
    }
}
