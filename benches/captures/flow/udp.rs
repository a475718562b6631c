//! Datagrams: a request, and nearly always a reply.

use super::{Flow, Phase, Planned};
use crate::plan::Plan;
use crate::side::{Both, Side};
use crate::time::MICROSECOND;

const UNANSWERED: f64 = 0.02;

impl Flow {
    pub(super) fn plan_udp_exchange(&mut self, plan: &Plan) {
        if self.exchanges_left == 0 {
            return;
        }
        self.exchanges_left -= 1;
        if self.phase == Phase::Opening {
            self.phase = Phase::Talking;
        } else {
            self.now += self.rng.exponential(self.pause) as u64 + 20 * MICROSECOND;
        }

        let lengths = self
            .tuple
            .service
            .lengths()
            .unwrap_or_else(|| Both { client: self.rng.between(18, 78) as u32, server: self.rng.between(18, 78) as u32 });
        let nonce = self.rng.next();
        let request = Planned { time: self.now, sender: Side::Client, length: lengths.client, offset: nonce, segment: None };
        self.queue.push_back(request);
        if !self.rng.chance(UNANSWERED * plan.anomalies) {
            let work = self.rng.between(1, 200) * MICROSECOND;
            self.queue.push_back(Planned {
                time: self.now + self.ends.server.delay + work,
                sender: Side::Server,
                length: lengths.server,
                ..request
            });
        }
    }
}
