//! Capture filters (BPF, pcap-filter(7)), compiled by libpcap for the link type of each frame.

use std::collections::HashMap;

use ::pcap::{BpfProgram, Capture, Linktype};

use super::{Frame, LinkType};

/// A capture filter, compiled anew for each link type that is met.
pub struct CaptureFilter {
    text: String,
    programs: HashMap<LinkType, BpfProgram>,
}

/// Link types that a filter is tried on before any frame is read: what none of them takes is no filter.
const USUAL: [LinkType; 4] = [LinkType::ETHERNET, LinkType::SLL, LinkType::RAW, LinkType::NULL];

impl CaptureFilter {
    /// Compiles a filter for the usual link types.
    ///
    /// # Errors
    /// What libpcap says of it, if it fits none of them.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.contains('\0') {
            return Err("expected no zero octet".to_owned());
        }
        let fault = compile(text, LinkType::ETHERNET).err();
        match fault.filter(|_| USUAL.into_iter().all(|link_type| compile(text, link_type).is_err())) {
            Some(fault) => Err(fault),
            None => Ok(Self { text: text.to_owned(), programs: HashMap::new() }),
        }
    }

    /// The frame passes. As much of it as was captured is looked at.
    ///
    /// # Errors
    /// What libpcap says, if the filter does not fit the frame's link type.
    pub fn passes(&mut self, frame: &Frame<'_>) -> Result<bool, String> {
        if !self.programs.contains_key(&frame.link_type) {
            let program =
                compile(&self.text, frame.link_type).map_err(|fault| format!("link type {}: {fault}", frame.link_type))?;
            self.programs.insert(frame.link_type, program);
        }
        Ok(self.programs.get(&frame.link_type).is_some_and(|program| program.filter(frame.octets)))
    }
}

impl std::fmt::Debug for CaptureFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CaptureFilter").field(&self.text).finish()
    }
}

fn compile(text: &str, link_type: LinkType) -> Result<BpfProgram, String> {
    // libpcap numbers raw IP as the system does, not as files do.
    let number = if link_type == LinkType::RAW { LinkType::RAW_12 } else { link_type };
    let said = |error: ::pcap::Error| match error {
        ::pcap::Error::PcapError(text) => text,
        other => other.to_string(),
    };
    let capture = Capture::dead(Linktype(i32::from(number.0))).map_err(said)?;
    capture.compile(text, true).map_err(said)
}
